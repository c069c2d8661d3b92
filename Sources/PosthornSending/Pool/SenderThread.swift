import CPosthornCurl
import CPosthornLinux
import Glibc
import PosthornCurl
import PosthornModel
import PosthornText
import PosthornSystem
import Synchronization

/// One sender thread: multi handles with their connections, an epoll set, reusable easy handles, and the queue of its endpoints.
///
/// Everything but the mailbox and the gauge belongs to the thread itself, which `run()` is called on; nothing else is
/// touched from outside once it runs.
final class SenderThread: @unchecked Sendable {
    let mailbox: SenderMailbox
    let gauge = Mutex(Gauge())

    /// What others may read of the thread; written once a turn.
    struct Gauge {
        var queued = 0
        var inFlight = 0
        var waitingForNames = 0
        var waitingForConnections = 0
        var hosts = 0
        var mostOpened: Int64 = 0
        var mostOpenedPerInFlight = 0.0
        var endpoints = 0
        var opened: Int64 = 0
        var open = 0
        var finished: Int64 = 0
        var wakeUps: Int64 = 0
        /// Requests that were cut off when a drain had lasted long enough.
        var cutOff = 0
        var cpuClock: clockid_t?
        /// Processor time in microseconds, once the thread has ended.
        var cpuAtEnd: Int64 = 0
    }

    /// A job that has left the queue but is not on the wire yet.
    struct Waiting {
        let job: SendJob
        let lane: Int
        var grant: ConnectionGrant
        var started: Timestamp
        var startedNanoseconds: Int64
        /// Since when it has waited for nothing but its turn.
        var readiedNanoseconds = Int64.max

        /// Time has passed that is none of the receiver's.
        mutating func outlast(_ nanoseconds: Int64) {
            startedNanoseconds += nanoseconds
            started = started.advanced(byMilliseconds: nanoseconds / 1_000_000)
        }
    }

    let clock: any PosthornClock
    let resolver: NameResolver
    let configuration: SenderConfiguration
    let deliver: SenderPool.Handlers

    let epoll: Int32
    let shards: [Shard]
    let context: TransferContext
    // Unchecked, here and in what belongs to the thread, since it is touched for every request: Swift's check that no access overlaps
    // another cost 3,300 instructions a request, a fortieth of them all.
    @exclusivity(unchecked) var state: State

    /// A job that has had its turn.
    struct Called: Claimant {
        let job: SendJob
        let lane: Int
        var nodes: [Int] { job.target.nodes }
    }

