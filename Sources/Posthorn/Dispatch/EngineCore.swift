import PosthornModel
import PosthornText
import PosthornStore
import PosthornSending
import PosthornSystem
import Synchronization

/// The engine's part that rides on the writer's thread: it claims what is due and records what became of it. What else is to be done on
/// that thread are its ``EngineDuty``s; what has threads of its own are the engine's ``EngineService``s.
final class EngineCore: CommitParticipant, InFlightQuery, @unchecked Sendable {
    // Everything that is not `let` is used on the writer's thread alone, which debug builds check at the doors of `CommitParticipant`, but
    // for what is in `inbox` and `shared`.
    private let owner = OwnerThread()

    let directory: EndpointDirectory
    let clock: any PosthornClock
    let configuration: EngineConfiguration
    let listeners: EngineListeners
    /// Set once, before the core boards the writer.
    var pool: (any RequestCarrier)!
    /// Set once, before the core boards the writer.
    var services: [any EngineService] = []
    /// In the order in which they write.
    let duties: [any EngineDuty]
    let held: HeldDuty
    let redating = RedatingDuty()
    let health: HealthDuty
    let ownEvents: OwnEventDuty
    let heartbeat: HeartbeatDuty

    // What is touched for every delivery is `unchecked`: it is confined to one thread, and Swift's check that no access
    // overlaps another cost 1,400 instructions a delivery, 3 % of the writer's. Throttles and limits are apart from the rest, because they ask about
    // it while they change.
    @exclusivity(unchecked) var dispatch = DispatchState()
    @exclusivity(unchecked) var throttles = ThrottleBook()
    @exclusivity(unchecked) var limits = LimitBook()

    /// Results that the next commit records, or that the last one failed to, in the batches that they came in: putting them
    /// into one array would count five references up and down for each.
    var recording: [[SendResult]] = []
    /// How many of these batches are made ready to be recorded.
    var finishedBatches = 0
    /// What is written of each of `recording`, in their order, while its commit is under way.
    var recorded: [AttemptRecord] = []
    /// Deliveries of which the commit that is under way found nothing left.
    var gone: [OrphanedResult] = []
    /// Deliveries that come to the head of their lanes with the commit that is under way, and their endpoints; and those that stop theirs.
    var nextHeads: [(delivery: Int64, endpoint: Int)] = []
    var stoppedLanes: [(delivery: Int64, endpoint: Int)] = []
    /// When results were let go of last, in monotonic nanoseconds.
    var lastRelease: Int64 = 0
    /// How many results the last commit recorded.
    private var lastGroup = 0

    var directoryVersion = 0
    var isFirstTurn = true
    /// Why it was told last that the outbox cannot be written; `nil` while it can.
    private var failureCode: OutboxProblem.Code?
    var storageFailed: Bool { failureCode != nil }
    /// Whether the transaction has queued a notification, or moved some.
    var hasMail = false

    /// Set when the engine has left the writer; whoever keeps it keeps this for its statistics alone.
    let hasLeft = Atomic(false)
    let inbox = Mutex(Inbox())
    let shared = Mutex(EngineStatistics())

    /// What came from the sender's threads.
    struct Inbox {
        var results: [[SendResult]] = []
        /// How many results that is.
        var count = 0
        var recalled: [SendJob] = []
        var isDraining = false
        /// Those who want to know what is in memory.
        var snapshots: [@Sendable (EngineSnapshot) -> Void] = []
    }

    init(
        directory: EndpointDirectory,
        clock: any PosthornClock,
        configuration: EngineConfiguration,
        listeners: EngineListeners,
        meter: OutboxMeter,
        clocks: ReceiverClocks
    ) {
        self.directory = directory
        self.clock = clock
        self.configuration = configuration
        self.listeners = listeners
        held = HeldDuty(directory, holdsRetries: configuration.untilSettled)
        heartbeat = HeartbeatDuty(clocks)
        ownEvents = OwnEventDuty(directory, meter, speed: configuration.speed)
        health = HealthDuty(directory, configuration, listeners, ownEvents)
        // A new one is a line here.
        duties = [
            WALGrowthDuty(listeners), ArrivalDuty(directory, meter), held, BrokenEndpointDuty(directory, listeners), redating, health,
            ownEvents, heartbeat, MeterDuty(directory, meter), StatisticsDuty(),
        ]
    }

    // MARK: From any thread

    /// Takes results from a sender.
    func take(_ results: [SendResult]) {
        inbox.withLock { inbox in
            inbox.results.append(results)
            inbox.count += results.count
        }
    }

    /// Takes jobs back that a sender did not start.
    func takeBack(_ jobs: [SendJob]) { inbox.withLock { $0.recalled += jobs } }

