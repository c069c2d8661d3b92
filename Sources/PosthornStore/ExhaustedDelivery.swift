public import PosthornModel
public import PosthornText

/// An exhausted delivery with all that was tried.
public struct ExhaustedDelivery: Sendable, Equatable {
    /// Its number.
    public let id: Int64
    /// The event's id.
    public let event: String
    /// The event's type.
    public let type: String
    /// The event's node.
    public let node: String
    /// When the event happened.
    public let created: Timestamp
    /// When the delivery was exhausted.
    public let exhaustedAt: Timestamp
    /// Where its requests went.
    public let url: String
    /// Every attempt up to the one that exhausted it.
    public var attempts: [Attempt]

    /// Creates a delivery.
    public init(
        id: Int64,
        event: String,
        type: String,
        node: String,
        created: Timestamp,
        exhaustedAt: Timestamp,
        url: String,
        attempts: [Attempt]
    ) {
        self.id = id
        self.event = event
        self.type = type
        self.node = node
        self.created = created
        self.exhaustedAt = exhaustedAt
        self.url = url
        self.attempts = attempts
    }
}
