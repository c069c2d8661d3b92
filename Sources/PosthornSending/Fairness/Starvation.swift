/// What a sender thread does when the process has no descriptor left for another connection.
///
/// Such a request never left the machine, so it is no attempt: it waits, and so does everything behind it, until there is
/// room. Meanwhile the thread has as many requests on the wire as it had when it ran out, and tries one more now and then.
/// A value without a clock; times are monotonic nanoseconds.
struct Starvation {
    /// Requests that may be on the wire; `nil` when nothing is short.
    private(set) var limit: Int?
    /// When one more may be tried.
    private(set) var nextTry: Int64 = 0
    private var lastFailure: Int64 = 0

    /// Between two tries that go beyond what has worked.
    static let tryNanoseconds: Int64 = 100_000_000
    /// Without a failure for this long there is enough again.
    static let quietNanoseconds: Int64 = 2_000_000_000

    /// What to tell.
    enum Change { case begins, ends }

    /// A request found no descriptor while so many others were on the wire. Returns whether that is news.
    mutating func failed(inFlight: Int, now: Int64) -> Change? {
        let isNew = limit == nil
        // Several that were started together fail together: the lowest number is what there is room for.
        limit = min(limit ?? .max, inFlight)
        nextTry = now + Self.tryNanoseconds
        lastFailure = now
        return isNew ? .begins : nil
    }

    /// Whether one more request may start.
    mutating func mayStart(inFlight: Int, now: Int64) -> Bool {
        guard let limit else { return true }
        if inFlight < limit { return true }
        if now < nextTry { return false }
        self.limit = inFlight + 1
        nextTry = now + Self.tryNanoseconds
        return true
    }

    /// Whether the shortage is over, which is said once.
    mutating func check(now: Int64) -> Change? {
        guard limit != nil, now - lastFailure >= Self.quietNanoseconds else { return nil }
        limit = nil
        return .ends
    }

    /// When to look again; `Int64.max` when nothing is short.
    func wakeUp(hasWork: Bool) -> Int64 {
        if limit == nil { return .max }
        let end = lastFailure + Self.quietNanoseconds
        return hasWork ? min(nextTry, end) : end
    }
}
