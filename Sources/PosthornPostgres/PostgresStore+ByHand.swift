#if PostgreSQL
import PosthornModel
package import PosthornStore
package import PosthornText

/// The rows behind what people do to deliveries by hand.
extension PostgresStore {
    /// Reads a delivery. In a transaction no other session moves it until that ends.
    package func deliveryRow(_ id: Int64) throws(OutboxProblem) -> DeliveryRow? {
        if isWriting {
            // Its event first, as whatever drops its data has it: then no two wait for each other.
            let event = "SELECT 1 FROM posthorn_outbox WHERE seq = (SELECT event FROM posthorn_delivery WHERE id = $1) FOR SHARE"
            _ = try run(event, .integer(id))
            try lock(id)
        }
        let row = try run(
            """
            SELECT d.state, d.attempts, d.next_attempt_at, d.round_base, d.scheduled_at, d.revision, e.id, e.state,
                json_array_length(e.retry::json), (SELECT max(key) FROM posthorn_endpoint_revision WHERE endpoint = e.key),
                coalesce((SELECT octet_length(data) > 0 FROM posthorn_outbox WHERE seq = d.event), true)
            FROM posthorn_delivery d
            LEFT JOIN posthorn_endpoint_revision r ON r.key = d.revision LEFT JOIN posthorn_endpoint e ON e.key = r.endpoint WHERE d.id = $1
            """,
            .integer(id)
        ).first
        guard let row else { return nil }
        guard let state = DeliveryState(rawValue: row.text(0)) else { throw damaged("posthorn_delivery", String(id)) }
        let endpoint = row.textOrNil(6).map {
            DeliveryRow.Endpoint(
                id: $0,
                state: EndpointState(rawValue: row.text(7)) ?? .disabled,
                revision: row.integer(9),
                scheduleAttempts: Int(row.integer(8))
            )
        }
        return DeliveryRow(
            state: state,
            attempts: Int(row.integer(1)),
            due: row.integerOrNil(2).map(Timestamp.init(milliseconds:)),
            round: DeliveryRound(base: Int(row.integer(3)), scheduledAt: row.integerOrNil(4).map(Timestamp.init(milliseconds:))),
            revision: row.integer(5),
            hasData: row.boolean(10),
            endpoint: endpoint
        )
    }

    /// A session that moves it to the other table meanwhile is waited for, so it is looked for there, and once more in case it comes back.
    private func lock(_ id: Int64) throws(OutboxProblem) {
        for table in ["posthorn_pending", "posthorn_settled", "posthorn_pending"]
        where try run("SELECT 1 FROM \(table) WHERE id = $1 FOR UPDATE", .integer(id)).count > 0 { return }
    }

    /// Writes down what was decided about a delivery.
    package func write(_ change: DeliveryChange, of delivery: Int64, from row: DeliveryRow) throws(OutboxProblem) {
        switch (row.state.isTerminal, change.state.isTerminal) {
        case (false, false):
            try run(
                """
                UPDATE posthorn_pending SET state = $2, next_attempt_at = $3, round_base = $4, scheduled_at = $5, revision = $6 WHERE id = $1
                """,
                .integer(delivery),
                .text(change.state.rawValue),
                .integer(change.due?.milliseconds),
                .integer(Int64(change.round.base)),
                .integer(change.round.scheduledAt?.milliseconds),
                .integer(change.revision)
            )
        case (false, true):
            try run(
                """
                WITH gone AS (DELETE FROM posthorn_pending WHERE id = $1 RETURNING id, event, endpoint, attempts)
                INSERT INTO posthorn_settled (id, event, revision, endpoint, state, attempts, round_base)
                SELECT id, event, $4, endpoint, $2, attempts, $3 FROM gone
                """,
                .integer(delivery),
                .text(change.state.rawValue),
                .integer(Int64(change.round.base)),
                .integer(change.revision)
            )
        case (true, false):
            try run(
                """
                WITH gone AS (DELETE FROM posthorn_settled WHERE id = $1 RETURNING id, event, endpoint, attempts)
                INSERT INTO posthorn_pending (id, event, revision, endpoint, shard, state, attempts, round_base, next_attempt_at, scheduled_at)
                SELECT id, event, $6, endpoint, endpoint % 64, $2, attempts, $4, $3, $5 FROM gone
                """,
                .integer(delivery),
                .text(change.state.rawValue),
                .integer(change.due?.milliseconds),
                .integer(Int64(change.round.base)),
                .integer(change.round.scheduledAt?.milliseconds),
                .integer(change.revision)
            )
        case (true, true):
            try run(
                "UPDATE posthorn_settled SET state = $2, round_base = $3, revision = $4 WHERE id = $1",
                .integer(delivery),
                .text(change.state.rawValue),
                .integer(Int64(change.round.base)),
                .integer(change.revision)
            )
        }
        setWaits(change.state != .cancelled, in: delivery)
        count(1, from: DeliveryCount(row.state, attempts: row.attempts), to: DeliveryCount(change.state, attempts: row.attempts))
    }

