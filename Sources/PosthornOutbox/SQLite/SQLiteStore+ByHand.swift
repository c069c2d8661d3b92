import PosthornModel
public import PosthornText

/// What people do to deliveries by hand. A running engine notices by the queue's generation.
extension SQLiteStore {
    /// Makes deliveries due now, and counts the queue's generation up.
    public func retry(_ ids: [Int64], wholeRound: Bool, at now: Timestamp) throws(OutboxProblem) -> RetryReport {
        var report = RetryReport()
        for id in ids { try retryOne(id, wholeRound, now, &report) }
        if report.retried > 0 { try countUp("queue") }
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
            "UPDATE posthorn_delivery SET state = 'pending', next_attempt_at = ?2, round_base = attempts WHERE id = ?1"
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
        let update = try connection.statement("UPDATE posthorn_delivery SET state = 'cancelled', next_attempt_at = NULL WHERE id = ?")
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
        report.count(row.text(4), EndpointState(rawValue: row.text(5)) ?? .disabled)
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
