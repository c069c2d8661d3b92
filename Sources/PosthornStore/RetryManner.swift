/// How to try deliveries again by hand.
public struct RetryManner: Sendable, Hashable {
    /// Whether a failure is followed by the whole schedule again; if not, an exhausted delivery gets one attempt.
    public var wholeRound = false
    /// Whether they go where the endpoint is now, and not where it was when their events were accepted. Held ones stay held.
    public var atCurrentURL = false

    /// One attempt more, where the delivery is pinned to.
    public init(wholeRound: Bool = false, atCurrentURL: Bool = false) {
        self.wholeRound = wholeRound
        self.atCurrentURL = atCurrentURL
    }
}
