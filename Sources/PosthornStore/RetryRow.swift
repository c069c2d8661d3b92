/// A further attempt that is due.
public struct RetryRow: Sendable {
    /// Where it stands in the order.
    public let position: RetryPosition
    /// What it is pinned to.
    public let revision: Int64
    /// The event's number.
    public let event: Int64
    /// Attempts made so far.
    public let attempts: Int

    package init(position: RetryPosition, revision: Int64, event: Int64, attempts: Int) {
        self.position = position
        self.revision = revision
        self.event = event
        self.attempts = attempts
    }
}
