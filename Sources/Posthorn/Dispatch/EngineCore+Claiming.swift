import PosthornModel
import PosthornText
import PosthornStore
import PosthornSending
import PosthornSystem
import Synchronization

extension EngineCore {
    /// Rows that one reading looks at, so that a turn stays short.
    private static let rowsPerReading = 8192

    /// A due delivery of either cursor.
    fileprivate struct Due {
        let delivery: Int64
        let revision: Int64
        let event: Int64
        let attempts: Int
        /// When it was due, in milliseconds.
        let due: Int64
    }

    /// Claims what is due, unless the outbox is damaged where that is read: then it is tried again after ever longer pauses, while
    /// what was claimed before goes out and is recorded.
    /// - Returns: Whether there is more to look at at once.
    func claimUnlessDamaged(_ store: any OutboxStore, _ now: Timestamp) throws(OutboxProblem) -> Bool {
        if dispatch.backoff.nanosecondsLeft(now: MonotonicClock.nanoseconds()) > 0 { return false }
        do throws(OutboxProblem) {
            let goesOn = try claim(store, now)
            guard dispatch.backoff.succeeded() else { return goesOn }
            listeners.tell(.claimRecovered)
            // Rows that were passed by when a reading broke off are looked at again.
            dispatch.startOver(dispatch.queueGeneration)
            return true
        } catch {
            if error.mayPass || error.code == .replaced { throw error }
            if dispatch.backoff.failed(error.message, now: MonotonicClock.nanoseconds()) { listeners.tell(.claimFailed(.init(error))) }
            return false
        }
    }

    /// Claims what is due and has room, and hands it to the senders.
    /// - Returns: Whether there is more to look at at once.
    func claim(_ store: any OutboxStore, _ now: Timestamp) throws(OutboxProblem) -> Bool {
        var jobs = pool.makeBatch()
        defer { pool.submit(jobs) }
        dispatch.window.isStalled =
            dispatch.window.isFull && MonotonicClock.nanoseconds() - lastRelease > ClaimWindow.stallMilliseconds * 1_000_000
        // What a throttled endpoint may start goes to both cursors in turn.
        if !dispatch.lanes.isIdle { try readHeads(store, now, &jobs) }
        dispatch.retriesGoFirst = !dispatch.retriesGoFirst && !throttles.isEmpty
        let retriesGoOnFirst = dispatch.retriesGoFirst ? try readRetries(store, now, &jobs) : false
        let readyGoesOn = try readReady(store, now, &jobs)
        let retriesGoOn = dispatch.retriesGoFirst ? retriesGoOnFirst : try readRetries(store, now, &jobs)
        return readyGoesOn || retriesGoOn
    }

    private func readReady(
        _ store: any OutboxStore,
        _ now: Timestamp,
        _ jobs: inout SendBatch
    ) throws(OutboxProblem) -> Bool {
        var goesOn = false
        if let start = dispatch.ready.rereadStart {
            var last = start
            let end = try store.scanReady(after: start, limit: Self.rowsPerReading) { (row) throws(OutboxProblem) in
                last = row.delivery
                return try consider(Due(row), store, now, &jobs) { endpoint, room in
                    dispatch.ready.rereading(row.delivery, before: row.delivery - 1, endpoint: endpoint, room: room)
                }
            }
            dispatch.ready.reread(upTo: end == .atEnd || last > dispatch.ready.frontier ? nil : end == .stopped ? last - 1 : last)
            goesOn = end == .atLimit
        }
        let end = try store.scanReady(after: dispatch.ready.frontier, limit: Self.rowsPerReading) { (row) throws(OutboxProblem) in
            try consider(Due(row), store, now, &jobs) { endpoint, room in
                dispatch.ready.atFrontier(row.delivery, before: row.delivery - 1, endpoint: endpoint, room: room)
            }
        }
        if end == .stopped, !dispatch.window.isStalled { try lookAhead(store, now, &jobs) }
        return goesOn || end == .atLimit
    }

    /// The window is full: takes what those who hold little have behind the frontier.
    private func lookAhead(_ store: any OutboxStore, _ now: Timestamp, _ jobs: inout SendBatch) throws(OutboxProblem) {
        let start = dispatch.scout.start(frontier: dispatch.ready.frontier, at: now)
        let end = try store.scanReady(after: start, limit: LookaheadScan.rowsPerTurn) { (row) throws(OutboxProblem) in
            if dispatch.window.isAtItsEnd { return false }
            return try consider(Due(row), store, now, &jobs) { endpoint, room in
                dispatch.scout.visits(row.delivery, isFree: room == .free || room == .exhausted, held: dispatch.window.held(endpoint))
            }
        }
        if end == .atEnd { dispatch.scout.reachedTheEnd(at: now) }
    }

