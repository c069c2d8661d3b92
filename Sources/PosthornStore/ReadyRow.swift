/// A first attempt that is due.
public struct ReadyRow: Sendable {
    /// The delivery.
    public let delivery: Int64
    /// What it is pinned to.
    public let revision: Int64
    /// The event's number.
    public let event: Int64

    package init(delivery: Int64, revision: Int64, event: Int64) {
        self.delivery = delivery
        self.revision = revision
        self.event = event
    }
}
