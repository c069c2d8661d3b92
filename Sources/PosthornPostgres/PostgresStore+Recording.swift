#if PostgreSQL
import PosthornModel
package import PosthornStore
import PosthornText

extension PostgresStore {
    /// Stores attempts, their deliveries' states and next times.
    @discardableResult
    package func record(_ attempts: [AttemptRecord]) throws(OutboxProblem) -> RecordConflicts {
        if attempts.isEmpty { return RecordConflicts() }
        if membership.isOut {
            throw OutboxProblem(.fenced, "this engine has nothing of the outbox \(place.name) until it has joined again")
        }
        let settled = attempts.filter { $0.transition.state != .pending && $0.transition.state != .held }
        let postponed = attempts.filter { $0.transition.state == .pending || $0.transition.state == .held }
        var steps = fence(attempts.map(\.delivery)) + [insertion(of: attempts)]
        if !settled.isEmpty { steps.append(settlement(of: settled)) }
        if !postponed.isEmpty { steps.append(postponement(of: postponed)) }
        let replies = try send(steps)
        // Before anything else: what fails behind the fence may have failed because of it.
        if isFenced(replies) { throw OutboxProblem(.fenced, "another engine of the outbox \(place.name) has these endpoints by now") }
        let moved = try replies.get().dropFirst(3).reduce(0) { $0 + countMoves($1) }
        return moved == attempts.count ? RecordConflicts() : try unmoved(attempts)
    }

    /// Keeps others from taking this engine for dead until the transaction ends, or finds that they have done so. The weakest lock that keeps
    /// the row: its own beat does not wait for it.
    private func fence(_ deliveries: [Int64]) -> [PostgresStep] {
        [
            PostgresStep("SELECT 1 FROM posthorn_dispatcher WHERE id = $1 FOR KEY SHARE", [.integer(membership.id)]),
            PostgresStep(
                """
                SELECT EXISTS (SELECT 1 FROM posthorn_shard s WHERE s.dispatcher <> $1 AND s.shard IN (
                    SELECT shard FROM posthorn_pending WHERE id = ANY ($2::bigint[])))
                """,
                [.integer(membership.id ?? 0), .integers(deliveries)]
            ),
        ]
    }

    private func isFenced(_ replies: PostgresReplies) -> Bool {
        if membership.id != nil, let own = replies.rows.first, own.count == 0 { return true }
        return replies.rows.count > 1 && replies.rows[1].first?.boolean(0) == true
    }

    private func insertion(of attempts: [AttemptRecord]) -> PostgresStep {
        let outcomes = attempts.map(\.outcome)
        return PostgresStep(
            """
            INSERT INTO posthorn_attempt (delivery, number, started, duration_us, status, error, error_text, response, address)
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::bytea[],
                $9::text[])
            """,
            [
                .integers(attempts.map(\.delivery)), .integers(attempts.map { Int64($0.number) }),
                .integers(outcomes.map(\.started.milliseconds)), .integers(outcomes.map(\.durationMicroseconds)),
                .integers(outcomes.map { $0.status.map { Int64($0) } }), .texts(outcomes.map { $0.error?.rawValue }),
                .texts(outcomes.map { $0.errorText.isEmpty ? nil : $0.errorText }), .bytesList(outcomes.map(\.response)),
                .texts(outcomes.map { $0.address.isEmpty ? nil : $0.address }),
            ]
        )
    }

    /// Moves deliveries from what waits to what is settled, and counts them.
    private func settlement(of attempts: [AttemptRecord]) -> PostgresStep {
        PostgresStep(
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
            [
                .integers(attempts.map(\.delivery)), .texts(attempts.map(\.transition.state.rawValue)),
                .integers(attempts.map { Int64($0.transition.attempts) }),
                .integers(attempts.map { $0.transition.roundStartAttempt.map { Int64($0) } }),
            ]
        )
    }

    /// Gives deliveries that go on waiting their next time, and counts them.
    private func postponement(of attempts: [AttemptRecord]) -> PostgresStep {
        PostgresStep(
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
            [
                .integers(attempts.map(\.delivery)), .texts(attempts.map(\.transition.state.rawValue)),
                .integers(attempts.map { Int64($0.transition.attempts) }),
                .integers(attempts.map { $0.transition.nextAttemptAt?.milliseconds }),
                .integers(attempts.map { $0.transition.roundStartAttempt.map { Int64($0) } }),
            ]
        )
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
