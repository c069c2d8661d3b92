/// How often something may happen: tokens come back at a steady rate, and some can be saved up.
///
/// Any stretch of time sees the rate times its length at most, and as many more as can be saved. A value without a clock; times are
/// monotonic nanoseconds.
package struct TokenBucket: Sendable {
    package let ratePerSecond: Double
    private let nanosecondsPerToken: Int64
    private let savedLimit: Int64
    /// The moment from which the saved tokens count.
    private var paidUntil: Int64

    /// A full bucket.
    /// - Parameters:
    ///   - ratePerSecond: Tokens a second; more than 0.
    ///   - saved: How many tokens can be saved up; 1 at least. A second's worth by default.
    package init(ratePerSecond: Double, saved: Double? = nil, now: Int64) {
        self.ratePerSecond = ratePerSecond
        let length = Int64(min(max(1e9 / max(ratePerSecond, 1e-9), 1), 1e18))
        let limit = saved.map { min($0 * Double(length), 1e18) } ?? 1e9
        nanosecondsPerToken = length
        savedLimit = max(Int64(limit), nanosecondsPerToken)
        paidUntil = now - savedLimit
    }

    /// Takes a token if there is one.
    package mutating func take(now: Int64) -> Bool {
        paidUntil = max(paidUntil, now - savedLimit)
        guard paidUntil + nanosecondsPerToken <= now else { return false }
        paidUntil += nanosecondsPerToken
        return true
    }

    /// How many tokens there are.
    package func tokens(now: Int64) -> Int { Int(max(0, now - max(paidUntil, now - savedLimit)) / nanosecondsPerToken) }

    /// When there will be a token; not after `now` when there is one.
    package func nextTokenAt(now: Int64) -> Int64 { max(paidUntil, now - savedLimit) + nanosecondsPerToken }
}
