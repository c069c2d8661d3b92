import PosthornModel
import PosthornStore
import PosthornText

extension MemoryStore {
    // MARK: Due

    func scanReady(
        after id: Int64,
        limit: Int,
        _ visit: (ReadyRow) throws(OutboxProblem) -> Bool
    ) throws(OutboxProblem) -> ScanEnd {
        let rows = tables.deliveries
        var left = limit
        for row in rows[Tables.index(after: id, in: rows, \.id)...] where row.isReady {
            left -= 1
            if try !visit(ReadyRow(delivery: row.id, revision: row.revision, event: row.event)) { return .stopped }
            if left == 0 { return .atLimit }
        }
        return .atEnd
    }

    func scanRetries(
        after position: RetryPosition,
        dueBy now: Timestamp,
        limit: Int,
        _ visit: (RetryRow) throws(OutboxProblem) -> Bool
    ) throws(OutboxProblem) -> ScanEnd {
        var rows: [RetryRow] = []
        for row in tables.deliveries where row.isRetry {
            guard let due = row.due, due <= now else { continue }
            let place = RetryPosition(due: due.milliseconds, delivery: row.id)
            if place > position {
                rows.append(RetryRow(position: place, revision: row.revision, event: row.event, attempts: row.attempts))
            }
        }
        for (index, row) in rows.sorted(by: { $0.position < $1.position }).enumerated() {
            if try !visit(row) { return .stopped }
            if index + 1 == limit { return .atLimit }
        }
        return .atEnd
    }

    func nextRetry(after now: Timestamp) throws(OutboxProblem) -> Timestamp? {
        tables.deliveries.lazy.filter(\.isRetry).compactMap(\.due).filter { $0 > now }.min()
    }

    func hasUnsettled() throws(OutboxProblem) -> Bool {
        let tables = tables
        return !tables.arrivals.isEmpty || tables.deliveries.contains { $0.state == .pending }
    }

    func round(of delivery: Int64) throws(OutboxProblem) -> DeliveryRound {
        let tables = tables
        return tables.place(ofDelivery: delivery).map { tables.deliveries[$0].round } ?? DeliveryRound()
    }

    // MARK: Recording

    @discardableResult
    func record(_ attempts: [AttemptRecord]) throws(OutboxProblem) -> UnmovedDeliveries {
        let (unmoved, revisions) = try update { (tables) throws(OutboxProblem) in
            var unmoved = UnmovedDeliveries()
            var revisions: Set<Int64> = []
            for attempt in attempts {
                guard let place = tables.place(ofDelivery: attempt.delivery) else {
                    unmoved.gone.insert(attempt.delivery)
                    continue
                }
                revisions.insert(tables.deliveries[place].revision)
                let made = tables.attempts[attempt.delivery, default: []]
                if made.contains(where: { $0.number == attempt.number }) {
                    throw OutboxProblem(.constraint, "this attempt was recorded already")
                }
                tables.attempts[attempt.delivery] =
                    made + [Attempt(delivery: attempt.delivery, number: attempt.number, outcome: attempt.outcome)]
                tables.deliveries[place].attempts = attempt.number
                if tables.deliveries[place].waits {
                    tables.deliveries[place].move(attempt.transition)
                } else {
                    unmoved.cancelled.insert(attempt.delivery)
                }
            }
            return (unmoved, revisions)
        }
        for revision in revisions { if let endpoint = tables.revision(revision)?.endpoint { noteRecorded(ofEndpoint: endpoint) } }
        return unmoved
    }

    func compressDueTimes(speed: Double, at now: Timestamp) throws(OutboxProblem) {
        func nearer(_ time: Timestamp) -> Timestamp {
            let ahead = Double(time.milliseconds - now.milliseconds)
            return ahead > 0 ? now.advanced(byMilliseconds: Int64(ahead / speed) + 1) : time
        }
        try update { (tables) throws(OutboxProblem) in
            for place in tables.deliveries.indices where tables.deliveries[place].isRetry {
                let round = tables.deliveries[place].round
                tables.deliveries[place].due = tables.deliveries[place].due.map(nearer)
                tables.deliveries[place].round = DeliveryRound(base: round.base, scheduledAt: round.scheduledAt.map(nearer))
            }
            for place in tables.mails.indices where tables.mails[place].state == .waiting {
                tables.mails[place].due = tables.mails[place].due.map(nearer)
            }
        }
    }

    // MARK: Held

