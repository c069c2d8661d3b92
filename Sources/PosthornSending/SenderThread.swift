import CCurl
import CLinux
import Glibc
import PosthornModel
import PosthornSystem
import Synchronization

/// One sender thread: a multi handle with its connections, an epoll set, reusable easy handles, and the queue of its endpoints.
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
        var opened: Int64 = 0
        var finished: Int64 = 0
        var wakeUps: Int64 = 0
        var cpuClock: clockid_t?
    }

    /// A job that has left the queue but is not on the wire yet.
    struct Waiting {
        let job: SendJob
        let lane: Int
        let started: Timestamp
        let startedNanoseconds: Int64
    }

    let clock: any PosthornClock
    let resolver: NameResolver
    let configuration: SenderConfiguration
    let deliver: SenderPool.Handlers

    let epoll: Int32
    let multi: UnsafeMutableRawPointer
    let context: TransferContext
    var transfers: [Transfer] = []
    var free: [Transfer] = []
    var request = OutboundRequest()

    var turns = TurnQueue<SendJob>()
    var window: InFlightWindow
    var names: NameBook<Waiting>
    /// Jobs whose name is resolved and that wait for a place on the wire.
    var readied = Fifo<Waiting>()
    /// Jobs that have had their turn and wait until large requests have ended; an endpoint has no more than its limit here.
    var parked = Fifo<(job: SendJob, lane: Int)>()
    var results: [SendResult] = []
    var finished: Int64 = 0
    var order = SenderMailbox.Order.work
    /// When libcurl wants to be called: monotonic nanoseconds; 0 for at once, `Int64.max` for never.
    var curlDeadline = Int64.max
    let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: SenderThread.eventLimit)

    static let eventLimit = 256
    private static let wakerMark: UInt64 = 1 << 40

    /// - Parameter share: How many threads share the configuration's limits.
    init(
        _ configuration: SenderConfiguration,
        share: Int,
        clock: any PosthornClock,
        resolver: NameResolver,
        deliver: SenderPool.Handlers
    ) throws(SystemProblem) {
        self.configuration = configuration
        self.clock = clock
        self.resolver = resolver
        self.deliver = deliver
        mailbox = try SenderMailbox()
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        if epoll < 0 { throw SystemProblem("epoll_create1", errno) }
        guard CurlLibrary.ready, let multi = curl_multi_init() else {
            close(epoll)
            throw SystemProblem("curl_multi_init", ENOMEM)
        }
        self.multi = multi
        context = TransferContext(
            guard: configuration.guard,
            responseLimitBytes: configuration.responseLimitBytes,
            excerptLimitBytes: AttemptOutcome.excerptLimitBytes,
            caFile: configuration.caFile,
            epoll: epoll
        )
        window = InFlightWindow(
            youngLimit: (configuration.youngInFlightLimit + share - 1) / share,
            slowLimit: (configuration.slowInFlightLimit + share - 1) / share,
            youngNanoseconds: Int64(configuration.youngMilliseconds) * 1_000_000,
            largeByteLimit: configuration.largeInFlightLimitBytes / share
        )
        names = NameBook(cacheNanoseconds: Int64(configuration.resolver.cacheMilliseconds) * 1_000_000)
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: Self.wakerMark))
        epoll_ctl(epoll, EPOLL_CTL_ADD, mailbox.waker.descriptor, &event)
        connectMulti()
    }

    deinit {
        transfers = []
        free = []
        curl_multi_cleanup(multi)
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
        gauge.withLock { $0.cpuClock = nil }
        endTransfers()
    }

    /// One turn of the loop; `false` when it was the last.
    private func turn() -> Bool {
        readMailbox()
        if order == .abort { return false }
        var now = MonotonicClock.nanoseconds()
        expireNames(now)
        startDue(now)
        runTimers(&now)
        // A request can end inside the call that started it; what ends makes room for more.
        while finishEnded() > 0 {
            window.age(now: now)
            if startDue(now) == 0 { break }
            runTimers(&now)
        }
        handOver()
        if order >= .drain && window.count == 0 && names.waitingCount == 0 {
            deliver.drained()
            if order == .stop { return false }
        }
        waitForEvents()
        return true
    }

    private func runTimers(_ now: inout Int64) {
        guard curlDeadline <= now else { return }
        curlDeadline = .max
        var running: Int32 = 0
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running)
        now = MonotonicClock.nanoseconds()
    }

    private func waitForEvents() {
        let now = MonotonicClock.nanoseconds()
        window.age(now: now)
        var timeout = Self.milliseconds(from: now, to: nextTimer(now))
        if timeout != 0, !mailbox.fallAsleep(order) { timeout = 0 }
        let count = epoll_wait(epoll, events, Int32(Self.eventLimit), timeout)
        if timeout != 0 { mailbox.wakeUp() }
        var running: Int32 = 0
        for index in 0..<Int(max(0, count)) {
            let event = events[index]
            if event.data.u64 == Self.wakerMark {
                mailbox.waker.reset()
                continue
            }
            let socket = Int32(event.data.u64)
            guard context.sockets.isWanted(socket) else { continue }
            var flags: Int32 = 0
            if event.events & (EPOLLIN.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 { flags |= posthorn_curl_readable }
            if event.events & EPOLLOUT.rawValue != 0 { flags |= posthorn_curl_writable }
            curl_multi_socket_action(multi, socket, flags, &running)
        }
    }

    /// The next moment at which there is something to do without an event from outside.
    private func nextTimer(_ now: Int64) -> Int64 {
        var next = min(curlDeadline, names.nextDeadline)
        guard order == .work else { return next }
        // What is parked waits for the end of a request, which comes as an event.
        let hasWork = !readied.isEmpty || turns.mayHaveReady(now: now)
        if window.isOpen {
            if hasWork { return now }
            if let token = turns.nextTokenAt { next = min(next, token) }
        } else if hasWork || turns.nextTokenAt != nil, let ageing = window.nextAgeing {
            next = min(next, ageing)
        }
        return next
    }

    /// Rounded up, so that a timer that is not due yet does not make the loop spin.
    private static func milliseconds(from now: Int64, to moment: Int64) -> Int32 {
        if moment == .max { return -1 }
        return moment <= now ? 0 : Int32(clamping: (moment - now + 999_999) / 1_000_000)
    }

    private func handOver() {
        if !results.isEmpty {
            finished += Int64(results.count)
            let batch = results
            results = []
            deliver.results(batch)
        }
        gauge.withLock { gauge in
            gauge.queued = turns.count + parked.count
            gauge.inFlight = window.count
            gauge.waitingForNames = names.waitingCount + readied.count
            gauge.opened = context.sockets.openedCount
            gauge.finished = finished
            gauge.wakeUps += 1
        }
    }

    private func endTransfers() {
        for transfer in transfers where transfer.job != nil {
            curl_multi_remove_handle(multi, transfer.easy)
        }
    }
}

extension SenderThread {
    fileprivate func connectMulti() {
        let me = Unmanaged.passUnretained(self).toOpaque()
        posthorn_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, max(1, configuration.connectionCacheLimit))
        posthorn_curl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, me)
        posthorn_curl_multi_set_socket_callback(multi) { _, socket, what, thread, _ in
            let thread = Unmanaged<SenderThread>.fromOpaque(thread!).takeUnretainedValue()
            var events: UInt32 = 0
            if what == CURL_POLL_IN || what == CURL_POLL_INOUT { events |= EPOLLIN.rawValue }
            if what == CURL_POLL_OUT || what == CURL_POLL_INOUT { events |= EPOLLOUT.rawValue }
            thread.context.sockets.watch(socket, events: events)
            return 0
        }
        posthorn_curl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, me)
        posthorn_curl_multi_set_timer_callback(multi) { _, milliseconds, thread in
            let thread = Unmanaged<SenderThread>.fromOpaque(thread!).takeUnretainedValue()
            switch milliseconds {
            case ..<0: thread.curlDeadline = .max
            case 0: thread.curlDeadline = 0
            default: thread.curlDeadline = MonotonicClock.nanoseconds() + Int64(milliseconds) * 1_000_000
            }
            return 0
        }
    }
}
