import PosthornModel
public import PosthornText

/// What people do to deliveries by hand. A running engine notices by the queue's generation.
extension SQLiteStore {
    /// Makes deliveries due now, and counts the queue's generation up.
    public func retry(
        _ selection: RetrySelection,
        wholeRound: Bool,
        limit: Int,
        after: Int64,
        at now: Timestamp
    ) throws(OutboxProblem) -> (report: RetryReport, last: Int64?) {
        var report = RetryReport()
        var last: Int64?
        switch selection {
        case .deliveries(let ids):
            for id in ids { try retryOne(id, wholeRound, now, &report) }
        case .endpoint(let endpoint, let since):
            let rows = try connection.prepare(Self.selectRetried)
            rows.bind(1, after)
            rows.bind(2, since.milliseconds)
            rows.bind(3, endpoint)
            rows.bind(4, Int64(limit))
            var ids: [Int64] = []
            while try rows.step() { ids.append(rows.integer(0)) }
            for id in ids { try retryOne(id, wholeRound, now, &report) }
            last = ids.count == limit ? ids.last : nil
        }
        if report.retried > 0 { try countUp("queue") }
        return (report, last)
    }

    /// Exhausted and waiting deliveries of an endpoint, each kind through an index that holds no others: most of the table has
    /// been delivered.
    static let selectRetried = """
        WITH revisions AS (
            SELECT r.key FROM posthorn_endpoint_revision r JOIN posthorn_endpoint e ON e.key = r.endpoint WHERE e.id = ?3)
        SELECT d.id FROM (
            SELECT id, event FROM posthorn_delivery INDEXED BY posthorn_delivery_exhausted
            WHERE state = 'exhausted' AND revision IN (SELECT key FROM revisions) AND id > ?1
            UNION ALL SELECT id, event FROM posthorn_delivery INDEXED BY posthorn_delivery_ready
            WHERE state = 'pending' AND attempts = 0 AND revision IN (SELECT key FROM revisions) AND id > ?1
            UNION ALL SELECT id, event FROM posthorn_delivery INDEXED BY posthorn_delivery_retry
            WHERE state = 'pending' AND attempts > 0 AND revision IN (SELECT key FROM revisions) AND id > ?1) d
        CROSS JOIN posthorn_outbox o ON o.seq = d.event WHERE o.created >= ?2 ORDER BY d.id LIMIT ?4
        """

    private func retryOne(
        _ id: Int64,
        _ wholeRound: Bool,
        _ now: Timestamp,
        _ report: inout RetryReport
    ) throws(OutboxProblem) {
        let row = try connection.statement(
            """
            SELECT d.state, d.attempts, d.round_base, json_array_length(e.retry), e.id, e.state FROM posthorn_delivery d
            JOIN posthorn_endpoint_revision r ON r.key = d.revision JOIN posthorn_endpoint e ON e.key = r.endpoint WHERE d.id = ?
            """
        )
        row.bind(1, id)
        defer { row.reset() }
        guard try row.step() else {
            report.unknown.append(id)
            return
        }
        guard let state = DeliveryState(rawValue: row.text(0)) else { throw damaged("posthorn_delivery", String(id)) }
        let attempts = row.integer(1)
        let base: Int64
        switch (state, wholeRound) {
        case (.pending, true), (.exhausted, true): base = attempts
        case (.pending, false): base = row.integer(2)
        // One attempt at the last place of the schedule: when it fails, nothing follows.
        case (.exhausted, false): base = max(0, attempts + 1 - row.integer(3))
        default:
            report.refused.append(.init(delivery: id, state: state))
            return
        }
        let update = try connection.statement(
            "UPDATE posthorn_delivery SET state = 'pending', next_attempt_at = ?2, round_base = ?3 WHERE id = ?1"
        )
        update.bind(1, id)
        update.bind(2, now.milliseconds)
        update.bind(3, base)
        try update.run()
        report.retried += 1
        let before = report.endpoints[row.text(4)]?.deliveries ?? 0
        report.endpoints[row.text(4)] = .init(state: EndpointState(rawValue: row.text(5)) ?? .disabled, deliveries: before + 1)
    }

    /// Brings due times that lie ahead nearer, when an engine starts with a schedule that runs faster than written.
    public func compressDueTimes(speed: Double, at now: Timestamp) throws(OutboxProblem) {
        let update = try connection.statement(
            """
            UPDATE posthorn_delivery SET next_attempt_at = ?1 + CAST((next_attempt_at - ?1) / ?2 AS INTEGER) + 1
            WHERE state = 'pending' AND attempts > 0 AND next_attempt_at > ?1
            """
        )
        update.bind(1, now.milliseconds)
        update.bind(2, speed)
        try update.run()
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
}
