/// Which endpoints' receivers are not to be trusted with kept connections for a while: one closed such a connection under a
/// request. Some close after each answer without saying so, and each request that meets that may be a failed attempt.
///
/// A value without a clock; times are monotonic nanoseconds.
struct ReuseDoubt {
    private var until: [Int64: Int64] = [:]

    /// How long an endpoint's requests get connections of their own.
    static let nanoseconds: Int64 = 60_000_000_000
    /// More endpoints than these are forgotten all at once.
    static let limit = 4096

    /// A kept connection of the endpoint with this key has ended under a request.
    mutating func ended(_ key: Int64, now: Int64) {
        if until.count >= Self.limit { until.removeAll() }
        until[key] = now + Self.nanoseconds
    }

    /// Whether its next request is to have a connection of its own.
    mutating func holds(_ key: Int64, now: Int64) -> Bool {
        if until.isEmpty { return false }
        guard let end = until[key] else { return false }
        if now < end { return true }
        until[key] = nil
        return false
    }
}
