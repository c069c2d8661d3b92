public import PosthornModel

/// An event as the outbox has it.
public struct StoredEvent: Sendable, Hashable {
    /// The event.
    public let event: Event
    /// Whether it still waits for its deliveries: one that another program inserted does until an engine runs.
    public let waitsForFanOut: Bool

    /// Creates one.
    public init(event: Event, waitsForFanOut: Bool) {
        self.event = event
        self.waitsForFanOut = waitsForFanOut
    }
}
