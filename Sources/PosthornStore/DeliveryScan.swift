/// Why a scan ended.
public enum ScanEnd: Sendable {
    /// There is nothing more.
    case atEnd
    /// As many rows were visited as were asked for.
    case atLimit
    /// The visitor wanted no more.
    case stopped
}

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

/// A place in the order of further attempts.
public struct RetryPosition: Sendable, Comparable {
    /// The due time.
    public let due: Int64
    /// The delivery.
    public let delivery: Int64

    /// Creates a place.
    public init(due: Int64, delivery: Int64) {
        self.due = due
        self.delivery = delivery
    }

    /// Before everything.
    public static let start = RetryPosition(due: .min, delivery: .min)

    /// By due time, then by number.
    public static func < (a: RetryPosition, b: RetryPosition) -> Bool { (a.due, a.delivery) < (b.due, b.delivery) }
}

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
