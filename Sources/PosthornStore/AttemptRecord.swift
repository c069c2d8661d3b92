public import PosthornModel

/// An attempt to be recorded, with what it means for its delivery.
public struct AttemptRecord: Sendable {
    /// The delivery.
    public let delivery: Int64
    /// The attempt's number.
    public let number: Int
    /// Its result.
    public let outcome: AttemptOutcome
    /// What follows from it.
    public let transition: Transition

    /// Creates a record.
    public init(delivery: Int64, number: Int, outcome: AttemptOutcome, transition: Transition) {
        self.delivery = delivery
        self.number = number
        self.outcome = outcome
        self.transition = transition
    }
}
