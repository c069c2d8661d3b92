import PosthornStore
import PosthornText

/// Brings retries back that a clock which was ahead has put off, when the engine starts and when the clock was put back.
final class RedatingDuty: EngineDuty {
    private(set) var hasPendingWrites = true
    /// When the turn before was.
    private var lastTime: Timestamp?
    /// How many the transaction has brought back; `nil` when it has not looked.
    private var redated: Int?

    /// Deliveries that one transaction looks at.
    private static let deliveriesPerTransaction = 1000

    /// Whether the transaction has brought any back, so that others are due now.
    var hasRedated: Bool { (redated ?? 0) > 0 }

    func look(_ turn: EngineTurn, _ store: any OutboxStore) throws(OutboxProblem) -> Timestamp? {
        if let lastTime, Redating.isAhead(lastTime, of: turn.now) { hasPendingWrites = true }
        lastTime = turn.now
        return nil
    }

    func write(_ turn: EngineTurn, to store: any OutboxStore) throws(OutboxProblem) {
        redated = nil
        if hasPendingWrites { redated = try store.redate(at: turn.now, limit: Self.deliveriesPerTransaction) }
    }

    func committed(_ results: CommittedResults) {
        if let redated { hasPendingWrites = redated > 0 }
        redated = nil
    }

    func failed() { redated = nil }
}
