package import PosthornModel
package import PosthornStore
package import PosthornText

extension SQLiteStore {
    /// Visits first attempts that are due, in the order of acceptance.
    package func scanReady(
        after id: Int64,
        limit: Int,
        _ visit: (ReadyRow) throws(OutboxProblem) -> Bool
    ) throws(OutboxProblem) -> ScanEnd {
        let rows = try connection.statement(
            """
            SELECT id, revision, event, next_attempt_at FROM posthorn_delivery INDEXED BY posthorn_delivery_ready
            WHERE state = 'pending' AND attempts = 0 AND id > ? ORDER BY id
            """
        )
        rows.bind(1, id)
        defer { rows.reset() }
        var left = limit
        while try rows.step() {
            let row = ReadyRow(delivery: rows.integer(0), revision: rows.integer(1), event: rows.integer(2), due: rows.integer(3))
            left -= 1
            if try !visit(row) { return .stopped }
            if left == 0 { return .atLimit }
        }
        return .atEnd
    }

    /// Visits further attempts that are due, by due time.
    package func scanRetries(
        after position: RetryPosition,
        dueBy now: Timestamp,
        limit: Int,
        _ visit: (RetryRow) throws(OutboxProblem) -> Bool
    ) throws(OutboxProblem) -> ScanEnd {
        let rows = try connection.statement(
            """
            SELECT next_attempt_at, id, revision, event, attempts
            FROM posthorn_delivery INDEXED BY posthorn_delivery_retry
            WHERE state = 'pending' AND attempts > 0 AND (next_attempt_at, id) > (?1, ?2) AND next_attempt_at <= ?3
            ORDER BY next_attempt_at, id
            """
        )
        rows.bind(1, position.due)
        rows.bind(2, position.delivery)
        rows.bind(3, now.milliseconds)
        defer { rows.reset() }
        var left = limit
        while try rows.step() {
            let row = RetryRow(
                position: RetryPosition(due: rows.integer(0), delivery: rows.integer(1)),
                revision: rows.integer(2),
                event: rows.integer(3),
                attempts: Int(rows.integer(4))
            )
            left -= 1
            if try !visit(row) { return .stopped }
            if left == 0 { return .atLimit }
        }
        return .atEnd
    }

    /// When the first further attempt after `now` is due.
    package func nextRetry(after now: Timestamp) throws(OutboxProblem) -> Timestamp? {
        let row = try connection.statement(
            """
            SELECT next_attempt_at FROM posthorn_delivery INDEXED BY posthorn_delivery_retry
            WHERE state = 'pending' AND attempts > 0 AND next_attempt_at > ? ORDER BY next_attempt_at LIMIT 1
            """
        )
        row.bind(1, now.milliseconds)
        defer { row.reset() }
        return try row.step() ? Timestamp(milliseconds: row.integer(0)) : nil
    }

    /// Whether any delivery is pending, or any event waits for its fan-out.
    package func hasUnsettled() throws(OutboxProblem) -> Bool {
        let isUnsettled = try connection.integer(
            """
            SELECT EXISTS (SELECT 1 FROM posthorn_arrival)
                OR EXISTS (SELECT 1 FROM posthorn_delivery WHERE state = 'pending' AND attempts = 0)
                OR EXISTS (SELECT 1 FROM posthorn_delivery WHERE state = 'pending' AND attempts > 0)
            """
        )
        return isUnsettled == 0 ? false : try hasPendingThatGoesOn()
    }

    /// Where deliveries are in their schedules.
    package func rounds(of deliveries: [Int64]) throws(OutboxProblem) -> [Int64: DeliveryRound] {
        var rounds: [Int64: DeliveryRound] = [:]
        for delivery in deliveries {
            let row = try connection.statement("SELECT round_base, scheduled_at FROM posthorn_delivery WHERE id = ?")
            row.bind(1, delivery)
            defer { row.reset() }
            guard try row.step() else { continue }
            rounds[delivery] = DeliveryRound(
                base: Int(row.integer(0)),
                scheduledAt: row.integerOrNil(1).map(Timestamp.init(milliseconds:))
            )
        }
        return rounds
    }
}
