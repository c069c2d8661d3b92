/// Which endpoints' receivers are not to be trusted with kept connections for a while: one closed such a connection under a
/// request. Some close after each answer without saying so, and each request that meets that may be a failed attempt.
///
/// A server that was started again does that once, so the doubt is short at first; it doubles each time it was for nothing. A
/// value without a clock; times are monotonic nanoseconds.
struct ReuseDoubt {
    private struct Entry {
        var until: Int64
        var span: Int64
    }

    private var entries: [Int64: Entry] = [:]

    /// How long an endpoint's requests get connections of their own, at first and at most.
    static let firstNanoseconds: Int64 = 1_000_000_000
    static let longestNanoseconds: Int64 = 60_000_000_000
    /// Without another such end for so long it is forgotten.
    static let memoryNanoseconds: Int64 = 600_000_000_000
    /// More endpoints than these are forgotten all at once.
    static let limit = 4096

    /// A kept connection of the endpoint with this key has ended under a request.
    mutating func ended(_ key: Int64, now: Int64) {
        if let entry = entries[key] {
            // One that was under way already when the first one ended says nothing new.
            if now < entry.until { return }
            if now - entry.until < Self.memoryNanoseconds {
                let span = min(entry.span * 2, Self.longestNanoseconds)
                entries[key] = Entry(until: now + span, span: span)
                return
            }
        } else if entries.count >= Self.limit {
            entries.removeAll()
        }
        entries[key] = Entry(until: now + Self.firstNanoseconds, span: Self.firstNanoseconds)
    }

    /// Whether its next request is to have a connection of its own.
    func holds(_ key: Int64, now: Int64) -> Bool {
        if entries.isEmpty { return false }
        return entries[key].map { now < $0.until } ?? false
    }
}
