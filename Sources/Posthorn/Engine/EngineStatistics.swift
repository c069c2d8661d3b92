public import PosthornStore
public import PosthornText
public import PosthornSending

/// Counts since an engine started, for progress and metrics.
public struct EngineStatistics: Sendable {
    /// Attempts recorded.
    public var attempts = 0
    /// Deliveries that reached `delivered`.
    public var delivered = 0
    /// Deliveries that reached `exhausted`.
    public var exhausted = 0
    /// Deliveries in memory: waiting in a sender, on the wire, or done and not yet recorded.
    public var claimed = 0
    /// Endpoints for which the senders keep a place: active ones that were sent something.
    public var endpointsInSenders = 0
    /// What the senders are doing: requests, connections, handshakes; what they had done, once the engine has ended.
    public var senders: SenderStatistics?
    /// When the next retry is due, as far as it is known.
    public var nextRetry: Timestamp?

    /// Limits of nodes' trees, and of all endpoints together, at which deliveries wait; looked at once a second.
    public var bindingLimits: [BindingLimit] = []

    /// Nothing yet.
    public init() {}
}