    /// Brings due times that lie ahead nearer, when an engine starts with a schedule that runs faster than written.
    package func compressDueTimes(of shards: ShardSet, speed: Double, at now: Timestamp) throws(OutboxProblem) {
        try run(
            """
            UPDATE posthorn_pending SET
                next_attempt_at = CASE WHEN next_attempt_at > $1 THEN $1 + trunc((next_attempt_at - $1) / $2::double precision)::bigint + 1
                    ELSE next_attempt_at END,
                scheduled_at = CASE WHEN scheduled_at > $1 THEN $1 + trunc((scheduled_at - $1) / $2::double precision)::bigint + 1
                    ELSE scheduled_at END
            WHERE state = 'pending' AND attempts > 0 AND (next_attempt_at > $1 OR scheduled_at > $1) AND shard = ANY ($3::smallint[])
            """,
            .integer(now.milliseconds),
            .double(speed),
            .integers(shards.numbers.map { Int64($0) })
        )
        if !shards.contains(ShardSet.mailShard) { return }
        try run(
            """
            UPDATE posthorn_mail SET next_attempt_at = $1 + trunc((next_attempt_at - $1) / $2::double precision)::bigint + 1
            WHERE state = 'waiting' AND next_attempt_at > $1
            """,
            .integer(now.milliseconds),
            .double(speed)
        )
    }

    /// Brings further attempts nearer that were put off by a clock that was ahead.
    package func redate(
        of shards: ShardSet,
        below position: RetryPosition?,
        at now: Timestamp,
        limit: Int
    ) throws(OutboxProblem) -> RedatedRetries {
        if position == nil, shards.contains(ShardSet.mailShard) { try redateMails(at: now) }
        let last = try run(
            """
            SELECT p.next_attempt_at, p.id, a.started, p.endpoint
            FROM (SELECT next_attempt_at, id, attempts, endpoint FROM posthorn_pending
                WHERE state = 'pending' AND attempts > 0 AND next_attempt_at > $1 AND (next_attempt_at, id) < ($3, $4)
                ORDER BY next_attempt_at DESC, id DESC LIMIT $2) p
            LEFT JOIN posthorn_attempt a ON a.delivery = p.id AND a.number = p.attempts ORDER BY 1 DESC, 2 DESC
            """,
            .integer(now.milliseconds),
            .integer(Int64(limit)),
            .integer(position?.due ?? .max),
            .integer(position?.delivery ?? .max)
        )
        var found: [(delivery: Int64, shift: Int64)] = []
        for row in last.all where !row.isNull(2) && shards.containsEndpoint(row.integer(3)) {
            let (due, lastAttempt) = (Timestamp(milliseconds: row.integer(0)), Timestamp(milliseconds: row.integer(2)))
            guard let shift = Redating.shift(due: due, lastAttempt: lastAttempt, now: now) else { continue }
            found.append((row.integer(1), shift))
        }
        let next = last.count < limit ? nil : last.all.last.map { RetryPosition(due: $0.integer(0), delivery: $0.integer(1)) }
        let redated = RedatedRetries(count: found.count, next: next)
        if found.isEmpty { return redated }
        found.sort { $0.delivery < $1.delivery }
        try run(
            """
            UPDATE posthorn_pending SET next_attempt_at = next_attempt_at - ($2::bigint[])[\(Self.place)],
                scheduled_at = scheduled_at - ($2::bigint[])[\(Self.place)]
            WHERE id = ANY ($1::bigint[])
            """,
            .integers(found.map(\.delivery)),
            .integers(found.map(\.shift))
        )
        countUp("queue")
        return redated
    }

    private func redateMails(at now: Timestamp) throws(OutboxProblem) {
        let latest = now.advanced(byMilliseconds: Redating.mailLimitMilliseconds)
        try run(
            "UPDATE posthorn_mail SET next_attempt_at = $1 WHERE state = 'waiting' AND next_attempt_at > $2",
            .integer(latest.milliseconds),
            .integer(latest.milliseconds + Redating.toleranceMilliseconds)
        )
    }
}
#endif
