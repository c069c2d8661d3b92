import CPosthornCurl
import CPosthornLinux
import Glibc
import PosthornModel
public import PosthornSystem
import Synchronization

/// The leanest way to send: one thread, one receiver, and a source that says what goes out when.
///
/// It has none of the ``SenderPool``'s turns, mailboxes and names that change: a load knows its receiver, and what it costs
/// itself is missing in what it measures. Everything of HTTP and of the egress guard is the same ``Transfer``.
public final class LoadLoop: @unchecked Sendable {
    // All state belongs to the thread that calls `run`, but for `isStopped` and the waker.

    private let target: SendTarget
    private let addresses: [NetworkAddress]
    /// The address of its first connection; the others follow in turn.
    private let firstAddress: Int
    private let inFlightLimit: Int
    private let options: LoadOptions
    private let context: TransferContext
    /// The transfers in turns. libcurl walks through all connections of a multi handle for every request, and an open load
    /// keeps as many as its worst moment had on the wire: with one handle it would never get out of that moment again.
    private let shards: [Shard]
    private let epoll: Int32
    private let timer: Int32
    private let waker: Waker
    private let isStopped = Atomic(false)

    // Unchecked, as in ``SenderThread``: what one thread alone touches needs no check of overlapping accesses.
    @exclusivity(unchecked) private var transfers: [LoadTransfer] = []
    @exclusivity(unchecked) private var free: [Int] = []
    /// The same where a name has several addresses: then each gets its turn, also when few requests are on the wire.
    @exclusivity(unchecked) private var freeInTurn = Fifo<Int>()
    @exclusivity(unchecked) private var request = OutboundRequest()
    @exclusivity(unchecked) private var wakeAt = Int64.max
    @exclusivity(unchecked) private var timerSetTo = Int64.max
    @exclusivity(unchecked) private var lastStart: Int64 = 0
    @exclusivity(unchecked) private var hasEnded = false
    @exclusivity(unchecked) private var idleShare = IdleShare(start: MonotonicClock.nanoseconds())
    @exclusivity(unchecked) private var spacing = StartSpacing()
    @exclusivity(unchecked) private var brake = CatchUpBrake()
    @exclusivity(unchecked) private var isBraking = false
    private let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: LoadLoop.eventLimit)

    private static let eventLimit = 256
    private static let wakerMark: UInt64 = 1 << 40
    private static let timerMark: UInt64 = 1 << 41
    /// Requests that start in one turn at most, so that answers are not left waiting while a backlog goes out: more on the wire
    /// makes libcurl slower, which makes the backlog longer. With 64 a load at 70 % of the peak never caught up again.
    private static let startsPerTurn = 8
    /// Answers are read to their end, up to this.
    private static let responseLimitBytes = 1 << 30

    /// A handle with what the loop knows of its request.
    private struct LoadTransfer {
        let transfer: Transfer
        var ticket = LoadTicket(intended: 0, mark: 0)
        var started: Int64 = 0
        var content: Int?
        var sentBytes = 0
    }

    /// - Parameters:
    ///   - target: Where requests go; its composer is not asked.
    ///   - addresses: What its name leads to, as ``LoadTarget/addresses(of:guard:)`` gave it. Each gets connections in turn.
    ///   - firstAddress: Where the first connection goes among them.
    ///   - inFlightLimit: Requests on the wire at once.
    ///   - guard: Which addresses may be reached.
    ///   - options: How requests go on the wire.
    /// - Throws: ``SystemProblem`` when the system lacks descriptors or memory.
    public init(
        _ target: SendTarget,
        addresses: [NetworkAddress],
        firstAddress: Int = 0,
        inFlightLimit: Int,
        guard: EgressGuard,
        options: LoadOptions = LoadOptions()
    ) throws(SystemProblem) {
        if let problem = CurlLibrary.problem { throw SystemProblem(problem, ENOTSUP) }
        self.target = target
        self.addresses = addresses
        self.firstAddress = firstAddress
        self.inFlightLimit = max(1, inFlightLimit)
        self.options = options
        waker = try Waker()
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        timer = posthorn_timerfd()
        let context = TransferContext(
            guard: `guard`,
            responseLimitBytes: Self.responseLimitBytes,
            excerptLimitBytes: 0,
            tls: TLSClient(
                caFile: options.caFile,
                sessionLimitBytes: SenderConfiguration().sessionLimitBytes,
                verifies: options.verifiesCertificates
            ),
            keepsConnections: options.keepsConnections,
            epoll: epoll
        )
        self.context = context
        let count = target.url.isPlainHTTP ? ShardPlan.plainCount : ShardPlan.secureCount
        let limit = self.inFlightLimit / count + 16
        shards = CurlLibrary.ready ? (0..<count).compactMap { Shard(number: $0, connectionLimit: limit, context: context) } : []
        guard epoll >= 0, timer >= 0, shards.count == count else { throw SystemProblem("epoll_create1", errno == 0 ? ENOMEM : errno) }
        watch(waker.descriptor, Self.wakerMark)
        watch(timer, Self.timerMark)
    }

    deinit {
        transfers = []
        close(epoll)
        close(timer)
        events.deallocate()
    }

    private func watch(_ descriptor: Int32, _ mark: UInt64) {
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: mark))
        epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
    }

    /// Asks the loop to start nothing more; `run` returns when what is on the wire has ended. From any thread.
    public func stop() {
        isStopped.store(true, ordering: .relaxed)
        waker.signal()
    }

    /// Sends what `source` wants until it has nothing more and every answer has come or its deadline has passed.
    public func run(_ source: some LoadSource) {
        while true {
            if isStopped.load(ordering: .relaxed) { hasEnded = true }
            fill(source)
            runTimers()
            while finishEnded(source) > 0 {
                fill(source)
                runTimers()
            }
            if hasEnded && inFlight == 0 { return }
            wait()
        }
    }

    private func runTimers() {
        let now = MonotonicClock.nanoseconds()
        for number in shards.indices where context.shards.isDue(number, now: now) { shards[number].runTimer() }
    }

    private func shard(of slot: Int) -> Shard { shards[slot % shards.count] }

    private var inFlight: Int { transfers.count - free.count - freeInTurn.count }

    private func takeSlot() -> Int? {
        if addresses.count < 2 { return free.popLast() ?? makeTransfer() }
        if transfers.count < min(addresses.count, inFlightLimit), let slot = makeTransfer() { return slot }
        return freeInTurn.popFirst() ?? makeTransfer()
    }

    private func giveBack(_ slot: Int) {
        if addresses.count < 2 { free.append(slot) } else { freeInTurn.append(slot) }
    }

    private func fill(_ source: some LoadSource) {
        wakeAt = .max
        isBraking = false
        if hasEnded { return }
        for _ in 0..<Self.startsPerTurn {
            if brake.holds(inFlight: inFlight) {
                isBraking = true
                return
            }
            let now = MonotonicClock.nanoseconds()
            if inFlight >= inFlightLimit { return source.isHeldBack(now: now) }
            request.reset()
            switch source.next(now: now, into: &request) {
            case .send(let ticket, let content):
                start(ticket, content, now, source)
                brake.started(lateness: now - ticket.intended, inFlight: inFlight)
            case .wait(let moment):
                wakeAt = max(moment, lastStart + spacing.interval)
                return
            case .end:
                hasEnded = true
                return
            }
        }
        wakeAt = 0
    }

    private func start(_ ticket: LoadTicket, _ content: Int?, _ now: Int64, _ source: some LoadSource) {
        lastStart = now
        guard let slot = takeSlot() else {
            let text = "no memory for another request"
            return source.take(LoadAnswer(ticket: ticket, started: now, ended: now, error: .resources, errorText: text))
        }
        transfers[slot].ticket = ticket
        transfers[slot].started = now
        if content == nil || transfers[slot].content != content {
            if let content { source.write(content: content, into: &request) }
            transfers[slot].transfer.load(request, for: target)
            transfers[slot].sentBytes = request.headers.count + request.query.count + request.body.count
            transfers[slot].content = content
        }
        add(slot, timeout: target.timeoutMilliseconds, fresh: false, source)
    }

    private func add(_ slot: Int, timeout: Int, fresh: Bool, _ source: some LoadSource) {
        let transfer = transfers[slot].transfer
        transfer.prepare(timeoutMilliseconds: timeout, freshConnection: fresh)
        if curl_multi_add_handle(shard(of: slot).multi, transfer.easy) != CURLM_OK { finish(slot, CURLE_OUT_OF_MEMORY, source) }
    }

    private func makeTransfer() -> Int? {
        guard let transfer = Transfer(slot: transfers.count, context: context) else { return nil }
        if !addresses.isEmpty {
            let address = addresses[(firstAddress + transfer.slot) % addresses.count]
            transfer.aim(target.url.host, port: target.url.port, at: address)
        }
        if !options.verifiesCertificates {
            posthorn_curl_set_long(transfer.easy, CURLOPT_SSL_VERIFYPEER, 0)
            posthorn_curl_set_long(transfer.easy, CURLOPT_SSL_VERIFYHOST, 0)
        }
        if let method = options.method { posthorn_curl_set_text(transfer.easy, CURLOPT_CUSTOMREQUEST, method) }
        transfers.append(LoadTransfer(transfer: transfer))
        return transfer.slot
    }

    /// Settles what has ended; says how much has.
    private func finishEnded(_ source: some LoadSource) -> Int {
        var ended = 0
        while let shard = context.shards.takeEnded() {
            while let (transfer, code) = shards[shard].takeEnded() {
                finish(transfer.slot, code, source)
                ended += 1
            }
        }
        return ended
    }

    private func finish(_ slot: Int, _ code: CURLcode, _ source: some LoadSource) {
        let transfer = transfers[slot].transfer
        let (ticket, started) = (transfers[slot].ticket, transfers[slot].started)
        let now = MonotonicClock.nanoseconds()
        if transfer.isToBeRepeated(code) {
            let left = target.timeoutMilliseconds - Int((now - started) / 1_000_000)
            if left > 0 { return add(slot, timeout: left, fresh: true, source) }
        }
        let verdict = transfer.verdict(code)
        let fault = transfer.fault(code, now: now)
        source.take(
            LoadAnswer(
                ticket: ticket,
                started: started,
                ended: now,
                status: verdict.status,
                error: fault == nil ? verdict.error : .resources,
                errorText: fault.map { "\($0.sentence) (\($1))" } ?? verdict.text,
                sentBytes: transfers[slot].sentBytes,
                receivedBytes: transfer.head.bytes + transfer.bodyBytes,
                retryAfterMilliseconds: verdict.status == 200 ? nil : transfer.head.retryAfterMilliseconds(now: SystemClock().now()),
                connection: transfer.hasConnected && verdict.status != nil ? connection(transfer) : nil
            )
        )
        giveBack(slot)
    }

    private func connection(_ transfer: Transfer) -> LoadAnswer.Connection {
        var connected: curl_off_t = 0
        var agreed: curl_off_t = 0
        posthorn_curl_get_size(transfer.easy, CURLINFO_CONNECT_TIME_T, &connected)
        posthorn_curl_get_size(transfer.easy, CURLINFO_APPCONNECT_TIME_T, &agreed)
        return LoadAnswer.Connection(
            connectMicroseconds: Int64(connected),
            tlsMicroseconds: target.url.isPlainHTTP ? nil : max(0, Int64(agreed - connected)),
            address: transfer.address
        )
    }

    private func wait() {
        let now = MonotonicClock.nanoseconds()
        let next = min(wakeAt, context.shards.nextDeadline)
        if next > now, next != timerSetTo {
            _ = posthorn_timerfd_set(timer, next == .max ? 0 : next)
            timerSetTo = next
        }
        let count = epoll_wait(epoll, events, Int32(Self.eventLimit), next <= now ? 0 : isBraking ? 1 : -1)
        let end = MonotonicClock.nanoseconds()
        if let percent = idleShare.waited(end - now, now: end) {
            spacing.idle(percent: percent)
            brake.idle(percent: percent)
        }
        for index in 0..<Int(max(0, count)) {
            let event = events[index]
            switch event.data.u64 {
            case Self.wakerMark: waker.reset()
            case Self.timerMark: resetTimer()
            default:
                let (socket, shard) = SocketBook.place(of: event)
                if context.sockets.isWanted(socket) { shards[shard].handle(socket, events: event.events) }
            }
        }
    }

    private func resetTimer() {
        var expirations: UInt64 = 0
        _ = read(timer, &expirations, 8)
        timerSetTo = .max
    }
}
