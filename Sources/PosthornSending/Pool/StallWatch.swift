/// Notices that a thread did not run for a while: the process was stopped (SIGSTOP), or the machine had other things to do. What ran
/// out of time meanwhile may have been answered long ago. Pure; times are monotonic nanoseconds.
struct StallWatch {
    /// Less than this late is usual on a busy machine.
    static let leastNanoseconds: Int64 = 250_000_000

    /// When it ran last, or is to run again at the latest.
    private var expected = Int64.max

    /// It runs.
    /// - Returns: How long it could not; 0 when all is well.
    mutating func runs(at now: Int64) -> Int64 {
        defer { expected = now }
        guard expected != .max, now - expected >= Self.leastNanoseconds else { return 0 }
        return now - expected
    }

    /// It waits from now on for an event, or until a time; `Int64.max` for an event alone.
    mutating func waits(until end: Int64) { expected = end }
}
