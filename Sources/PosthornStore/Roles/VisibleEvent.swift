public import PosthornModel

/// An event without its data.
public struct VisibleEvent: Sendable {
    /// Its number in this outbox.
    public let number: Int64
    /// The event, its data empty.
    public let event: Event

    /// Creates a row.
    public init(number: Int64, _ event: Event) {
        self.number = number
        self.event = event
    }
}
