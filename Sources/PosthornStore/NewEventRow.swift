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

/// One that gets an event.
public struct Recipient: Sendable, Hashable {
    /// The endpoint's number.
    public let endpoint: Int64
    /// The endpoint's current revision.
    public let revision: Int64
    /// Whether it takes deliveries now; if not, this one is held.
    public let isActive: Bool

    /// Creates a recipient.
    public init(endpoint: Int64, revision: Int64, isActive: Bool) {
        self.endpoint = endpoint
        self.revision = revision
        self.isActive = isActive
    }
}

/// What became of an event that was handed in.
public enum InsertResult: Sendable, Equatable {
    /// It is stored, with so many deliveries.
    case stored(deliveries: Int)
    /// The same event was there already; nothing changed.
    case known
    /// The id is there with other content; nothing changed.
    case conflict
}

/// An event that another program inserted.
public struct UnroutedEvent: Sendable {
    /// Its number in the outbox.
    public let seq: Int64
    /// The event as it stands there.
    public let event: Event

    package init(seq: Int64, event: Event) {
        self.seq = seq
        self.event = event
    }
}
