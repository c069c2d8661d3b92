/// Where a delivery is counted.
public enum DeliveryCount: Int, CaseIterable, Sendable {
    /// Pending, without an attempt.
    case ready
    /// Pending, with some attempts.
    case retrying
    /// Held.
    case held
    /// Delivered.
    case delivered
    /// Exhausted.
    case exhausted
    /// Cancelled.
    case cancelled
}