    func hold(_ deliveries: [Int64]) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            for id in deliveries {
                guard let place = tables.place(ofDelivery: id), tables.deliveries[place].state == .pending else { continue }
                tables.deliveries[place].state = .held
            }
        }
    }

    func holdInactive(limit: Int) throws(OutboxProblem) -> Int {
        try move(limit) { row, endpoint in
            guard row.state == .pending, endpoint.state == .disabled || endpoint.state == .unverified else { return false }
            row.state = .held
            return true
        }
    }

    func releaseActive(limit: Int, except endpoints: [Int64], at now: Timestamp) throws(OutboxProblem) -> Int {
        try move(limit) { row, endpoint in
            guard row.state == .held, endpoint.state == .active, !endpoints.contains(endpoint.key) else { return false }
            row.state = .pending
            row.due = row.due ?? now
            return true
        }
    }

    func waitingDeliveries(ofEndpoint key: Int64) throws(OutboxProblem) -> Int {
        let tables = tables
        return tables.deliveries.count { $0.waits && tables.revision($0.revision)?.endpoint == key }
    }

    private func move(_ limit: Int, _ change: (inout DeliveryRow, EndpointRow) -> Bool) throws(OutboxProblem) -> Int {
        try update { (tables) throws(OutboxProblem) in
            var moved = 0
            for place in tables.deliveries.indices where moved < limit && tables.deliveries[place].waits {
                guard let endpoint = tables.endpoint(ofRevision: tables.deliveries[place].revision) else { continue }
                if change(&tables.deliveries[place], endpoint) { moved += 1 }
            }
            if moved > 0 { tables.queueGeneration += 1 }
            return moved
        }
    }

    // MARK: By hand

    func queueGeneration() throws(OutboxProblem) -> Int64 { tables.queueGeneration }

    func retry(_ ids: [Int64], _ manner: RetryManner, at now: Timestamp) throws(OutboxProblem) -> RetryReport {
        var report = RetryReport()
        let unknown = try eachDelivery(ids) { row, endpoint, newest in
            let state = row.state
            let moves = manner.atCurrentURL && row.revision != newest
            let decision = row.round.retriedByHand(
                state: state,
                attempts: row.attempts,
                due: row.due,
                wholeRound: manner.wholeRound,
                scheduleAttempts: endpoint.settings.retry.attempts,
                at: now
            )
            if moves, state == .held || decision != nil {
                row.revision = newest
                report.moved += 1
            }
            if let decision {
                (row.state, row.round, row.due) = (.pending, decision.round, decision.due)
                report.count(endpoint.settings.id, endpoint.state)
            } else if !moves || state != .held {
                report.refused.append(.init(delivery: row.id, state: state))
            }
        }
        report.unknown = unknown
        if report.retried > 0 || report.moved > 0 { try countQueueUp() }
        return report
    }

    func resend(_ ids: [Int64], at now: Timestamp) throws(OutboxProblem) -> RetryReport {
        var report = RetryReport()
        let unknown = try eachDelivery(ids) { row, endpoint, _ in
            guard DeliveryAction.resend.states.contains(row.state) else {
                report.refused.append(.init(delivery: row.id, state: row.state))
                return
            }
            (row.state, row.round, row.due) = (.pending, DeliveryRound(base: row.attempts), now)
            report.count(endpoint.settings.id, endpoint.state)
        }
        report.unknown = unknown
        if report.retried > 0 { try countQueueUp() }
        return report
    }

    func cancel(_ ids: [Int64]) throws(OutboxProblem) -> CancelReport {
        var report = CancelReport()
        let unknown = try eachDelivery(ids) { row, _, _ in
            guard DeliveryAction.cancel.states.contains(row.state) else {
                report.refused.append(.init(delivery: row.id, state: row.state))
                return
            }
            row.cancel()
            report.cancelled += 1
        }
        report.unknown = unknown
        if report.cancelled > 0 { try countQueueUp() }
        return report
    }

    private func countQueueUp() throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in tables.queueGeneration += 1 }
    }

    /// - Parameter change: Gets a delivery, its endpoint and the endpoint's newest revision.
    /// - Returns: Numbers that name no delivery.
    private func eachDelivery(
        _ ids: [Int64],
        _ change: (inout DeliveryRow, EndpointRow, Int64) -> Void
    ) throws(OutboxProblem) -> [Int64] {
        try update { (tables) throws(OutboxProblem) in
            var missing: [Int64] = []
            for id in ids {
                guard let place = tables.place(ofDelivery: id),
                    let endpoint = tables.endpoint(ofRevision: tables.deliveries[place].revision),
                    let newest = tables.newestRevision(ofEndpoint: endpoint.key)?.key
                else {
                    missing.append(id)
                    continue
                }
                change(&tables.deliveries[place], endpoint, newest)
            }
            return missing
        }
    }
}

extension DeliveryRow {
    mutating func cancel() {
        state = .cancelled
        due = nil
        round = DeliveryRound(base: round.base)
    }

    fileprivate mutating func move(_ transition: Transition) {
        state = transition.state
        attempts = transition.attempts
        due = transition.nextAttemptAt
        round = DeliveryRound(base: transition.roundBase ?? round.base)
    }
}
