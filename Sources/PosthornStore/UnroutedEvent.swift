public import PosthornModel

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
