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

/// Deliveries that did not move as an attempt of theirs wanted it.
public struct RecordConflicts: Sendable {
    /// They were cancelled meanwhile; the attempts were stored.
    public var cancelled: Set<Int64> = []
    /// They are not there any more; nothing was stored.
    public var gone: Set<Int64> = []

    /// None.
    public init() {}

    /// Whether all moved, which is the rule.
    public var isEmpty: Bool { cancelled.isEmpty && gone.isEmpty }
}