    private func readRetries(
        _ store: any OutboxStore,
        _ now: Timestamp,
        _ jobs: inout SendBatch
    ) throws(OutboxProblem) -> Bool {
        var goesOn = false
        if let start = dispatch.retries.rereadStart {
            var last = start
            let end = try store.scanRetries(after: start, dueBy: now, limit: Self.rowsPerReading) { (row) throws(OutboxProblem) in
                last = row.position
                return try consider(Due(row), store, now, &jobs) { endpoint, room in
                    dispatch.retries.rereading(row.position, before: row.position.predecessor, endpoint: endpoint, room: room)
                }
            }
            dispatch.retries.reread(
                upTo: end == .atEnd || last > dispatch.retries.frontier ? nil : end == .stopped ? last.predecessor : last
            )
            goesOn = end == .atLimit
        }
        if let due = dispatch.nextRetry, due > now { return goesOn }
        let end = try store.scanRetries(after: dispatch.retries.frontier, dueBy: now, limit: Self.rowsPerReading) {
            (row) throws(OutboxProblem) in
            try consider(Due(row), store, now, &jobs) { endpoint, room in
                dispatch.retries.atFrontier(row.position, before: row.position.predecessor, endpoint: endpoint, room: room)
            }
        }
        if end == .atEnd {
            // Nothing is known to be due before this; what is recorded meanwhile moves it.
            dispatch.nextRetry = try store.nextRetry(after: now) ?? Timestamp(milliseconds: .max)
        }
        return goesOn || end == .atLimit
    }

    /// Asks a cursor about a row and carries out what it decides. Returns whether to go on.
    private func consider<Position>(
        _ due: Due,
        _ store: any OutboxStore,
        _ now: Timestamp,
        _ jobs: inout SendBatch,
        _ decide: (_ endpoint: Int, ScanCursor<Position>.Room) -> ScanCursor<Position>.Decision
    ) throws(OutboxProblem) -> Bool {
        guard let target = try directory.target(of: due.revision, in: store, at: now) else {
            tellStray(due.delivery)
            return true
        }
        dispatch.window.grow(to: directory.slotCount)
        // Another engine's, or asked back by one: everything is looked at again when the shard comes.
        if !dispatch.leases.holdsAll, !dispatch.leases.mayStart(directory[target.endpoint].stored.key) {
            return decide(target.endpoint, .none) != .stop
        }
        let isActive = directory[target.endpoint].isActive
        let isClaimed = dispatch.claims[due.delivery] != nil
        if !isActive, !isClaimed {
            // What fails at once is in memory until it is recorded, like any other.
            if dispatch.window.isAtItsEnd { return false }
            if try failsAtOnce(due, target, store, now) { return true }
            held.hold(due.delivery)
        }
        var room: ScanCursor<Position>.Room = isActive && !isClaimed ? dispatch.window.room(target.endpoint) : .none
        // What a receiver does not want now waits as if its endpoint had no room.
        if isActive, !isClaimed, !throttles.isEmpty, !throttles.mayStart(target.endpoint, at: now) { room = .full }
        // The same for what its node's tree, or all together, may not send yet.
        if !limits.isEmpty, room == .free, !limits.mayStart(target.endpoint) { room = .full }
        // What is not at the head of its lane comes when it is; see LaneBook.
        var place: LanePlace?
        if !dispatch.lanes.isIdle, room == .free || room == .exhausted {
            place = try lanePlace(of: due.delivery, at: target.endpoint, store)
            if let place, !dispatch.lanes.mayGo(due.delivery, place) { room = .none }
        }
        switch decide(target.endpoint, room) {
        case .stop: return false
        case .pass: return true
        case .take: break
        }
        guard let sendTarget = target.sendTarget else { return true }
        guard let shared = try sharedEvent(due.event, store) else {
            tellStray(due.delivery)
            return true
        }
        jobs.append(admit(due, target.endpoint, shared, sendTarget))
        if let place { dispatch.lanes.take(due.delivery, place) }
        return true
    }

    /// The same for one that has come to the head of its lane.
    func consider(
        headRow row: RetryRow,
        _ store: any OutboxStore,
        _ now: Timestamp,
        _ jobs: inout SendBatch,
        _ decide: (_ endpoint: Int, ScanCursor<Int64>.Room) -> ScanCursor<Int64>.Decision
    ) throws(OutboxProblem) -> Bool {
        try consider(Due(row), store, now, &jobs, decide)
    }

    /// Puts a delivery into the window.
    private func admit(_ due: Due, _ endpoint: Int, _ event: DispatchState.SharedEvent, _ target: SendTarget) -> SendJob {
        var shared = event
        shared.claims += 1
        dispatch.events[due.event] = shared
        if !throttles.isEmpty { throttles.take(due.delivery, ofEndpoint: endpoint) }
        if !limits.isEmpty { limits.take(endpoint) }
        let bytes = shared.event.event.data.count
        dispatch.window.take(endpoint, bytes: bytes)
        dispatch.claims[due.delivery] = DispatchState.Claim(
            endpoint: endpoint,
            event: due.event,
            bytes: bytes,
            due: due.attempts == 0 ? nil : due.due
        )
        return SendJob(
            id: due.delivery,
            attempt: due.attempts + 1,
            due: Timestamp(milliseconds: due.due),
            event: shared.event,
            target: target
        )
    }

