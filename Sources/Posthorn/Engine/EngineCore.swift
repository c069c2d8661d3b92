import PosthornModel
import PosthornText
import PosthornStore
import PosthornSending
import PosthornSystem
import Synchronization

/// The engine's part that rides on the writer's thread: it records results, fans arrivals out, claims what is due.
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
    /// Set once, before the core boards the writer; `nil` when mails wait for a run that has a server for them.
    var mails: MailRunner?
    /// Whether the transaction has queued a notification.
    var hasMail = false
    /// Set once, before the core boards the writer.
    var handshakes: HandshakeRunner?

    // What is touched for every delivery is `unchecked`: it is confined to one thread, and Swift's check that no access
    // overlaps another cost 1,400 instructions a delivery, 3 % of the writer's.
    @exclusivity(unchecked) var window = ClaimWindow()
    @exclusivity(unchecked) var ready = ScanCursor<Int64>(start: 0)
    @exclusivity(unchecked) var retries = ScanCursor<RetryPosition>(start: .start)
    @exclusivity(unchecked) var scout = LookaheadScan()
    @exclusivity(unchecked) var throttles = ThrottleBook()
    var retriesGoFirst = false
    @exclusivity(unchecked) var leases = LeaseBook()
    @exclusivity(unchecked) var claims = IntegerTable<Claim>()
    /// Those claims whose shard another engine has by now: what comes of them is not recorded.
    var abandoned = IntegerTable<Void>()
    /// The events of the claims, by their numbers: an event's deliveries are claimed in several turns, and shall share it.
    @exclusivity(unchecked) var events = IntegerTable<SharedEvent>()
    var queueGeneration: Int64 = -1
    var directoryVersion = 0

    /// Results that the next commit records, or that the last one failed to, in the batches that they came in: putting them
    /// into one array would count five references up and down for each.
    var recording: [[SendResult]] = []
    /// What is written of each of `recording`, in their order, while its commit is under way.
    var recorded: [AttemptRecord] = []
    /// Deliveries of which the commit that is under way found nothing left.
    var gone: [OrphanedResult] = []
    /// When results were let go of last, in monotonic nanoseconds.
    var lastRelease: Int64 = 0
    /// How many results the last commit recorded.
    private var lastGroup = 0
    @exclusivity(unchecked) var toHold: [Int64] = []
    var mayHaveArrivals = false
    var mayHaveHeld = true
    /// Endpoints that take nothing, whose deliveries are to be held before they are due, by their numbers.
    var stopped: Set<Int64> = []
    /// Whether the transaction holds all of them.
    var hasHeldAll = false
    var isFirstTurn = true
    /// No retry is due before this; `nil` when that is not known.
    @exclusivity(unchecked) var nextRetry: Timestamp?
    var storageFailed = false
    var claimBackoff = ClaimBackoff()
    /// Whether it was told that a delivery points to nothing.
    var hasToldStray = false
    var faultWatch = FaultWatch()
    var logWatch = WALGrowthWatch()
    /// Whether what cannot be used is to be written down.
    var hasFaultNews = true
    @exclusivity(unchecked) var pulse = HeartbeatMeter()

    /// Set when the engine has left the writer; whoever keeps it keeps this for its statistics alone.
    let hasLeft = Atomic(false)
    let inbox = Mutex(Inbox())
    let shared = Mutex(EngineStatistics())

    /// A delivery in memory.
    struct Claim {
        let endpoint: Int
        let event: Int64
        let bytes: Int
        /// Where the retries' lane has it; `nil` for a first attempt.
        let due: Int64?
    }

    /// An event in memory.
    struct SharedEvent {
        let event: AcceptedEvent
        /// How many claims need it.
        var claims = 0
    }

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

    init(directory: EndpointDirectory, clock: any PosthornClock, configuration: EngineConfiguration, listeners: EngineListeners) {
        self.directory = directory
        self.clock = clock
        self.configuration = configuration
        self.listeners = listeners
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
        storageFailed || !recording.isEmpty || mayHaveArrivals || mayHaveHeld || !stopped.isEmpty || hasFaultNews || !toHold.isEmpty
            || !throttles.news.isEmpty || !quietShards.isEmpty || inbox.withLock { !$0.results.isEmpty }
    }

    /// Results that make a commit of their own worth its flush: with 256 a delivery cost the writer 0.6 us more.
    private static let groupGoal = 512
    /// A commit with so many shows that results stream in.
    private static let streamGroup = 32

    var prefersLargerBatch: Bool {
        lastGroup >= Self.streamGroup && recording.isEmpty && inbox.withLock { $0.count } < Self.groupGoal
    }

    func committed() {
        checkThread()
        lastGroup = recorded.count
        if !recorded.isEmpty { lastRelease = MonotonicClock.nanoseconds() }
        let wantsUpdates = listeners.wantsUpdates
        var next = 0
        var delivered = 0
        var exhausted = 0
        for batch in recording {
            // Through a pointer: a loop over the array itself would count five references up and down for each result.
            batch.withUnsafeBufferPointer { results in
                guard let first = results.baseAddress else { return }
                for place in results.indices {
                    let transition = recorded.span[next].transition
                    release(first + place, transition, wantsUpdates)
                    if transition.state == .delivered { delivered += 1 }
                    if transition.state == .exhausted { exhausted += 1 }
                    next += 1
                }
            }
        }
        shared.withLock { counts in
            counts.attempts += next
            counts.delivered += delivered
            counts.exhausted += exhausted
        }
        for delivery in gone { listeners.tell(.deliveryGone(delivery)) }
        gone.removeAll()
        recorded.removeAll(keepingCapacity: true)
        recording.removeAll(keepingCapacity: true)
        toHold.removeAll(keepingCapacity: true)
        if hasHeldAll { stopped = [] }
        hasHeldAll = false
        if hasMail { mails?.wake() }
        hasMail = false
        hasFaultNews = false
        throttles.told()
        publishStatistics()
    }

    func succeeded() -> Bool {
        checkThread()
        guard storageFailed else { return false }
        storageFailed = false
        // Rows that were passed by when a reading broke off are looked at again.
        startOver(queueGeneration)
        listeners.tell(.storageRecovered)
        pool.resume()
        return true
    }

    func failed(_ problem: OutboxProblem) {
        checkThread()
        recorded.removeAll(keepingCapacity: true)
        // What a transaction found to be done was undone with it.
        mayHaveHeld = true
        hasHeldAll = false
        mayHaveArrivals = true
        hasMail = false
        // The next transaction asks which shards are left, and lets go of the others' results.
        if storageFailed || problem.code == .fenced { return }
        storageFailed = true
        pool.pause()
        listeners.tell(.storageFailed(.init(problem)))
    }

    func runCycle(_ store: any OutboxStore, foreignCommit: Bool) throws(OutboxProblem) -> Timestamp? {
        checkThread()
        let now = clock.now()
        if let news = logWatch.update(store.pinnedBytes) { listeners.tell(news) }
        takeRecalled()
        answerSnapshots()
        if isFirstTurn { directory.holder = self }
        if foreignCommit || isFirstTurn {
            try catchUp(store, now)
            isFirstTurn = false
        }
        try followLease(store, now)
        let nextLook = try lookAtFaults(store, now, foreignCommit: foreignCommit)
        try noticeTopology(store)
        // Only what was due was ever looked at, so the clock was put back: what has become due later than that is in front
        // of the frontier now and would be passed by.
        if retries.frontier.due > now.milliseconds { startOver(queueGeneration) }
        lookAtThrottles(now)
        let isDraining = inbox.withLock { $0.isDraining }
        if !isDraining && !storageFailed {
            let goesOn = try claimUnlessDamaged(store, now)
            if configuration.untilSettled { try noticeSettled(store) }
            publishStatistics()
            if goesOn || hasNextThrottled { return now }
        }
        publishStatistics()
        if isDraining || storageFailed { return nil }
        // What is due has to wait for room: results bring it, and if none come, the reading goes on without.
        let next = window.isFull ? now.advanced(byMilliseconds: ClaimWindow.stallMilliseconds) : nextRetry
        let wait = claimBackoff.nanosecondsLeft(now: MonotonicClock.nanoseconds())
        // What cannot be read is not asked for more often because it is due.
        if claimBackoff.isFailing { return [now.advanced(byMilliseconds: wait / 1_000_000 + 1), nextLook].compactMap { $0 }.min() }
        return [next, nextLook, throttles.isEmpty ? nil : throttles.deadline(at: now, isReadingAgain: isReadingAgain)].compactMap { $0 }
            .min()
    }

    // MARK: Pieces of a turn

    func holds(_ index: Int) -> Bool { window.held(index) > 0 }

    var isAboard: Bool { !hasLeft.load(ordering: .acquiring) }

    /// Reads again what others may have changed.
    private func catchUp(_ store: any OutboxStore, _ now: Timestamp) throws(OutboxProblem) {
        _ = try directory.refresh(from: store, at: now)
        if try noticeWorkByHand(store) { mails?.wake() }
        mayHaveArrivals = try store.hasArrivals()
    }

    /// Deliveries may have been made due by hand, and mails.
    /// - Returns: Whether it is so. Inside a transaction mails are to be woken only after its commit, since they read over
    ///   another connection.
    func noticeWorkByHand(_ store: any ManualActions) throws(OutboxProblem) -> Bool {
        let generation = try store.queueGeneration()
        if generation == queueGeneration { return false }
        startOver(generation)
        return true
    }

    private func noticeSettled(_ store: any DeliveryQueue) throws(OutboxProblem) {
        // Asked first: an endpoint that is verified meanwhile has something to be written.
        if handshakes?.hasUnasked == true { return }
        guard claims.isEmpty, !hasPendingWrites, try !store.hasUnsettled() else { return }
        listeners.settled()
    }

    func removeClaim(of delivery: Int64) -> Claim? {
        guard let claim = claims.removeValue(forKey: delivery) else { return nil }
        if var shared = events[claim.event] {
            shared.claims -= 1
            events[claim.event] = shared.claims > 0 ? shared : nil
        }
        return claim
    }

    /// Lets go of a delivery whose attempt is recorded.
    private func release(_ result: UnsafePointer<SendResult>, _ transition: Transition, _ wantsUpdates: Bool) {
        guard let claim = removeClaim(of: result.pointee.job.id) else { return }
        let succeeded = result.pointee.outcome.succeeded
        if let due = transition.nextAttemptAt, transition.state == .pending {
            retries.inserted(after: RetryPosition(due: due.milliseconds, delivery: result.pointee.job.id - 1), endpoint: claim.endpoint)
            if let known = nextRetry { nextRetry = min(known, due) }
        }
        if window.finish(claim.endpoint, bytes: claim.bytes, succeeded: succeeded) {
            ready.hasRoom(claim.endpoint)
            retries.hasRoom(claim.endpoint)
        }
        pulse.count(delivered: transition.state == .delivered)
        guard !succeeded || wantsUpdates else { return }
        listeners.tell(
            DeliveryUpdate(
                delivery: result.pointee.job.id,
                event: result.pointee.job.event.event.id,
                type: result.pointee.job.event.event.type,
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
            counts.claimed = claims.count
            counts.nextRetry = nextRetry.flatMap { $0.milliseconds == .max ? nil : $0 }
        }
    }
}
