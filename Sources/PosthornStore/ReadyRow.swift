/// A first attempt that is due.
public struct ReadyRow: Sendable {
    /// The delivery.
    public let delivery: Int64
    /// What it is pinned to.
    public let revision: Int64
    /// The event's number.
    public let event: Int64
    /// When it was due, in milliseconds: when it was accepted, or was let go on by hand.
    public let due: Int64

    package init(delivery: Int64, revision: Int64, event: Int64, due: Int64) {
        self.delivery = delivery
        self.revision = revision
        self.event = event
        self.due = due
    }
}
