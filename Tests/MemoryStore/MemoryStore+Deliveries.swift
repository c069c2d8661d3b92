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
            let ready = ReadyRow(delivery: row.id, revision: row.revision, event: row.event, due: row.due?.milliseconds ?? 0)
            if try !visit(ready) { return .stopped }
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
        return !tables.arrivals.isEmpty || tables.deliveries.contains { $0.state == .pending && !tables.standsStill($0.id) }
    }

    func rounds(of deliveries: [Int64]) throws(OutboxProblem) -> [Int64: DeliveryRound] {
        let tables = tables
        var rounds: [Int64: DeliveryRound] = [:]
        for delivery in deliveries { rounds[delivery] = tables.place(ofDelivery: delivery).map { tables.deliveries[$0].round } }
        return rounds
    }

    // MARK: Recording

    @discardableResult
    func record(_ attempts: [AttemptRecord]) throws(OutboxProblem) -> RecordConflicts {
        let (unmoved, revisions) = try update { (tables) throws(OutboxProblem) in
            var unmoved = RecordConflicts()
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

    func compressDueTimes(of shards: ShardSet, speed: Double, at now: Timestamp) throws(OutboxProblem) {
        func nearer(_ time: Timestamp) -> Timestamp {
            let ahead = Double(time.milliseconds - now.milliseconds)
            return ahead > 0 ? now.advanced(byMilliseconds: Int64(ahead / speed) + 1) : time
        }
        try update { (tables) throws(OutboxProblem) in
            for place in tables.deliveries.indices where tables.deliveries[place].isRetry {
                let endpoint = tables.endpoint(ofRevision: tables.deliveries[place].revision)
                if endpoint.map({ !shards.containsEndpoint($0.key) }) ?? true { continue }
                let round = tables.deliveries[place].round
                tables.deliveries[place].due = tables.deliveries[place].due.map(nearer)
                tables.deliveries[place].round = DeliveryRound(base: round.base, scheduledAt: round.scheduledAt.map(nearer))
            }
            if !shards.contains(ShardSet.mailShard) { return }
            for place in tables.mails.indices where tables.mails[place].state == .waiting {
                tables.mails[place].due = tables.mails[place].due.map(nearer)
            }
        }
    }

    func redate(
        of shards: ShardSet,
        below position: RetryPosition?,
        at now: Timestamp,
        limit: Int
    ) throws(OutboxProblem) -> RedatedRetries {
        try update { (tables) throws(OutboxProblem) in
            for place in tables.mails.indices
            where position == nil && shards.contains(ShardSet.mailShard) && tables.mails[place].state == .waiting {
                tables.mails[place].due = tables.mails[place].due.map { Redating.mailDue($0, now: now) ?? $0 }
            }
            func place(_ index: Int) -> RetryPosition {
                RetryPosition(due: (tables.deliveries[index].due ?? now).milliseconds, delivery: tables.deliveries[index].id)
            }
            let ahead = tables.deliveries.indices.filter { tables.deliveries[$0].isRetry && place($0).due > now.milliseconds }
            let below = ahead.filter { index in position.map { place(index) < $0 } ?? true }
            let last = below.sorted { place($1) < place($0) }.prefix(limit)
            let next = last.count < limit ? nil : last.last.map(place)
            var count = 0
            for place in last {
                let delivery = tables.deliveries[place]
                guard tables.endpoint(ofRevision: delivery.revision).map({ shards.containsEndpoint($0.key) }) ?? false,
                    let due = delivery.due, let attempt = tables.attempts[delivery.id]?.last?.outcome.started,
                    let shift = Redating.shift(due: due, lastAttempt: attempt, now: now)
                else { continue }
                tables.deliveries[place].due = due.advanced(byMilliseconds: -shift)
                tables.deliveries[place].round = DeliveryRound(
                    base: delivery.round.base,
                    scheduledAt: delivery.round.scheduledAt?.advanced(byMilliseconds: -shift)
                )
                count += 1
            }
            if count > 0 { tables.queueGeneration += 1 }
            return RedatedRetries(count: count, next: next)
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

    func holdRetries(ofEndpoints keys: [Int64], limit: Int) throws(OutboxProblem) -> Int {
        try move(limit) { row, endpoint in
            guard row.isRetry, keys.contains(endpoint.key) else { return false }
            row.state = .held
            return true
        }
    }

    func waitingDeliveries(ofEndpoint key: Int64, beyond last: Int64) throws(OutboxProblem) -> Int {
        let tables = tables
        return tables.deliveries.count { $0.id > last && $0.waits && tables.revision($0.revision)?.endpoint == key }
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

    func countQueueUp() throws(OutboxProblem) { try update { (tables) throws(OutboxProblem) in tables.queueGeneration += 1 } }

    func deliveryRow(_ id: Int64) throws(OutboxProblem) -> PosthornStore.DeliveryRow? {
        let tables = tables
        guard let place = tables.place(ofDelivery: id) else { return nil }
        let row = tables.deliveries[place]
        let endpoint = tables.endpoint(ofRevision: row.revision).map { endpoint in
            PosthornStore.DeliveryRow.Endpoint(
                id: endpoint.settings.id,
                state: endpoint.state,
                revision: tables.newestRevision(ofEndpoint: endpoint.key)?.key ?? row.revision,
                scheduleAttempts: endpoint.settings.retry.attempts
            )
        }
        return PosthornStore.DeliveryRow(
            state: row.state,
            attempts: row.attempts,
            due: row.due,
            round: row.round,
            revision: row.revision,
            hasData: tables.event(row.event)?.event.hasData ?? true,
            endpoint: endpoint
        )
    }

    func write(_ change: DeliveryChange, of delivery: Int64, from row: PosthornStore.DeliveryRow) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            guard let place = tables.place(ofDelivery: delivery) else { return }
            tables.deliveries[place].state = change.state
            tables.deliveries[place].due = change.due
            tables.deliveries[place].round = change.round
            tables.deliveries[place].revision = change.revision
            tables.lanes[delivery]?.waits = change.state != .cancelled
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
        assert(state.mayBecome(transition.state), "a \(state) delivery can't become \(transition.state)")
        state = transition.state
        attempts = transition.attempts
        due = transition.nextAttemptAt
        round = DeliveryRound(base: transition.roundStartAttempt ?? round.base)
    }
}