    /// Fails a first attempt for an endpoint that takes none at present, when its format cannot carry the event: waiting for the
    /// endpoint would not help.
    private func failsAtOnce(
        _ due: Due,
        _ target: EndpointDirectory.Target,
        _ store: any OutboxStore,
        _ now: Timestamp
    ) throws(OutboxProblem) -> Bool {
        let entry = directory[target.endpoint]
        guard due.attempts == 0, due.revision == entry.stored.revision, entry.stored.state != .removed,
            entry.mayRefuse, let sendTarget = target.sendTarget,
            let shared = try sharedEvent(due.event, store),
            let problem = UncarriedDelivery(shared.event.event, entry.stored.settings.id, entry.composer)
        else { return false }
        let outcome = AttemptOutcome(started: now, durationMicroseconds: 0, error: .unbuildable, errorText: problem.reason)
        take([SendResult(job: admit(due, target.endpoint, shared, sendTarget), outcome: outcome)])
        return true
    }

    /// Takes back what the senders did not start.
    func takeRecalled() {
        let jobs = inbox.withLock { inbox in
            defer { inbox.recalled = [] }
            return inbox.recalled
        }
        for job in jobs { putBack(job.id) }
    }

    /// Lets go of a delivery of which no attempt is recorded.
    func putBack(_ delivery: Int64) {
        guard let claim = dispatch.removeClaim(of: delivery) else { return }
        let wasAbandoned = dispatch.abandoned.removeValue(forKey: delivery) != nil
        if !limits.isEmpty { limits.finish(claim.endpoint) }
        _ = dispatch.window.finish(claim.endpoint, bytes: claim.bytes, succeeded: nil)
        if throttles.returned(delivery, ofEndpoint: claim.endpoint) { dispatch.hasRoom(claim.endpoint) }
        // After a failover another delivery may have its number, of another endpoint and with another time.
        if wasAbandoned { return dispatch.startOver(dispatch.queueGeneration) }
        let entry = directory[claim.endpoint]
        if !dispatch.leases.mayStart(entry.stored.key) { return }
        if entry.isActive, entry.order != nil {
            dispatch.lanes.add(head: delivery, ofEndpoint: claim.endpoint)
        } else if entry.isActive {
            // Throttled, or switched on again meanwhile: the cursors have passed this delivery already.
            if let due = claim.due {
                dispatch.retries.inserted(after: RetryPosition(due: due, delivery: delivery - 1), endpoint: claim.endpoint)
                dispatch.retries.hasRoom(claim.endpoint)
                // A scan that has reached the end since would wait for a later one otherwise.
                if let known = dispatch.nextRetry { dispatch.nextRetry = min(known, Timestamp(milliseconds: due)) }
            } else {
                dispatch.ready.inserted(after: delivery - 1, endpoint: claim.endpoint)
                dispatch.ready.hasRoom(claim.endpoint)
            }
        } else {
            held.hold(delivery)
        }
    }

    /// An event of the claims, or read from the store; `nil` when it cannot be read.
    private func sharedEvent(_ number: Int64, _ store: any EventLog) throws(OutboxProblem) -> DispatchState.SharedEvent? {
        if let known = dispatch.events[number] { return known }
        do throws(OutboxProblem) { return try readEvent(number, store) } catch {
            // One event on a damaged page holds up no others.
            if error.mayPass { throw error }
            return nil
        }
    }

    /// A damaged outbox may hold any number of them; `doctor` counts them.
    private func tellStray(_ delivery: Int64) {
        if dispatch.hasToldStray { return }
        dispatch.hasToldStray = true
        listeners.tell(.strayDelivery(delivery))
    }

    private func readEvent(_ number: Int64, _ store: any EventLog) throws(OutboxProblem) -> DispatchState.SharedEvent? {
        // What has lost its data is never sent.
        guard let (event, isChecked) = try store.event(number), event.hasData else { return nil }
        return DispatchState.SharedEvent(event: AcceptedEvent(event, isChecked: isChecked))
    }
}

extension EngineCore.Due {
    fileprivate init(_ row: ReadyRow) {
        self.init(delivery: row.delivery, revision: row.revision, event: row.event, attempts: 0, due: row.due)
    }

    fileprivate init(_ row: RetryRow) {
        self.init(
            delivery: row.position.delivery,
            revision: row.revision,
            event: row.event,
            attempts: row.attempts,
            due: row.position.due
        )
    }
}

extension RetryPosition {
    /// The place just in front of this one.
    var predecessor: RetryPosition { RetryPosition(due: due, delivery: delivery - 1) }
}
