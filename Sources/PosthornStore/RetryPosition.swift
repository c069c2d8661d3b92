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
