public import PosthornText

/// What a mail is about.
public struct MailContents: Sendable, Equatable {
    /// The endpoint's id.
    public let endpoint: String
    /// The endpoint's node.
    public let node: String
    /// How many deliveries there are in all.
    public let count: Int
    /// When the oldest of their events happened.
    public let oldestEvent: Timestamp
    /// The first ones, in the order in which they were exhausted.
    public let deliveries: [ExhaustedDelivery]
    /// What is said of the endpoint itself, in a mail that reports no delivery.
    public let notice: HealthNotice?

    /// Contents by their parts.
    public init(
        endpoint: String,
        node: String,
        count: Int,
        oldestEvent: Timestamp,
        deliveries: [ExhaustedDelivery],
        notice: HealthNotice? = nil
    ) {
        self.endpoint = endpoint
        self.node = node
        self.count = count
        self.oldestEvent = oldestEvent
        self.deliveries = deliveries
        self.notice = notice
    }
}
