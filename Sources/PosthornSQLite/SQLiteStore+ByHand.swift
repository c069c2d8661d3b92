import PosthornModel
package import PosthornStore
package import PosthornText

/// The rows behind what people do to deliveries by hand.
extension SQLiteStore {
    /// Reads a delivery.
    package func deliveryRow(_ id: Int64) throws(OutboxProblem) -> DeliveryRow? {
        let row = try connection.statement(
            """
            SELECT d.state, d.attempts, d.next_attempt_at, d.round_base, d.scheduled_at, d.revision,
                e.id, e.state, json_array_length(e.retry), (SELECT max(key) FROM posthorn_endpoint_revision WHERE endpoint = e.key),
                (SELECT data = '' FROM posthorn_outbox WHERE seq = d.event)
            FROM posthorn_delivery d
            LEFT JOIN posthorn_endpoint_revision r ON r.key = d.revision LEFT JOIN posthorn_endpoint e ON e.key = r.endpoint WHERE d.id = ?
            """
        )
        row.bind(1, id)
        defer { row.reset() }
        guard try row.step() else { return nil }
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
            hasData: row.integer(10) == 0,
            endpoint: endpoint
        )
    }

    /// Writes down what was decided about a delivery.
    package func write(_ change: DeliveryChange, of delivery: Int64, from row: DeliveryRow) throws(OutboxProblem) {
        let update = try connection.statement(
            """
            UPDATE posthorn_delivery SET state = ?2, next_attempt_at = ?3, round_base = ?4, scheduled_at = ?5, revision = ?6 WHERE id = ?1
            """
        )
        update.bind(1, delivery)
        update.bind(2, change.state.rawValue)
        update.bind(3, change.due?.milliseconds)
        update.bind(4, Int64(change.round.base))
        update.bind(5, change.round.scheduledAt?.milliseconds)
        update.bind(6, change.revision)
        try update.run()
        try setWaits(change.state != .cancelled, in: delivery)
        count(1, from: DeliveryCount(row.state, attempts: row.attempts), to: DeliveryCount(change.state, attempts: row.attempts))
    }

    /// Counts the queue's generation up.
    package func countQueueUp() throws(OutboxProblem) { try countUp("queue") }

    /// How many deliveries wait, pending or held, for another URL than their endpoint has now, by the endpoints' ids. One reading of
    /// all that waits, however many endpoints are asked for.
    package func waitingAtFormerURL(of endpoints: [String]) throws(OutboxProblem) -> [String: Int] {
        if endpoints.isEmpty { return [:] }
        let parts = [DeliveryState.pending, .held].flatMap(Self.rows).map { "SELECT revision FROM posthorn_delivery \($0)" }
        let rows = try connection.prepare(
            """
            WITH former AS MATERIALIZED (
                SELECT r.key, e.id FROM posthorn_endpoint e JOIN posthorn_endpoint_revision r ON r.endpoint = e.key
                WHERE e.id IN (SELECT value FROM json_each(?1)) AND r.url <> (
                    SELECT url FROM posthorn_endpoint_revision WHERE endpoint = e.key ORDER BY key DESC LIMIT 1))
            SELECT f.id, sum(w.n) FROM
                (SELECT revision, count(*) AS n FROM (\(parts.joined(separator: " UNION ALL "))) GROUP BY revision) w
            JOIN former f ON f.key = w.revision GROUP BY f.id
            """
        )
        rows.bind(1, JSONValue.array(endpoints.map { .string($0) }).text)
        var counts: [String: Int] = [:]
        while try rows.step() { counts[rows.text(0)] = Int(rows.integer(1)) }
        return counts
    }

    /// Brings due times that lie ahead nearer, when an engine starts with a schedule that runs faster than written.
    package func compressDueTimes(of shards: ShardSet, speed: Double, at now: Timestamp) throws(OutboxProblem) {
        let update = try connection.statement(
            """
            UPDATE posthorn_delivery SET
                next_attempt_at = CASE WHEN next_attempt_at > ?1 THEN ?1 + CAST((next_attempt_at - ?1) / ?2 AS INTEGER) + 1
                    ELSE next_attempt_at END,
                scheduled_at = CASE WHEN scheduled_at > ?1 THEN ?1 + CAST((scheduled_at - ?1) / ?2 AS INTEGER) + 1
                    ELSE scheduled_at END
            WHERE state = 'pending' AND attempts > 0 AND (next_attempt_at > ?1 OR scheduled_at > ?1)
                AND (?3 >> (endpoint % ?4)) & 1 = 1
            """
        )
        update.bind(1, now.milliseconds)
        update.bind(2, speed)
        update.bind(3, Int64(bitPattern: shards.bits))
        update.bind(4, Int64(ShardSet.count))
        try update.run()
        if !shards.contains(ShardSet.mailShard) { return }
        let mails = try connection.statement(
            """
            UPDATE posthorn_mail SET next_attempt_at = ?1 + CAST((next_attempt_at - ?1) / ?2 AS INTEGER) + 1
            WHERE state = 'waiting' AND next_attempt_at > ?1
            """
        )
        mails.bind(1, now.milliseconds)
        mails.bind(2, speed)
        try mails.run()
    }

    /// Brings further attempts nearer that were put off by a clock that was ahead.
    package func redate(
        of shards: ShardSet,
        below position: RetryPosition?,
        at now: Timestamp,
        limit: Int
    ) throws(OutboxProblem) -> RedatedRetries {
        if position == nil, shards.contains(ShardSet.mailShard) { try redateMails(at: now) }
        let last = try connection.statement(
            """
            SELECT d.next_attempt_at, d.id, a.started, d.endpoint
            FROM posthorn_delivery d INDEXED BY posthorn_delivery_retry JOIN posthorn_attempt a ON a.delivery = d.id AND a.number = d.attempts
            WHERE d.state = 'pending' AND d.attempts > 0 AND d.next_attempt_at > ?1 AND (d.next_attempt_at, d.id) < (?3, ?4)
            ORDER BY d.next_attempt_at DESC, d.id DESC LIMIT ?2
            """
        )
        last.bind(1, now.milliseconds)
        last.bind(2, Int64(limit))
        last.bind(3, position?.due ?? .max)
        last.bind(4, position?.delivery ?? .max)
        defer { last.reset() }
        var found: [(delivery: Int64, shift: Int64)] = []
        var (rows, end) = (0, position)
        while try last.step() {
            rows += 1
            end = RetryPosition(due: last.integer(0), delivery: last.integer(1))
            guard shards.containsEndpoint(last.integer(3)) else { continue }
            let (due, lastAttempt) = (Timestamp(milliseconds: last.integer(0)), Timestamp(milliseconds: last.integer(2)))
            if let shift = Redating.shift(due: due, lastAttempt: lastAttempt, now: now) { found.append((last.integer(1), shift)) }
        }
        last.reset()
        let redated = RedatedRetries(count: found.count, next: rows < limit ? nil : end)
        if found.isEmpty { return redated }
        let update = try connection.statement(
            "UPDATE posthorn_delivery SET next_attempt_at = next_attempt_at - ?1, scheduled_at = scheduled_at - ?1 WHERE id = ?2"
        )
        for (delivery, shift) in found {
            update.bind(1, shift)
            update.bind(2, delivery)
            try update.run()
        }
        try countUp("queue")
        return redated
    }

    private func redateMails(at now: Timestamp) throws(OutboxProblem) {
        let limit = now.advanced(byMilliseconds: Redating.mailLimitMilliseconds)
        let update = try connection.statement(
            "UPDATE posthorn_mail SET next_attempt_at = ?1 WHERE state = 'waiting' AND next_attempt_at > ?2"
        )
        update.bind(1, limit.milliseconds)
        update.bind(2, limit.milliseconds + Redating.toleranceMilliseconds)
        try update.run()
    }
}
