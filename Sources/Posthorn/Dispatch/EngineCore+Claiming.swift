import PosthornModel
import PosthornText
import PosthornOutbox
import PosthornSending
import PosthornSystem

extension EngineCore {
    /// Rows that one reading looks at, so that a turn stays short.
    private static let rowsPerReading = 8192

    /// A due delivery of either lane.
    fileprivate struct Due {
        let delivery: Int64
        let revision: Int64
        let event: Int64
        let attempts: Int
    }

    /// Claims what is due, unless the outbox is damaged where that is read: then it is tried again after ever longer pauses, while
    /// what was claimed before goes out and is recorded.
    /// - Returns: Whether there is more to look at at once.
    func claimUnlessDamaged(_ store: any OutboxStore, _ now: Timestamp) throws(OutboxProblem) -> Bool {
        if claimBackoff.nanosecondsLeft(now: MonotonicClock.nanoseconds()) > 0 { return false }
        do throws(OutboxProblem) {
            let goesOn = try claim(store, now)
            guard claimBackoff.succeeded() else { return goesOn }
            listeners.tell(.claimRecovered)
            // Rows that were passed by when a reading broke off are looked at again.
            startOver(queueGeneration)
            return true
        } catch {
            if error.mayPass || error.code == .replaced { throw error }
            if claimBackoff.failed(error.message, now: MonotonicClock.nanoseconds()) { listeners.tell(.claimFailed(.init(error))) }
            return false
        }
    }

    /// Claims what is due and has room, and hands it to the senders.
    /// - Returns: Whether there is more to look at at once.
    func claim(_ store: any OutboxStore, _ now: Timestamp) throws(OutboxProblem) -> Bool {
        var jobs = pool.makeBatch()
        defer { pool.submit(jobs) }
        window.isStalled = window.isFull && MonotonicClock.nanoseconds() - lastRelease > ClaimWindow.stallMilliseconds * 1_000_000
        let readyGoesOn = try readReady(store, now, &jobs)
        let retriesGoOn = try readRetries(store, now, &jobs)
        return readyGoesOn || retriesGoOn
    }

    /// Everything that is pending is looked at again, from the beginning.
    func startOver(_ generation: Int64) {
        queueGeneration = generation
        ready.startOver()
        retries.startOver()
        scout.startOver()
        nextRetry = nil
    }

    private func readReady(
        _ store: any OutboxStore,
        _ now: Timestamp,
        _ jobs: inout SendBatch
    ) throws(OutboxProblem) -> Bool {
        var goesOn = false
        if let start = ready.rereadStart {
            var last = start
            let end = try store.scanReady(after: start, limit: Self.rowsPerReading) { (row) throws(OutboxProblem) in
                last = row.delivery
                return try consider(Due(row), store, now, &jobs) { endpoint, room in
                    ready.rereading(row.delivery, before: row.delivery - 1, endpoint: endpoint, room: room)
                }
            }
            ready.reread(upTo: end == .atEnd || last > ready.frontier ? nil : end == .stopped ? last - 1 : last)
            goesOn = end == .atLimit
        }
        let end = try store.scanReady(after: ready.frontier, limit: Self.rowsPerReading) { (row) throws(OutboxProblem) in
            try consider(Due(row), store, now, &jobs) { endpoint, room in
                ready.atFrontier(row.delivery, before: row.delivery - 1, endpoint: endpoint, room: room)
            }
        }
        if end == .stopped, !window.isStalled { try lookAhead(store, now, &jobs) }
        return goesOn || end == .atLimit
    }

    /// The window is full: takes what those who hold little have behind the frontier.
    private func lookAhead(_ store: any OutboxStore, _ now: Timestamp, _ jobs: inout SendBatch) throws(OutboxProblem) {
        let start = scout.start(frontier: ready.frontier, at: now)
        let end = try store.scanReady(after: start, limit: Scout.rowsPerTurn) { (row) throws(OutboxProblem) in
            if window.isAtItsEnd { return false }
            return try consider(Due(row), store, now, &jobs) { endpoint, room in
                scout.visits(row.delivery, isFree: room == .free || room == .exhausted, held: window.held(endpoint))
            }
        }
        if end == .atEnd { scout.reachedTheEnd(at: now) }
    }

