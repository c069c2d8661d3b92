import PosthornModel
import PosthornSending
import PosthornStore
import PosthornSystem
import PosthornText

/// Counts what becomes of each endpoint's attempts, and adds it to the outbox every few seconds, so that a delivery costs no statement of
/// its own. A crash loses the counts of those seconds, and no delivery.
final class StatisticsDuty: EngineDuty {
    /// What was counted of one endpoint; an object, so that each attempt changes it in place.
    private final class Tally {
        var counts = AttemptTally()
    }

    // `unchecked` as in ``EngineCore``: counted into for every answer, by one thread alone.
    @exclusivity(unchecked) private var tallies = IntegerTable<Tally>()
    /// What the transaction that is under way has written, which is counted again if it comes to nothing.
    private var written: [Int64: Tally] = [:]
    private var lastWrite: Timestamp?
    private var isDue = false

    /// How long counts stay in memory while attempts go on.
    static let intervalMilliseconds: Int64 = 5000
    /// Endpoints that one transaction writes, so that others wait for a moment only.
    static let writeLimit = 500

    var hasPendingWrites: Bool { isDue }

    func look(_ turn: EngineTurn, _ store: any OutboxStore) throws(OutboxProblem) -> Timestamp? {
        if tallies.isEmpty { return nil }
        let due = (lastWrite ?? turn.now).advanced(byMilliseconds: Self.intervalMilliseconds)
        if lastWrite == nil { lastWrite = turn.now }
        // With nothing on the wire there may be no other transaction before the end. A clock that was put back must not keep them here.
        isDue = turn.inFlight == 0 || turn.now >= due || turn.now < lastWrite ?? turn.now
        return isDue ? turn.now : due
    }

    func write(_ turn: EngineTurn, to store: any OutboxStore) throws(OutboxProblem) {
        guard isDue, !tallies.isEmpty else { return }
        var sum = AttemptTally()
        var counts: [(endpoint: Int64, tally: AttemptTally)] = []
        for (key, tally) in tallies.all.prefix(Self.writeLimit) {
            counts.append((key, tally.counts))
            sum.add(tally.counts)
            _ = tallies.removeValue(forKey: key)
            written[key] = tally
        }
        try store.add(counts + [(Self.allEndpoints, sum)], at: turn.now)
        isDue = !tallies.isEmpty
        lastWrite = turn.now
    }

    /// What all endpoints are counted under together; none has this number.
    static let allEndpoints: Int64 = 0

    func committed(_ results: CommittedResults) {
        written.removeAll(keepingCapacity: true)
        var next = 0
        for batch in results.batches {
            // Through a pointer: a loop over the array itself would count five references up and down for each result.
            batch.withUnsafeBufferPointer { batch in
                for place in batch.indices {
                    tally(of: batch[place].job.target.key).counts.count(
                        batch[place].outcome.error,
                        durationMicroseconds: batch[place].outcome.durationMicroseconds,
                        lagMilliseconds: batch[place].outcome.started.milliseconds &- batch[place].job.due.milliseconds,
                        state: results.records.span[next].transition.state
                    )
                    next += 1
                }
            }
        }
    }

    private func tally(of endpoint: Int64) -> Tally {
        if let known = tallies[endpoint] { return known }
        let new = Tally()
        tallies[endpoint] = new
        return new
    }

    func failed() {
        for (key, tally) in written {
            if let since = tallies[key] { tally.counts.add(since.counts) }
            tallies[key] = tally
        }
        written.removeAll(keepingCapacity: true)
    }
}
