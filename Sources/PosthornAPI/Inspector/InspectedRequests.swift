import PosthornText

/// The newest requests that a receiver got, each as a JSON object, for those who look.
struct InspectedRequests: Sendable {
    /// Requests that are kept.
    static let limit = 500
    /// Requests that one answer has.
    static let partLimit = 100

    private var kept: [JSONValue] = []
    /// The number of the newest one; counted from 1.
    private(set) var newest = 0

    /// Keeps one more, and lets go of the oldest when there are too many.
    mutating func add(_ request: JSONValue) {
        newest += 1
        kept.append(request)
        // Half at a time, so that each costs little however many there are.
        if kept.count >= 2 * Self.limit { kept.removeFirst(kept.count - Self.limit) }
    }

    /// Those behind a number, oldest first, and how many of them are kept no more.
    /// - Parameter number: 0 for all.
    func after(_ number: Int) -> (requests: [JSONValue], newest: Int, missed: Int) {
        let first = newest - min(kept.count, Self.limit)
        let start = max(0, min(number, newest))
        let rows = kept.suffix(newest - max(first, start)).prefix(Self.partLimit)
        return (Array(rows), max(first, start) + rows.count, max(0, first - start))
    }
}