    private func readRetries(
        _ store: any OutboxStore,
        _ now: Timestamp,
        _ jobs: inout SendBatch
    ) throws(OutboxProblem) -> Bool {
        var goesOn = false
        if let start = retries.rereadStart {
            var last = start
            let end = try store.scanRetries(after: start, dueBy: now, limit: Self.rowsPerReading) { (row) throws(OutboxProblem) in
                last = row.position
                return try consider(Due(row), store, now, &jobs) { endpoint, room in
                    retries.rereading(row.position, before: row.position.predecessor, endpoint: endpoint, room: room)
                }
            }
            retries.reread(upTo: end == .atEnd || last > retries.frontier ? nil : end == .stopped ? last.predecessor : last)
            goesOn = end == .atLimit
        }
        if let due = nextRetry, due > now { return goesOn }
        let end = try store.scanRetries(after: retries.frontier, dueBy: now, limit: Self.rowsPerReading) { (row) throws(OutboxProblem) in
            try consider(Due(row), store, now, &jobs) { endpoint, room in
                retries.atFrontier(row.position, before: row.position.predecessor, endpoint: endpoint, room: room)
            }
        }
        if end == .atEnd {
            // Nothing is known to be due before this; what is recorded meanwhile moves it.
            nextRetry = try store.nextRetry(after: now) ?? Timestamp(milliseconds: .max)
        }
        return goesOn || end == .atLimit
    }

    /// Asks a lane about a row and carries out what it decides. Returns whether to go on.
    private func consider<Position>(
        _ due: Due,
        _ store: any OutboxStore,
        _ now: Timestamp,
        _ jobs: inout SendBatch,
        _ decide: (_ endpoint: Int, Lane<Position>.Room) -> Lane<Position>.Decision
    ) throws(OutboxProblem) -> Bool {
        guard let target = try directory.target(of: due.revision, in: store, at: now) else {
            tellStray(due.delivery)
            return true
        }
        window.grow(to: directory.placeCount)
        let isActive = directory[target.endpoint].isActive
        let isClaimed = claims[due.delivery] != nil
        if !isActive, !isClaimed, toHold.count < Self.rowsPerReading { toHold.append(due.delivery) }
        let room: Lane<Position>.Room = isActive && !isClaimed ? window.room(target.endpoint) : .none
        switch decide(target.endpoint, room) {
        case .stop: return false
        case .pass: return true
        case .take: break
        }
        guard let sendTarget = target.sendTarget else { return true }
        var known = events[due.event]
        if known == nil {
            do throws(OutboxProblem) { known = try readEvent(due.event, store) } catch {
                // One event on a damaged page holds up no others.
                if error.mayPass { throw error }
            }
        }
        guard var shared = known else {
            tellStray(due.delivery)
            return true
        }
        shared.claims += 1
        events[due.event] = shared
        let bytes = shared.event.event.data.count
        window.take(target.endpoint, bytes: bytes)
        claims[due.delivery] = Claim(endpoint: target.endpoint, event: due.event, bytes: bytes)
        jobs.append(SendJob(id: due.delivery, attempt: due.attempts + 1, event: shared.event, target: sendTarget))
        return true
    }

    /// A damaged outbox may hold any number of them; `doctor` counts them.
    private func tellStray(_ delivery: Int64) {
        if hasToldStray { return }
        hasToldStray = true
        listeners.tell(.strayDelivery(delivery))
    }

    private func readEvent(_ number: Int64, _ store: any OutboxStore) throws(OutboxProblem) -> SharedEvent? {
        guard let (event, isChecked) = try store.event(number) else { return nil }
        return SharedEvent(event: AcceptedEvent(event, isChecked: isChecked))
    }
}

extension EngineCore.Due {
    fileprivate init(_ row: ReadyRow) {
        self.init(delivery: row.delivery, revision: row.revision, event: row.event, attempts: 0)
    }

    fileprivate init(_ row: RetryRow) {
        self.init(
            delivery: row.position.delivery,
            revision: row.revision,
            event: row.event,
            attempts: row.attempts
        )
    }
}

extension RetryPosition {
    /// The place just in front of this one.
    var predecessor: RetryPosition { RetryPosition(due: due, delivery: delivery - 1) }
}