    let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: SenderThread.eventLimit)

    static let eventLimit = 256
    static let wakerMark = UInt64.max

    /// - Parameter share: How many threads share the configuration's limits.
    init(
        _ configuration: SenderConfiguration,
        share: Int,
        clock: any PosthornClock,
        resolver: NameResolver,
        tls: TLSClient,
        deliver: SenderPool.Handlers
    ) throws(SystemProblem) {
        self.configuration = configuration
        self.clock = clock
        self.resolver = resolver
        self.deliver = deliver
        mailbox = try SenderMailbox()
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        if epoll < 0 { throw SystemProblem("epoll_create1", errno) }
        let limit = DescriptorBudget.connectionsPerShard(wanted: configuration.connectionCacheLimit, threads: share)
        let context = TransferContext(
            guard: configuration.guard,
            responseLimitBytes: configuration.responseLimitBytes,
            excerptLimitBytes: AttemptOutcome.excerptLimitBytes,
            tls: tls,
            keepsConnections: limit > 0,
            connectionSeconds: (configuration.connectionLifetimeSeconds, configuration.idleConnectionSeconds),
            epoll: epoll
        )
        self.context = context
        shards = CurlLibrary.ready ? (0..<ShardPlan.count).compactMap { Shard(number: $0, connectionLimit: limit, context: context) } : []
        if shards.count < ShardPlan.count {
            close(epoll)
            throw SystemProblem("curl_multi_init", ENOMEM)
        }
        let handshakes = (configuration.handshakesInFlightLimit + share - 1) / share
        let slowPlaces = (configuration.slowInFlightLimit + share - 1) / share
        state = State(
            window: InFlightWindow(
                youngLimit: (configuration.youngPlaces(ofThreads: share) + share - 1) / share,
                slowLimit: slowPlaces,
                openingLimit: handshakes,
                youngNanoseconds: Int64(configuration.youngMilliseconds) * 1_000_000,
                openingNanoseconds: Int64(configuration.handshakeMilliseconds) * 1_000_000,
                largeByteLimit: configuration.largeInFlightLimitBytes / share
            ),
            connections: ConnectionTable(handshakeShare: handshakes * 3 / 4),
            slowShares: SlowShares(limit: slowPlaces),
            names: NameCache(
                cacheNanoseconds: Int64(configuration.resolver.cacheMilliseconds) * 1_000_000,
                graceNanoseconds: Int64(configuration.resolver.graceMilliseconds) * 1_000_000
            ),
            shardUse: ShardUse(
                shards: ShardPlan.count,
                idleNanoseconds: Int64(max(1, configuration.idleConnectionSeconds)) * 1_000_000_000
            )
        )
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: Self.wakerMark))
        epoll_ctl(epoll, EPOLL_CTL_ADD, mailbox.waker.descriptor, &event)
        context.observer = self
    }

    deinit {
        close(epoll)
        events.deallocate()
    }

    /// The thread's life, until it is told to stop.
    func run() {
        var cpuClock = clockid_t()
        if pthread_getcpuclockid(pthread_self(), &cpuClock) == 0 { gauge.withLock { $0.cpuClock = cpuClock } }
        var isGoing = true
        while isGoing {
            isGoing = turn()
        }
        gauge.withLock { gauge in
            gauge.cpuAtEnd = gauge.cpuClock.map(SenderPool.microseconds) ?? 0
            gauge.cpuClock = nil
        }
        endTransfers()
    }

    /// One turn of the loop; `false` when it was the last.
    private func turn() -> Bool {
        readMailbox()
        if state.order == .abort { return false }
        if state.order == .cut {
            cutOff()
            return false
        }
        var now = MonotonicClock.nanoseconds()
        tell(state.starvation.check(now: now))
        if moveDeadlinesAfterStall(now) { readSockets() }
        endOverdue(now)
        checkFaults(now)
        closeUnused(now)
        expireNames(now)
        startDue(now)
        runTimers(&now)
        // A request can end inside the call that started it; what ends makes room for more.
        while finishEnded() > 0 {
            age(now)
            if startDue(now) == 0 { break }
            runTimers(&now)
        }
        handOver()
        if state.order >= .drain && state.window.count == 0 && waitingForNamesCount == 0 {
            deliver.drained()
            if state.order == .stop { return false }
        }
        waitForEvents()
        return true
    }

    private func age(_ now: Int64) {
        state.window.age(now: now) { slot, slowCount in
            let transfer = state.transfers[slot]
            if transfer.state.grant.handshake != nil { transfer.state.grant = state.connections.handshakeIsSlow(transfer.state.grant) }
            if let job = transfer.state.job {
                transfer.state.slow = state.slowShares.hold(Called(job: job, lane: transfer.state.lane), slowCount: slowCount)
            }
        }
    }

    /// A request is not on the wire any more, or no longer as it was.
    func leaveWindow(_ transfer: Transfer) {
        state.window.finish(slot: transfer.slot)
        notSlow(transfer)
    }

    private func notSlow(_ transfer: Transfer) {
        guard let slow = transfer.state.slow else { return }
        transfer.state.slow = nil
        state.slowShares.release(slow)
    }

    private func runTimers(_ now: inout Int64) {
        var hasRun = false
        // Each once: a timer that libcurl sets again to "at once" is for the next turn.
        for number in shards.indices where context.shards.isDue(number, now: now) {
            shards[number].runTimer()
            hasRun = true
        }
        if hasRun { now = MonotonicClock.nanoseconds() }
    }

    private func waitForEvents() {
        let now = MonotonicClock.nanoseconds()
        // The turn itself may have been stopped in its middle. What ends by that is taken in the next turn, which must not wait for an event.
        let hasRead = moveDeadlinesAfterStall(now)
        if hasRead { readSockets() }
        age(now)
        var timeout = hasRead ? 0 : Self.milliseconds(from: now, to: nextTimer(now))
        if timeout != 0, !mailbox.fallAsleep(state.order) { timeout = 0 }
        state.stalls.waits(until: timeout < 0 ? .max : now + Int64(timeout) * 1_000_000)
        let count = epoll_wait(epoll, events, Int32(Self.eventLimit), timeout)
        if timeout != 0 { mailbox.wakeUp() }
        let hasStalled = moveDeadlinesAfterStall(MonotonicClock.nanoseconds())
        if handleEvents(count) || hasStalled { readSockets() }
    }

    /// The next moment at which there is something to do without an event from outside.
    private func nextTimer(_ now: Int64) -> Int64 {
        var next = min(state.names.nextDeadline, context.shards.nextDeadline, state.shardUse.nextEnd, state.nextDeadline)
        guard state.order == .work else { return next }
        // What is parked waits for the end of a request, which comes as an event.
        let hasWork =
            mayBeginReadied || state.turns.mayHaveReady(now: now) || state.slowShares.hasNext(inFlight: state.window.count)
            || state.connections.mayHaveReady(mayOpen: state.window.mayOpen, mayOpenMore: state.window.mayOpenMore)
        if state.starvation.limit != nil {
            return min(next, state.starvation.wakeUp(hasWork: hasWork || !state.readied.isEmpty || !state.parked.isEmpty))
        }
        if state.window.isOpen {
            if hasWork { return now }
            if let token = state.turns.nextTokenAt { next = min(next, token) }
            if state.connections.isCrowdedOut || !state.readied.isEmpty {
                next = min(next, state.window.nextOpeningAgeing ?? .max, state.window.nextAgeing ?? .max)
            }
            next = min(next, state.connections.nextDeadline)
            next = min(next, nextFaultTimer)
        } else if hasWork || !state.readied.isEmpty || state.turns.nextTokenAt != nil || state.connections.waitingCount > 0,
            let ageing = state.window.nextAgeing
        {
            next = min(next, ageing)
        }
        return next
    }

    /// Whether the first job whose name is resolved may start.
    private var mayBeginReadied: Bool { state.readied.first.map { state.window.mayStart(isOpening: $0.grant.way.isOpening) } ?? false }

    /// Rounded up, so that a timer that is not due yet does not make the loop spin.
    private static func milliseconds(from now: Int64, to moment: Int64) -> Int32 {
        if moment == .max { return -1 }
        return moment <= now ? 0 : Int32(clamping: (moment - now + 999_999) / 1_000_000)
    }

    private func handOver() {
        state.finished += Int64(state.results.count)
        // First, so that whoever has the results finds them counted.
        gauge.withLock { gauge in
            gauge.queued = state.turns.count + state.parked.count + strandedCount + state.slowShares.waitingCount
            gauge.inFlight = state.window.count
            gauge.waitingForNames = waitingForNamesCount + state.readied.count
            gauge.waitingForConnections = state.connections.waitingCount
            gauge.hosts = state.connections.count
            gauge.mostOpened = state.connections.mostOpened
            gauge.mostOpenedPerInFlight = state.connections.mostOpenedPerInFlight
            gauge.endpoints = state.turns.keyCount
            gauge.opened = context.sockets.openedCount
            gauge.open = context.sockets.openCount
            gauge.finished = state.finished
            gauge.wakeUps += 1
        }
        if state.results.isEmpty { return }
        let batch = state.results
        state.results = []
        state.results.reserveCapacity(batch.count)
        deliver.results(batch)
    }

    /// Ends the requests that are on the wire and gives their jobs back.
    private func cutOff() {
        _ = finishEnded()
        handOver()
        let jobs = endTransfers()
        gauge.withLock { $0.cutOff = jobs.count }
        if !jobs.isEmpty { deliver.recalled(jobs) }
        deliver.drained()
    }

    @discardableResult
    private func endTransfers() -> [SendJob] {
        state.transfers.compactMap { transfer in
            guard let job = transfer.state.job.take() else { return nil }
            curl_multi_remove_handle(shards[transfer.state.grant.way.shard].multi, transfer.easy)
            return job
        }
    }
}

extension SenderThread: ConnectionObserver {
    func connected(_ transfer: Transfer, isNew: Bool) {
        transfer.state.grant = state.connections.connected(transfer.state.grant, isNew: isNew)
        state.window.connected(slot: transfer.slot, now: MonotonicClock.nanoseconds())
        notSlow(transfer)
    }

    func closed(host: Int, shard: Int) { state.connections.closed(at: host, shard: shard) }
}
