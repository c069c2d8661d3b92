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
        // In the order of their numbers, which what looks a row's place up needs.
        let attempts = attempts.sorted { $0.delivery < $1.delivery }
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
    /// the row: its own beat does not wait for it. From here on no table is read as a whole where an index leads to the rows: how large the
    /// server takes it to be is out of date.
    private func fence(_ deliveries: [Int64]) -> [PostgresStep] {
        [
            PostgresStep(
                "SELECT set_config('enable_seqscan', 'off', true) FROM posthorn_dispatcher WHERE id = $1 FOR KEY SHARE",
                [.integer(membership.id)]
            ),
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

    /// Where a row's values are in the arrays, whose first one has the rows' numbers in ascending order.
    ///
    /// A join with them would be planned by how many rows the server takes the table to have. That is none whenever it was vacuumed while
    /// nothing waited; until the next time each row would be compared with each value then, and with rows that are deleted as well.
    static let place = "width_bucket(id, $1::bigint[])"

    /// States by numbers, since an array of texts is walked through for each of them.
    private static let states: [DeliveryState] = [.delivered, .exhausted, .cancelled, .pending, .held]
    private static let stateNames = "ARRAY [\(states.map { "'\($0.rawValue)'" }.joined(separator: ", "))]"

    private static func stateNumbers(_ attempts: [AttemptRecord]) -> PostgresValue {
        .integers(attempts.map { attempt in states.firstIndex(of: attempt.transition.state).map { Int64($0 + 1) } })
    }

    /// The rounds. -1 stands for NULL here, as only an array without one is reached into at any place at once.
    private static func rounds(_ attempts: [AttemptRecord]) -> PostgresValue {
        .integers(attempts.map { $0.transition.roundStartAttempt.map { Int64($0) } ?? -1 })
    }

    /// Moves deliveries from what waits to what is settled, and counts them.
    private func settlement(of attempts: [AttemptRecord]) -> PostgresStep {
        PostgresStep(
            """
            WITH gone AS (
                DELETE FROM posthorn_pending WHERE id = ANY ($1::bigint[])
                RETURNING id, event, revision, endpoint, state AS former, attempts AS made, round_base AS base, \(Self.place) AS place),
            kept AS (
                INSERT INTO posthorn_settled (id, event, revision, endpoint, state, attempts, round_base)
                SELECT id, event, revision, endpoint, (\(Self.stateNames))[($2::bigint[])[place]], ($3::bigint[])[place],
                    coalesce(nullif(($4::bigint[])[place], -1), base) FROM gone)
            SELECT former, made > 0, (\(Self.stateNames))[($2::bigint[])[place]], count(*) FROM gone GROUP BY 1, 2, 3
            """,
            [
                .integers(attempts.map(\.delivery)), Self.stateNumbers(attempts), .integers(attempts.map { Int64($0.transition.attempts) }),
                Self.rounds(attempts),
            ]
        )
    }

    /// Gives deliveries that go on waiting their next time, and counts them.
    private func postponement(of attempts: [AttemptRecord]) -> PostgresStep {
        PostgresStep(
            """
            WITH former AS MATERIALIZED (
                SELECT state, attempts, \(Self.place) AS place FROM posthorn_pending WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE),
            moved AS (
                UPDATE posthorn_pending SET state = (\(Self.stateNames))[($2::bigint[])[\(Self.place)]],
                    attempts = ($3::bigint[])[\(Self.place)], next_attempt_at = nullif(($4::bigint[])[\(Self.place)], -1),
                    scheduled_at = NULL, round_base = coalesce(nullif(($5::bigint[])[\(Self.place)], -1), round_base)
                WHERE id = ANY ($1::bigint[]) AND (SELECT count(*) FROM former) > 0)
            SELECT state, attempts > 0, (\(Self.stateNames))[($2::bigint[])[place]], count(*) FROM former GROUP BY 1, 2, 3
            """,
            [
                .integers(attempts.map(\.delivery)), Self.stateNumbers(attempts), .integers(attempts.map { Int64($0.transition.attempts) }),
                .integers(attempts.map { $0.transition.nextAttemptAt?.milliseconds ?? -1 }), Self.rounds(attempts),
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
