/// One recorded attempt, as lists show it.
public struct Attempt: Hashable, Sendable {
    /// The delivery's id.
    public let delivery: Int64
    /// Counted from 1.
    public let number: Int
    /// Its result.
    public let outcome: AttemptOutcome

    /// A row of a list.
    public init(delivery: Int64, number: Int, outcome: AttemptOutcome) {
        self.delivery = delivery
        self.number = number
        self.outcome = outcome
    }
}
