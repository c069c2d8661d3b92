#if PostgreSQL
package import PosthornModel
package import PosthornStore
package import PosthornText

extension PostgresStore {
    /// Rows that one statement of a scan reads.
    private static let scanRows = 512

    private var shardNumbers: PostgresValue { .integers(membership.shards.numbers.map { Int64($0) }) }

    /// Only what is leased, where others deliver as well; a condition that is always met costs nothing.
    private func shardCondition(_ parameter: String) -> String {
        membership.hasPart ? "AND shard = ANY (\(parameter)::smallint[])" : "AND \(parameter)::smallint[] IS NOT NULL"
    }

    /// Visits first attempts that are due, in the order of acceptance.
    package func scanReady(
        after id: Int64,
        limit: Int,
        _ visit: (ReadyRow) throws(OutboxProblem) -> Bool
    ) throws(OutboxProblem) -> ScanEnd {
        var (last, left) = (id, limit)
        // As long as no numbers were given out, and nothing that had one was made to wait again, there is nothing new.
        let still = isInTurn && facts?.isStill == true ? facts : nil
        if let quiet, let still, quiet.numbers == still.numbers, quiet.queue == still.queue, quiet.position <= id,
            quiet.shards == membership.shards
        {
            return .atEnd
        }
        isQuiet = false
        while left > 0 {
            let size = min(left, Self.scanRows)
            let condition = shardCondition("$3")
            let rows = try run(
                """
                SELECT id, revision, event, next_attempt_at FROM posthorn_pending
                WHERE state = 'pending' AND attempts = 0 AND id > $1 \(condition) ORDER BY id LIMIT $2
                """,
                .integer(last),
                .integer(Int64(size)),
                shardNumbers
            ).all
            foreseenEvents.turn(to: rows.map { $0.integer(2) })
            for (place, row) in rows.enumerated() {
                foreseenEvents.visit(place)
                last = row.integer(0)
                let ready = ReadyRow(delivery: last, revision: row.integer(1), event: row.integer(2), due: row.integer(3))
                if try !visit(ready) { return .stopped }
            }
            left -= rows.count
            if rows.count < size {
                isQuiet = true
                quiet = still.map { ($0.numbers, $0.queue, last, membership.shards) }
                return .atEnd
            }
        }
        return .atLimit
    }

    /// Visits further attempts that are due, by due time.
    package func scanRetries(
        after position: RetryPosition,
        dueBy now: Timestamp,
        limit: Int,
        _ visit: (RetryRow) throws(OutboxProblem) -> Bool
    ) throws(OutboxProblem) -> ScanEnd {
        var (last, left) = (position, limit)
        while left > 0 {
            let size = min(left, Self.scanRows)
            let condition = shardCondition("$5")
            let rows = try run(
                """
                SELECT next_attempt_at, id, revision, event, attempts FROM posthorn_pending
                WHERE state = 'pending' AND attempts > 0 AND (next_attempt_at, id) > ($1, $2) AND next_attempt_at <= $3 \(condition)
                ORDER BY next_attempt_at, id LIMIT $4
                """,
                .integer(last.due),
                .integer(last.delivery),
                .integer(now.milliseconds),
                .integer(Int64(size)),
                shardNumbers
            ).all
            foreseenEvents.turn(to: rows.map { $0.integer(3) })
            for (place, row) in rows.enumerated() {
                foreseenEvents.visit(place)
                last = RetryPosition(due: row.integer(0), delivery: row.integer(1))
                let found = RetryRow(position: last, revision: row.integer(2), event: row.integer(3), attempts: Int(row.integer(4)))
                if try !visit(found) { return .stopped }
            }
            left -= rows.count
            if rows.count < size { return .atEnd }
        }
        return .atLimit
    }

    /// When the first further attempt after `now` is due.
    package func nextRetry(after now: Timestamp) throws(OutboxProblem) -> Timestamp? {
        try run(
            """
            SELECT next_attempt_at FROM posthorn_pending WHERE state = 'pending' AND attempts > 0 AND next_attempt_at > $1
            ORDER BY next_attempt_at LIMIT 1
            """,
            .integer(now.milliseconds)
        ).first.map { Timestamp(milliseconds: $0.integer(0)) }
    }

    /// Whether any delivery is pending, or any event waits for its fan-out.
    package func hasUnsettled() throws(OutboxProblem) -> Bool {
        let row = try run(
            "SELECT EXISTS (SELECT 1 FROM posthorn_arrival) OR EXISTS (SELECT 1 FROM posthorn_pending WHERE state = 'pending')"
        ).first
        return row?.boolean(0) == true ? try hasPendingThatGoesOn() : false
    }

    /// Where deliveries are in their schedules.
    package func rounds(of deliveries: [Int64]) throws(OutboxProblem) -> [Int64: DeliveryRound] {
        let rows = try run(
            "SELECT id, round_base, scheduled_at FROM posthorn_delivery WHERE id = ANY ($1::bigint[])",
            .integers(deliveries)
        )
        let rounds = rows.all.map { row in
            (
                row.integer(0),
                DeliveryRound(base: Int(row.integer(1)), scheduledAt: row.integerOrNil(2).map(Timestamp.init(milliseconds:)))
            )
        }
        return Dictionary(rounds, uniquingKeysWith: { first, _ in first })
    }
}
#endif
