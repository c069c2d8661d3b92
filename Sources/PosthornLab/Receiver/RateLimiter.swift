/// A token bucket: so many requests a second, and a second's worth at once.
public struct RateLimiter: Sendable {
    private let perSecond: Int
    /// Thousandths of a request that may come now.
    private var tokens: Int64
    private var last: Int64?

    /// - Parameter perSecond: Requests a second; at least 1.
    public init(perSecond: Int) {
        self.perSecond = max(1, perSecond)
        tokens = Int64(max(1, perSecond)) * 1000
    }

    /// Lets a request in (`nil`), or says after how many whole seconds to come again, at least 1.
    /// - Parameter milliseconds: The time of the request on any clock; going back counts as standing still.
    public mutating func refuse(atMilliseconds milliseconds: Int64) -> Int? {
        let passed = min(max(0, milliseconds - (last ?? milliseconds)), 1000)
        last = max(milliseconds, last ?? milliseconds)
        tokens = min(Int64(perSecond) * 1000, tokens + passed * Int64(perSecond))
        guard tokens >= 1000 else { return 1 }
        tokens -= 1000
        return nil
    }
}
