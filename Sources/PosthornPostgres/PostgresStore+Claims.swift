#if PostgreSQL
package import PosthornModel
package import PosthornStore
package import PosthornText

extension PostgresStore {
    /// Rows of its own that an engine reads with one statement of a scan, about.
    private static let scanRows = 512

    /// Rows that one statement looks at. Others' are among them, and one engine may have ten million that wait for an endpoint which takes
    /// none.
    private var rowsToLookAt: Int {
        membership.hasPart ? Self.scanRows * ShardSet.count / max(1, membership.shards.count) : Self.scanRows
    }

    /// Reads a page of rows that are pending, and says how many it has looked at.
    ///
    /// Where others deliver as well it has the rows of this engine's shards, and the last one that was looked at, whosever it is: by that one
    /// the engine knows how far the look has come, and passes it over.
    private func pendingPage(
        _ columns: [String],
        where condition: String,
        by order: String,
        limit: Int,
        _ values: [PostgresValue]
    ) throws(OutboxProblem) -> (rows: [PostgresRow], looked: Int) {
        let names = columns.joined(separator: ", ")
        let page = "FROM posthorn_pending WHERE state = 'pending' AND \(condition) ORDER BY \(order) LIMIT $1"
        let values = [.integer(Int64(limit))] + values
        if !membership.hasPart {
            let rows = try run(PostgresStep("SELECT \(names) \(page)", values)).all
            return (rows, rows.count)
        }
        if membership.shards.isEmpty { return ([], 0) }
        // The limit comes before the shards, so that the statement ends.
        let statement = """
            SELECT \(names), looked FROM (
                SELECT *, row_number() OVER places AS looked, lead(id) OVER places IS NULL AS is_last
                FROM (SELECT \(names), shard \(page)) page WINDOW places AS (ORDER BY \(order))) places
            WHERE shard = ANY ($\(values.count + 1)::smallint[]) OR is_last ORDER BY \(order)
            """
        let shards = PostgresValue.integers(membership.shards.numbers.map { Int64($0) })
        let rows = try run(PostgresStep(statement, values + [shards])).all
        return (rows, rows.last.map { Int($0.integer(columns.count)) } ?? 0)
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
            let size = min(left, rowsToLookAt)
            let (rows, looked) = try pendingPage(
                ["id", "revision", "event", "next_attempt_at"],
                where: "attempts = 0 AND id > $2",
                by: "id",
                limit: size,
                [.integer(last)]
            )
            foreseenEvents.turn(to: rows.map { $0.integer(2) })
            for (place, row) in rows.enumerated() {
                foreseenEvents.visit(place)
                last = row.integer(0)
                let ready = ReadyRow(delivery: last, revision: row.integer(1), event: row.integer(2), due: row.integer(3))
                if try !visit(ready) { return .stopped }
            }
            left -= looked
            if looked < size {
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
            let size = min(left, rowsToLookAt)
            let (rows, looked) = try pendingPage(
                ["id", "revision", "event", "next_attempt_at", "attempts"],
                where: "attempts > 0 AND (next_attempt_at, id) > ($2, $3) AND next_attempt_at <= $4",
                by: "next_attempt_at, id",
                limit: size,
                [.integer(last.due), .integer(last.delivery), .integer(now.milliseconds)]
            )
            foreseenEvents.turn(to: rows.map { $0.integer(2) })
            for (place, row) in rows.enumerated() {
                foreseenEvents.visit(place)
                last = RetryPosition(due: row.integer(3), delivery: row.integer(0))
                let found = RetryRow(position: last, revision: row.integer(1), event: row.integer(2), attempts: Int(row.integer(4)))
                if try !visit(found) { return .stopped }
            }
            left -= looked
            if looked < size { return .atEnd }
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
