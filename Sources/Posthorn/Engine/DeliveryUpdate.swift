public import PosthornModel
public import PosthornText

/// What became of one delivery, for those who watch.
public struct DeliveryUpdate: Sendable, Hashable {
    /// The delivery.
    public let delivery: Int64
    /// The event's id.
    public let event: String
    /// The event's type.
    public let type: String
    /// The node where the event happened.
    public let node: String
    /// The endpoint's id.
    public let endpoint: String
    /// The attempt's number.
    public let attempt: Int
    /// The attempt's result.
    public let outcome: AttemptOutcome
    /// The delivery's state after it.
    public let state: DeliveryState
    /// When the next attempt is due, if one is.
    public let nextAttemptAt: Timestamp?
    /// The trace that the event belongs to, if its producer said so; see ``NewEvent/traceparent``.
    public let traceparent: String?
    /// How many updates this reader has lost between the one before and this, because it fell behind. The outbox has them all.
    public internal(set) var droppedBefore: Int

    /// An update as an engine reports it; for tests of those who watch.
    public init(
        delivery: Int64,
        event: String,
        type: String,
        node: String = "",
        endpoint: String,
        attempt: Int,
        outcome: AttemptOutcome,
        state: DeliveryState,
        nextAttemptAt: Timestamp? = nil,
        traceparent: String? = nil,
        droppedBefore: Int = 0
    ) {
        self.delivery = delivery
        self.event = event
        self.type = type
        self.node = node
        self.endpoint = endpoint
        self.attempt = attempt
        self.outcome = outcome
        self.state = state
        self.nextAttemptAt = nextAttemptAt
        self.traceparent = traceparent
        self.droppedBefore = droppedBefore
    }
}