    /// From now on nothing is claimed.
    func startDraining() { inbox.withLock { $0.isDraining = true } }

    /// Whether every result that came in is recorded.
    var isRecorded: Bool {
        inbox.withLock { $0.results.isEmpty && $0.recalled.isEmpty } && shared.withLock { $0.claimed == 0 }
    }

    // MARK: CommitParticipant

    /// For the doors of what the writer's thread alone may touch; costs nothing in a release build.
    func checkThread() { assert(owner.isCurrent, "the engine's core was used beside the writer's thread") }

    var hasPendingWrites: Bool {
        storageFailed || !recording.isEmpty || duties.contains { $0.hasPendingWrites } || !throttles.news.isEmpty || !quietShards.isEmpty
            || inbox.withLock { !$0.results.isEmpty }
    }

    /// Results that make a commit of their own worth its flush: with 256 a delivery cost the writer 0.6 us more.
    private static let groupGoal = 512
    /// A commit with so many shows that results stream in.
    private static let streamGroup = 32

    var prefersLargerBatch: Bool {
        lastGroup >= Self.streamGroup && recording.isEmpty && inbox.withLock { $0.count } < Self.groupGoal
    }

    var recordedCount: Int { recorded.count }

    func committed() {
        checkThread()
        lastGroup = recorded.count
        // Before anything is released: what a probe's end brings is for the next commit.
        throttles.told()
        if !recorded.isEmpty { lastRelease = MonotonicClock.nanoseconds() }
        countCommitted()
        let wantsUpdates = listeners.wantsUpdates
        var next = 0
        for batch in recording {
            // Through a pointer: a loop over the array itself would count five references up and down for each result.
            batch.withUnsafeBufferPointer { results in
                guard let first = results.baseAddress else { return }
                for position in results.indices {
                    release(first + position, recorded.span[next].transition, wantsUpdates)
                    next += 1
                }
            }
        }
        if !dispatch.lanes.isIdle { takeNextHeads() }
        for delivery in gone { listeners.tell(.deliveryGone(delivery)) }
        gone.removeAll()
        recorded.removeAll(keepingCapacity: true)
        recording.removeAll(keepingCapacity: true)
        finishedBatches = 0
        if hasMail { tell(.mailsQueued) }
        hasMail = false
        suspend(health.takeSuspensions())
        publishStatistics()
    }

    /// Has the duties know what is durable now. A function of its own, so that nothing holds the arrays when they are emptied.
    private func countCommitted() {
        let results = CommittedResults(recording, recorded)
        for duty in duties { duty.committed(results) }
        shared.withLock { counts in
            counts.attempts += results.count
            counts.delivered += results.delivered
            counts.exhausted += results.exhausted
        }
    }

    func succeeded() -> Bool {
        checkThread()
        guard storageFailed else { return false }
        failureCode = nil
        // Rows that were passed by when a reading broke off are looked at again.
        dispatch.startOver(dispatch.queueGeneration)
        listeners.tell(.storageRecovered)
        pool.resume()
        return true
    }

    func failed(_ problem: OutboxProblem) {
        checkThread()
        recorded.removeAll(keepingCapacity: true)
        for duty in duties { duty.failed() }
        hasMail = false
        // The next transaction asks which shards are left, and lets go of the others' results.
        if problem.code == .fenced { return }
        // What was told first may pass by itself; a schema that is newer than this program does not.
        let isNews = !storageFailed || (problem.code == .schema && failureCode != .schema)
        if !isNews { return }
        if !storageFailed { pool.pause() }
        failureCode = problem.code
        listeners.tell(.storageFailed(.init(problem)))
    }

