public import PosthornModel

/// An event that is to be stored, with those who get it.
public struct NewEventRow: Sendable {
    /// The event.
    public let event: Event
    /// Whether `created` is part of the content that must be the same for a known id.
    public let createdByProducer: Bool
    /// Who gets it.
    public let recipients: [Recipient]

    /// Creates a candidate.
    public init(_ event: Event, createdByProducer: Bool, recipients: [Recipient]) {
        self.event = event
        self.createdByProducer = createdByProducer
        self.recipients = recipients
    }
}
