import PosthornStore
import PosthornText

/// Brings retries back that a clock which was ahead has put off, when the engine starts or gets others' endpoints, and when the clock was put
/// back. All that wait are looked at, a part in each transaction: one that is rightly due late hides none that is due too late.
final class RedatingDuty: EngineDuty {
    /// Whose retries are to be looked at.
    private var shards = ShardSet.none
    private var owned = ShardSet.none
    /// Where the next transaction begins.
    private var position: RetryPosition?
    /// When the turn before was.
    private var lastTime: Timestamp?
    /// What the transaction has done; `nil` when it has not looked.
    private var redated: RedatedRetries?

    /// Deliveries that one transaction looks at.
    private static let deliveriesPerTransaction = 1000

    var hasPendingWrites: Bool { !shards.isEmpty }

    /// Whether the transaction has brought any back, so that others are due now.
    var hasRedated: Bool { (redated?.count ?? 0) > 0 }

    func look(_ turn: EngineTurn, _ store: any OutboxStore) throws(OutboxProblem) -> Timestamp? {
        if let lastTime, Redating.isAhead(lastTime, of: turn.now) { begin(owned) }
        lastTime = turn.now
        return nil
    }

    func shardsChanged(_ change: LeaseBook.Change) {
        owned = owned.union(change.gained).subtracting(change.lost)
        shards = shards.subtracting(change.lost)
        begin(shards.union(change.gained))
    }

    private func begin(_ wanted: ShardSet) { (shards, position) = (wanted, nil) }

    func write(_ turn: EngineTurn, to store: any OutboxStore) throws(OutboxProblem) {
        redated = nil
        if !hasPendingWrites { return }
        redated = try store.redate(of: shards, below: position, at: turn.now, limit: Self.deliveriesPerTransaction)
    }

    func committed(_ results: CommittedResults) {
        guard let redated else { return }
        position = redated.next
        if position == nil { shards = .none }
        self.redated = nil
    }

    func failed() { redated = nil }
}