    func runCycle(_ store: any OutboxStore, foreignCommit: Bool) throws(OutboxProblem) -> Timestamp? {
        checkThread()
        let now = clock.now()
        takeRecalled()
        answerSnapshots()
        if isFirstTurn {
            directory.holder = self
            directory.otherComposer = configuration.composer
        }
        let turn = EngineTurn(
            now: now,
            foreignCommit: foreignCommit || isFirstTurn,
            inFlight: dispatch.claims.count,
            storageFailed: storageFailed
        )
        if turn.foreignCommit {
            _ = try directory.refresh(from: store, at: now)
            if try noticeWorkByHand(store) { tell(.mailsQueued) }
        }
        try followLease(store)
        try restoreThrottles(from: store, at: now)
        var nextLook: Timestamp?
        for duty in duties {
            if let next = try duty.look(turn, store) { nextLook = min(nextLook ?? next, next) }
        }
        isFirstTurn = false
        // Before anything is claimed: those that were suspended by the engine before get one request.
        suspend(health.takeSuspensions())
        try noticeTopology(store)
        // Only what was due was ever looked at, so the clock was put back: what has become due later than that is in front
        // of the frontier now and would be passed by.
        if dispatch.retries.frontier.due > now.milliseconds { dispatch.startOver(dispatch.queueGeneration) }
        lookAtThrottles(now)
        lookAtLimits(now)
        let isDraining = inbox.withLock { $0.isDraining }
        if !isDraining && !storageFailed {
            let goesOn = try claimUnlessDamaged(store, now)
            if configuration.untilSettled { try noticeSettled(store) }
            publishStatistics()
            noteLimits(now)
            if goesOn || hasNextThrottled { return now }
        }
        publishStatistics()
        if isDraining || storageFailed { return nil }
        // What is due has to wait for room: results bring it, and if none come, the reading goes on without.
        let next = dispatch.window.isFull ? now.advanced(byMilliseconds: ClaimWindow.stallMilliseconds) : dispatch.nextRetry
        let wait = dispatch.backoff.nanosecondsLeft(now: MonotonicClock.nanoseconds())
        // What cannot be read is not asked for more often because it is due.
        if dispatch.backoff.isFailing { return [now.advanced(byMilliseconds: wait / 1_000_000 + 1), nextLook].compactMap { $0 }.min() }
        let throttled = throttles.isEmpty ? nil : throttles.deadline(at: now, isReadingAgain: dispatch.isReadingAgain)
        return [next, nextLook, limitDeadline(now), throttled].compactMap { $0 }.min()
    }

    // MARK: Pieces of a turn

    func holds(_ index: Int) -> Bool { dispatch.window.held(index) > 0 }

    var isAttached: Bool { !hasLeft.load(ordering: .acquiring) }

    /// Passes news on to the services.
    func tell(_ news: EngineNews) { for service in services { service.notice(news) } }

    /// Deliveries may have been made due by hand, and mails.
    /// - Returns: Whether it is so. Inside a transaction mails are to be woken only after its commit, since they read over
    ///   another connection.
    func noticeWorkByHand(_ store: any ManualActions) throws(OutboxProblem) -> Bool {
        let generation = try store.queueGeneration()
        if generation == dispatch.queueGeneration { return false }
        dispatch.startOver(generation)
        return true
    }

    private func noticeSettled(_ store: any DeliveryQueue) throws(OutboxProblem) {
        // Asked first: an endpoint that is verified meanwhile has something to be written.
        let problem = services.lazy.compactMap(\.lastingProblem).first
        if problem == nil, services.contains(where: { $0.isUnsettled }) { return }
        guard dispatch.claims.isEmpty, !hasPendingWrites, try !store.hasUnsettled() else { return }
        listeners.settled(except: problem)
    }

    /// Lets go of a delivery whose attempt is recorded.
    private func release(_ result: UnsafePointer<SendResult>, _ transition: Transition, _ wantsUpdates: Bool) {
        guard let claim = dispatch.removeClaim(of: result.pointee.job.id) else { return }
        let succeeded = result.pointee.outcome.succeeded
        if let due = transition.nextAttemptAt, transition.state == .pending {
            let position = RetryPosition(due: due.milliseconds, delivery: result.pointee.job.id - 1)
            dispatch.retries.inserted(after: position, endpoint: claim.endpoint)
            if let known = dispatch.nextRetry { dispatch.nextRetry = min(known, due) }
        }
        if !limits.isEmpty { limits.finish(claim.endpoint) }
        let wasProbe =
            !throttles.isEmpty
            && throttles.ended(result.pointee.job.id, ofEndpoint: claim.endpoint, result.pointee.outcome, pause: probePause)
        if dispatch.window.finish(claim.endpoint, bytes: claim.bytes, succeeded: succeeded) || wasProbe { dispatch.hasRoom(claim.endpoint) }
        guard !succeeded || wantsUpdates else { return }
        listeners.tell(
            DeliveryUpdate(
                delivery: result.pointee.job.id,
                event: result.pointee.job.event.event.id,
                type: result.pointee.job.event.event.type,
                node: result.pointee.job.event.event.node,
                endpoint: directory[claim.endpoint].stored.settings.id,
                attempt: result.pointee.job.attempt,
                outcome: result.pointee.outcome,
                state: transition.state,
                nextAttemptAt: transition.nextAttemptAt,
                traceparent: result.pointee.job.event.event.traceparent
            )
        )
    }

    private func publishStatistics() {
        shared.withLock { counts in
            counts.claimed = dispatch.claims.count
            counts.nextRetry = dispatch.nextRetry.flatMap { $0.milliseconds == .max ? nil : $0 }
        }
    }
}
