/// How much of its time a sender has left over: the share of each window of time that it spends waiting for events.
///
/// A value without a clock. Times are monotonic nanoseconds.
struct IdleShare {
    /// The length of a window; one that ends in a long wait is longer.
    static let window: Int64 = 20_000_000

    private var start: Int64
    private var waited: Int64 = 0

    init(start: Int64) { self.start = start }

    /// The sender has waited for events, or asked for them in vain, until `now`.
    /// - Returns: The percentage of its time it has waited, whenever a window is full.
    mutating func waited(_ duration: Int64, now: Int64) -> Int? {
        waited += duration
        let length = now - start
        if length < Self.window { return nil }
        defer { (start, waited) = (now, 0) }
        return Int(min(100, 100 * waited / length))
    }
}
