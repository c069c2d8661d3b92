#if PostgreSQL
import PosthornModel
package import PosthornStore
import PosthornText

extension PostgresStore {
    /// Stores attempts, their deliveries' states and next times.
    @discardableResult
    package func record(_ attempts: [AttemptRecord]) throws(OutboxProblem) -> RecordConflicts {
        if attempts.isEmpty { return RecordConflicts() }
        let deliveries = attempts.map(\.delivery)
        try checkFence(deliveries)
        try insert(attempts)
        var moved = try settle(attempts.filter { $0.transition.state != .pending && $0.transition.state != .held })
        moved += try postpone(attempts.filter { $0.transition.state == .pending || $0.transition.state == .held })
        return moved == attempts.count ? RecordConflicts() : try unmoved(attempts)
    }

    /// Keeps others from taking this engine for dead until the transaction ends, or finds that they have done so.
    private func checkFence(_ deliveries: [Int64]) throws(OutboxProblem) {
        let fenced = OutboxProblem(.fenced, "another engine of the outbox \(place.name) has these endpoints by now")
        if let id = membership.id {
            // The weakest lock that keeps the row: its own beat does not wait for it.
            if try run("SELECT 1 FROM posthorn_dispatcher WHERE id = $1 FOR KEY SHARE", .integer(id)).count == 0 { throw fenced }
        }
        let foreign = try run(
            """
            SELECT EXISTS (SELECT 1 FROM posthorn_shard s WHERE s.dispatcher <> $1 AND s.shard IN (
                SELECT shard FROM posthorn_pending WHERE id = ANY ($2::bigint[])))
            """,
            .integer(membership.id ?? 0),
            .integers(deliveries)
        )
        if foreign.first?.boolean(0) == true { throw fenced }
    }

    private func insert(_ attempts: [AttemptRecord]) throws(OutboxProblem) {
        let outcomes = attempts.map(\.outcome)
        try run(
            """
            INSERT INTO posthorn_attempt (delivery, number, started, duration_us, status, error, error_text, response, address)
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::bytea[],
                $9::text[])
            """,
            .integers(attempts.map(\.delivery)),
            .integers(attempts.map { Int64($0.number) }),
            .integers(outcomes.map(\.started.milliseconds)),
            .integers(outcomes.map(\.durationMicroseconds)),
            .integers(outcomes.map { $0.status.map { Int64($0) } }),
            .texts(outcomes.map { $0.error?.rawValue }),
            .texts(outcomes.map { $0.errorText.isEmpty ? nil : $0.errorText }),
            .bytesList(outcomes.map(\.response)),
            .texts(outcomes.map { $0.address.isEmpty ? nil : $0.address })
        )
    }

    /// Moves deliveries from what waits to what is settled.
    /// - Returns: How many there were.
    private func settle(_ attempts: [AttemptRecord]) throws(OutboxProblem) -> Int {
        if attempts.isEmpty { return 0 }
        let rows = try run(
            """
            WITH gone AS (
                DELETE FROM posthorn_pending p
                USING unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[]) AS r (id, state, attempts, round) WHERE p.id = r.id
                RETURNING p.id, p.event, p.revision, p.endpoint, p.state AS former, p.attempts AS made, r.state, r.attempts,
                    coalesce(r.round, p.round_base) AS round_base),
            kept AS (
                INSERT INTO posthorn_settled (id, event, revision, endpoint, state, attempts, round_base)
                SELECT id, event, revision, endpoint, state, attempts, round_base FROM gone)
            SELECT former, made > 0, state, count(*) FROM gone GROUP BY 1, 2, 3
            """,
            .integers(attempts.map(\.delivery)),
            .texts(attempts.map(\.transition.state.rawValue)),
            .integers(attempts.map { Int64($0.transition.attempts) }),
            .integers(attempts.map { $0.transition.roundStartAttempt.map { Int64($0) } })
        )
        return countMoves(rows)
    }

    /// Gives deliveries that go on waiting their next time.
    /// - Returns: How many there were.
    private func postpone(_ attempts: [AttemptRecord]) throws(OutboxProblem) -> Int {
        if attempts.isEmpty { return 0 }
        let rows = try run(
            """
            WITH former AS (SELECT id, state, attempts FROM posthorn_pending WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE),
            moved AS (
                UPDATE posthorn_pending p SET state = r.state, attempts = r.attempts, next_attempt_at = r.due, scheduled_at = NULL,
                    round_base = coalesce(r.round, p.round_base)
                FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) AS r (id, state, attempts, due, round)
                JOIN former f ON f.id = r.id WHERE p.id = r.id
                RETURNING f.state AS former, f.attempts > 0 AS tried, p.state)
            SELECT former, tried, state, count(*) FROM moved GROUP BY 1, 2, 3
            """,
            .integers(attempts.map(\.delivery)),
            .texts(attempts.map(\.transition.state.rawValue)),
            .integers(attempts.map { Int64($0.transition.attempts) }),
            .integers(attempts.map { $0.transition.nextAttemptAt?.milliseconds }),
            .integers(attempts.map { $0.transition.roundStartAttempt.map { Int64($0) } })
        )
        return countMoves(rows)
    }

    /// Counts rows of a former state, whether there were attempts, the new state, and how many deliveries.
    private func countMoves(_ rows: PostgresRows) -> Int {
        var moved = 0
        for row in rows.all {
            guard let former = DeliveryState(rawValue: row.text(0)), let state = DeliveryState(rawValue: row.text(2)) else { continue }
            let number = Int(row.integer(3))
            count(number, from: DeliveryCount(former, attempts: row.boolean(1) ? 1 : 0), to: DeliveryCount(state, attempts: 1))
            moved += number
        }
        return moved
    }

    /// Finds those that did not move, and puts right what was stored for them.
    private func unmoved(_ attempts: [AttemptRecord]) throws(OutboxProblem) -> RecordConflicts {
        var unmoved = RecordConflicts()
        let deliveries = attempts.map(\.delivery)
        let found = try run("SELECT id FROM posthorn_delivery WHERE id = ANY ($1::bigint[])", .integers(deliveries))
        unmoved.gone = Set(deliveries).subtracting(found.all.map { $0.integer(0) })
        if !unmoved.gone.isEmpty {
            try run("DELETE FROM posthorn_attempt WHERE delivery = ANY ($1::bigint[])", .integers(unmoved.gone.sorted()))
        }
        let cancelled = try run(
            """
            UPDATE posthorn_settled s SET attempts = r.number FROM unnest($1::bigint[], $2::bigint[]) AS r (id, number)
            WHERE s.id = r.id AND s.state = 'cancelled' RETURNING s.id
            """,
            .integers(deliveries),
            .integers(attempts.map { Int64($0.number) })
        )
        unmoved.cancelled = Set(cancelled.all.map { $0.integer(0) })
        return unmoved
    }
}
#endif
