import PosthornSystem

/// Lets so many requests a second in, spread over the second: a tenth of them may come at once, and one in any case.
///
/// With a whole second's worth at once, nearly twice the rate would come through in the second around a pause.
public struct RateLimiter: Sendable {
    private var bucket: TokenBucket
    private var last: Int64

    /// The share of a second's requests that may come at once.
    private static let burstShare = 0.1

    /// - Parameters:
    ///   - perSecond: Requests a second; at least 1.
    ///   - milliseconds: The time now, on any clock.
    public init(perSecond: Int, atMilliseconds milliseconds: Int64) {
        let rate = Double(max(1, perSecond))
        last = milliseconds
        bucket = TokenBucket(ratePerSecond: rate, saved: max(1, rate * Self.burstShare), now: milliseconds * 1_000_000)
    }

    /// Lets a request in (`nil`), or says after how many whole seconds to come again, at least 1.
    /// - Parameter milliseconds: The time of the request; going back counts as standing still.
    public mutating func refuse(atMilliseconds milliseconds: Int64) -> Int? {
        last = max(last, milliseconds)
        let now = last * 1_000_000
        if bucket.take(now: now) { return nil }
        return Int(max(1, (bucket.nextTokenAt(now: now) - now + 999_999_999) / 1_000_000_000))
    }
}
