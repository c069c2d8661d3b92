import PosthornText
import PosthornModel
package import PosthornStore

extension SQLiteStore {
    /// Stores attempts, their deliveries' states and next times.
    @discardableResult
    package func record(_ attempts: [AttemptRecord]) throws(OutboxProblem) -> RecordConflicts {
        try insert(attempts)
        var movedCount = 0
        // Most deliveries end with a success, and the same one for all: one statement moves many of them.
        var delivered: [Int64] = []
        var attemptsMade = 0
        // Through a span, which copies no record and so counts no references.
        let records = attempts.span
        for index in records.indices {
            let transition = records[index].transition
            guard transition.state == .delivered else {
                movedCount += try move(records[index].delivery, transition)
                continue
            }
            if transition.attempts != attemptsMade || delivered.count == WideStatement.widest {
                movedCount += try markDelivered(delivered, attemptsMade)
                delivered.removeAll(keepingCapacity: true)
                attemptsMade = transition.attempts
            }
            delivered.append(records[index].delivery)
        }
        movedCount += try markDelivered(delivered, attemptsMade)
        return movedCount == attempts.count ? RecordConflicts() : try unmoved(attempts)
    }

    /// Finds those that did not move, and puts right what was stored for them.
    private func unmoved(_ attempts: [AttemptRecord]) throws(OutboxProblem) -> RecordConflicts {
        var unmoved = RecordConflicts()
        for attempt in attempts {
            guard let state = try state(of: attempt.delivery) else {
                let delete = try connection.statement("DELETE FROM posthorn_attempt WHERE delivery = ?")
                delete.bind(1, attempt.delivery)
                try delete.run()
                unmoved.gone.insert(attempt.delivery)
                continue
            }
            guard state == DeliveryState.cancelled.rawValue else { continue }
            let count = try connection.statement("UPDATE posthorn_delivery SET attempts = ? WHERE id = ?")
            count.bind(1, Int64(attempt.number))
            count.bind(2, attempt.delivery)
            try count.run()
            unmoved.cancelled.insert(attempt.delivery)
        }
        return unmoved
    }

    private func state(of delivery: Int64) throws(OutboxProblem) -> String? {
        let row = try connection.statement("SELECT state FROM posthorn_delivery WHERE id = ?")
        row.bind(1, delivery)
        defer { row.reset() }
        return try row.step() ? row.text(0) : nil
    }

    private func insert(_ attempts: [AttemptRecord]) throws(OutboxProblem) {
        let records = attempts.span
        var first = 0
        while first < records.count {
            let width = WideStatement.width(for: records.count - first)
            let statement = try attemptInsert(rows: width)
            for row in 0..<width { Self.bind(records[first + row], to: statement, row) }
            try statement.run()
            first += width
        }
    }

    static let attemptColumns = ["delivery", "number", "started", "duration_us", "status", "error", "error_text", "response", "address"]

    private static func bind(_ attempt: borrowing AttemptRecord, to statement: SQLiteStatement, _ row: Int) {
        let base = Int32(row * attemptColumnCount)
        statement.bind(base + 1, attempt.delivery)
        statement.bind(base + 2, Int64(attempt.number))
        statement.bind(base + 3, attempt.outcome.started.milliseconds)
        statement.bind(base + 4, attempt.outcome.durationMicroseconds)
        statement.bind(base + 5, attempt.outcome.status.map(Int64.init))
        statement.bind(base + 6, attempt.outcome.error?.rawValue)
        statement.bind(base + 7, attempt.outcome.errorText.isEmpty ? nil : attempt.outcome.errorText)
        statement.bindBlob(base + 8, attempt.outcome.response)
        statement.bind(base + 9, attempt.outcome.address.isEmpty ? nil : attempt.outcome.address)
    }

    private static let attemptColumnCount = attemptColumns.count

    /// - Returns: How many moved.
    private func markDelivered(_ deliveries: [Int64], _ attempts: Int) throws(OutboxProblem) -> Int {
        var movedCount = 0
        var first = 0
        while first < deliveries.count {
            let width = WideStatement.width(for: deliveries.count - first)
            let pending = try deliver(deliveries[first..<first + width], attempts, with: try deliveredUpdate(rows: width))
            count(pending, from: DeliveryCount(.pending, attempts: attempts - 1), to: .delivered)
            movedCount += pending
            if pending < width {
                // Endpoints were switched off while requests were on the wire.
                let held = try deliver(deliveries[first..<first + width], attempts, with: try heldDeliveredUpdate(rows: width))
                count(held, from: .held, to: .delivered)
                movedCount += held
            }
            first += width
        }
        return movedCount
    }

    private func deliver(_ deliveries: ArraySlice<Int64>, _ attempts: Int, with update: SQLiteStatement) throws(OutboxProblem) -> Int {
        update.bind(1, Int64(attempts))
        for (row, delivery) in deliveries.enumerated() { update.bind(Int32(2 + row), delivery) }
        try update.run()
        return connection.changes
    }

    /// A delivery that was cancelled while its request was on the wire stays cancelled, here and above.
    private func move(_ delivery: Int64, _ transition: Transition) throws(OutboxProblem) -> Int {
        let to = DeliveryCount(transition.state, attempts: transition.attempts)
        if try move(delivery, transition, from: .pending) {
            count(1, from: DeliveryCount(.pending, attempts: transition.attempts - 1), to: to)
            return 1
        }
        guard try move(delivery, transition, from: .held) else { return 0 }
        count(1, from: .held, to: to)
        return 1
    }

    private func move(_ delivery: Int64, _ transition: Transition, from state: DeliveryState) throws(OutboxProblem) -> Bool {
        assert(state.mayBecome(transition.state), "a \(state) delivery can't become \(transition.state)")
        let update = try connection.statement(
            """
            UPDATE posthorn_delivery SET state = ?2, attempts = ?3, next_attempt_at = ?4, scheduled_at = NULL,
                round_base = coalesce(?5, round_base)
            WHERE id = ?1 AND state = ?6
            """
        )
        update.bindStatic(6, Self.word(for: state))
        update.bind(1, delivery)
        update.bindStatic(2, Self.word(for: transition.state))
        update.bind(3, Int64(transition.attempts))
        update.bind(4, transition.nextAttemptAt?.milliseconds)
        update.bind(5, transition.roundStartAttempt.map(Int64.init))
        try update.run()
        return connection.changes > 0
    }

    static func attemptInsert(rows: Int) -> String {
        """
        INSERT OR FAIL INTO posthorn_attempt (\(attemptColumns.joined(separator: ", ")))
        VALUES \(WideStatement.list("(\(WideStatement.list("?", attemptColumns.count)))", rows))
        """
    }

    static func deliveredUpdate(rows: Int, from state: DeliveryState) -> String {
        """
        UPDATE OR FAIL posthorn_delivery SET state = 'delivered', attempts = ?1, next_attempt_at = NULL, scheduled_at = NULL
        WHERE id IN (\(WideStatement.list("?", rows))) AND state = '\(state.rawValue)'
        """
    }

    /// The state's word as a constant, which spares a copy for every delivery.
    private static func word(for state: DeliveryState) -> StaticString {
        switch state {
        case .pending: return "pending"
        case .held: return "held"
        case .delivered: return "delivered"
        case .exhausted: return "exhausted"
        case .cancelled: return "cancelled"
        }
    }
}
