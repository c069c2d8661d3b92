import PosthornModel
public import PosthornText

/// What people do to deliveries by hand. A running engine notices by the queue's generation.
extension SQLiteStore {
    /// Makes deliveries due now, and counts the queue's generation up.
    public func retry(_ ids: [Int64], _ manner: RetryManner, at now: Timestamp) throws(OutboxProblem) -> RetryReport {
        var report = RetryReport()
        for id in ids { try retryOne(id, manner, now, &report) }
        if report.retried > 0 || report.moved > 0 { try countUp("queue") }
        return report
    }

    /// Makes deliveries that were delivered due again, with a whole round of the schedule.
    public func resend(_ ids: [Int64], at now: Timestamp) throws(OutboxProblem) -> RetryReport {
        var report = RetryReport()
        let row = try connection.statement(
            """
            SELECT d.state, e.id, e.state FROM posthorn_delivery d
            JOIN posthorn_endpoint_revision r ON r.key = d.revision JOIN posthorn_endpoint e ON e.key = r.endpoint WHERE d.id = ?
            """
        )
        let update = try connection.statement(
            "UPDATE posthorn_delivery SET state = 'pending', next_attempt_at = ?2, round_base = attempts, scheduled_at = NULL WHERE id = ?1"
        )
        for id in ids {
            row.bind(1, id)
            defer { row.reset() }
            guard try row.step() else {
                report.unknown.append(id)
                continue
            }
            guard let state = DeliveryState(rawValue: row.text(0)) else { throw damaged("posthorn_delivery", String(id)) }
            guard DeliveryAction.resend.states.contains(state) else {
                report.refused.append(.init(delivery: id, state: state))
                continue
            }
            update.bind(1, id)
            update.bind(2, now.milliseconds)
            try update.run()
            report.count(row.text(1), EndpointState(rawValue: row.text(2)) ?? .disabled)
        }
        if report.retried > 0 { try countUp("queue") }
        return report
    }

    /// Moves deliveries that were not delivered to cancelled, and counts the queue's generation up.
    public func cancel(_ ids: [Int64]) throws(OutboxProblem) -> CancelReport {
        var report = CancelReport()
        let row = try connection.statement("SELECT state FROM posthorn_delivery WHERE id = ?")
        let update = try connection.statement(
            "UPDATE posthorn_delivery SET state = 'cancelled', next_attempt_at = NULL, scheduled_at = NULL WHERE id = ?"
        )
        for id in ids {
            row.bind(1, id)
            defer { row.reset() }
            guard try row.step() else {
                report.unknown.append(id)
                continue
            }
            guard let state = DeliveryState(rawValue: row.text(0)) else { throw damaged("posthorn_delivery", String(id)) }
            guard DeliveryAction.cancel.states.contains(state) else {
                report.refused.append(.init(delivery: id, state: state))
                continue
            }
            update.bind(1, id)
            try update.run()
            report.cancelled += 1
        }
        if report.cancelled > 0 { try countUp("queue") }
        return report
    }

    private func retryOne(
        _ id: Int64,
        _ manner: RetryManner,
        _ now: Timestamp,
        _ report: inout RetryReport
    ) throws(OutboxProblem) {
        let row = try connection.statement(
            """
            SELECT d.state, d.attempts, d.next_attempt_at, json_array_length(e.retry), e.id, e.state, d.revision,
                (SELECT max(key) FROM posthorn_endpoint_revision WHERE endpoint = e.key)
            FROM posthorn_delivery d
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
        let (pinned, current) = (row.integer(6), row.integer(7))
        let moves = manner.atCurrentURL && pinned != current
        let decision = try round(of: id).retriedByHand(
            state: state,
            attempts: Int(row.integer(1)),
            due: row.integerOrNil(2).map(Timestamp.init(milliseconds:)),
            wholeRound: manner.wholeRound,
            scheduleAttempts: Int(row.integer(3)),
            at: now
        )
        if moves, state == .held || decision != nil {
            try pin(id, to: current)
            report.moved += 1
        }
        guard let (round, due) = decision else {
            if !moves || state != .held { report.refused.append(.init(delivery: id, state: state)) }
            return
        }
        let update = try connection.statement(
            """
            UPDATE posthorn_delivery SET state = 'pending', next_attempt_at = ?2, round_base = ?3, scheduled_at = ?4 WHERE id = ?1
            """
        )
        update.bind(1, id)
        update.bind(2, due.milliseconds)
        update.bind(3, Int64(round.base))
        update.bind(4, round.scheduledAt?.milliseconds)
        try update.run()
        report.count(row.text(4), EndpointState(rawValue: row.text(5)) ?? .disabled)
    }

    private func pin(_ id: Int64, to revision: Int64) throws(OutboxProblem) {
        let update = try connection.statement("UPDATE posthorn_delivery SET revision = ?2 WHERE id = ?1")
        update.bind(1, id)
        update.bind(2, revision)
        try update.run()
    }

    /// How many deliveries wait, pending or held, for another URL than their endpoint has now, by the endpoints' ids.
    public func waitingAtFormerURL(of endpoints: [String]) throws(OutboxProblem) -> [String: Int] {
        let parts = [DeliveryState.pending, .held].flatMap(Self.rows).map {
            "SELECT count(*) AS n FROM posthorn_delivery \($0) AND revision IN (SELECT key FROM former)"
        }
        let rows = try connection.prepare(
            """
            WITH former AS (
                SELECT r.key FROM posthorn_endpoint e JOIN posthorn_endpoint_revision r ON r.endpoint = e.key
                WHERE e.id = ?1 AND r.url <> (
                    SELECT url FROM posthorn_endpoint_revision WHERE endpoint = e.key ORDER BY key DESC LIMIT 1))
            SELECT sum(n) FROM (\(parts.joined(separator: " UNION ALL ")))
            """
        )
        var counts: [String: Int] = [:]
        for id in endpoints {
            rows.bind(1, id)
            defer { rows.reset() }
            if try rows.step(), rows.integer(0) > 0 { counts[id] = Int(rows.integer(0)) }
        }
        return counts
    }

    /// Brings due times that lie ahead nearer, when an engine starts with a schedule that runs faster than written.
    public func compressDueTimes(speed: Double, at now: Timestamp) throws(OutboxProblem) {
        let update = try connection.statement(
            """
            UPDATE posthorn_delivery SET
                next_attempt_at = CASE WHEN next_attempt_at > ?1 THEN ?1 + CAST((next_attempt_at - ?1) / ?2 AS INTEGER) + 1
                    ELSE next_attempt_at END,
                scheduled_at = CASE WHEN scheduled_at > ?1 THEN ?1 + CAST((scheduled_at - ?1) / ?2 AS INTEGER) + 1
                    ELSE scheduled_at END
            WHERE state = 'pending' AND attempts > 0 AND (next_attempt_at > ?1 OR scheduled_at > ?1)
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
