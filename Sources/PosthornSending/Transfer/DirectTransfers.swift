import CPosthornCurl
import CPosthornLinux
import Glibc
import PosthornCurl
package import PosthornModel
package import PosthornSystem

/// Requests of one thread to one receiver, straight on libcurl: for a sender that decides itself what goes out when, such as a load.
///
/// It has none of the ``SenderPool``'s turns, mailboxes and names that change. Everything of HTTP and of the egress guard is the same
/// ``Transfer``. All calls belong to one thread, but for ``wake()``.
package final class DirectTransfers {
    /// A request that has ended.
    package struct Ended {
        /// Where it was on the wire; to be given back.
        package let slot: Int
        /// The answer's status, when there was one.
        package let status: Int?
        /// Why there is no success; `nil` for a 200.
        package let error: AttemptError?
        /// The detail of a failure.
        package let errorText: String
        /// Bytes of the answer: head and body.
        package let receivedBytes: Int
        /// How long the receiver asked to be left alone, when it did.
        package let retryAfterMilliseconds: Int64?
        /// The connection that it needed to open and was answered on; `nil` where there was one.
        package let connection: NewConnection?
    }

    /// The times of a new connection, in microseconds from the start of the request.
    package struct NewConnection {
        /// Until TCP had connected.
        package let connectMicroseconds: Int64
        /// From there until TLS was agreed; `nil` for plain http.
        package let tlsMicroseconds: Int64?
        /// Where it leads, with the port.
        package let address: String
    }

    private struct Place {
        let transfer: Transfer
        var started: Int64 = 0
    }

    private let target: SendTarget
    private let addresses: [NetworkAddress]
    /// The address of its first connection; the others follow in turn.
    private let firstAddress: Int
    private let limit: Int
    private let options: WireOptions
    private let context: TransferContext
    /// The transfers in turns. libcurl walks through all connections of a multi handle for every request, and an open load
    /// keeps as many as its worst moment had on the wire: with one handle it would never get out of that moment again.
    private let shards: [Shard]
    private let epoll: Int32
    private let timer: Int32
    private let waker: Waker

    // Unchecked, as in ``SenderThread``: what one thread alone touches needs no check of overlapping accesses.
    @exclusivity(unchecked) private var state = State()

    private struct State {
        var places: [Place] = []
        var free: [Int] = []
        /// The same where a name has several addresses: then each gets its turn, also when few requests are on the wire.
        var freeInTurn = Fifo<Int>()
        var timerSetTo = Int64.max
    }

    private let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: DirectTransfers.eventLimit)

    private static let eventLimit = 256
    private static let wakerMark: UInt64 = 1 << 40
    private static let timerMark: UInt64 = 1 << 41
    /// Answers are read to their end, up to this.
    private static let responseLimitBytes = 1 << 30

    /// - Parameters:
    ///   - target: Where requests go; its composer is not asked.
    ///   - addresses: What its name leads to, as ``HostAddresses/reachable(of:guard:)`` gave it. Each gets connections in turn.
    ///   - firstAddress: Where the first connection goes among them.
    ///   - limit: Requests on the wire at once.
    ///   - guard: Which addresses may be reached.
    ///   - options: How requests go on the wire.
    /// - Throws: ``SystemProblem`` when the system lacks descriptors or memory.
    package init(
        _ target: SendTarget,
        addresses: [NetworkAddress],
        firstAddress: Int,
        limit: Int,
        guard: EgressGuard,
        options: WireOptions
    ) throws(SystemProblem) {
        if let problem = CurlLibrary.problem { throw SystemProblem(problem, ENOTSUP) }
        self.target = target
        self.addresses = addresses
        self.firstAddress = firstAddress
        self.limit = limit
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
                sessionLimitBytes: options.resumesSessions ? SenderConfiguration().sessionLimitBytes : 0,
                verifies: options.verifiesCertificates
            ),
            keepsConnections: options.keepsConnections,
            epoll: epoll
        )
        self.context = context
        let count = target.url.isPlainHTTP ? ShardPlan.plainCount : ShardPlan.secureCount
        let connections = limit / count + 16
        shards = CurlLibrary.ready ? (0..<count).compactMap { Shard(number: $0, connectionLimit: connections, context: context) } : []
        guard epoll >= 0, timer >= 0, shards.count == count else { throw SystemProblem("epoll_create1", errno == 0 ? ENOMEM : errno) }
        watch(waker.descriptor, Self.wakerMark)
        watch(timer, Self.timerMark)
    }

    deinit {
        state.places = []
        close(epoll)
        close(timer)
        events.deallocate()
    }

    private func watch(_ descriptor: Int32, _ mark: UInt64) {
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: mark))
        epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
    }

    /// TLS handshakes so far that took up an earlier session. From any thread.
    package var resumedHandshakes: Int64 { context.tls.resumedHandshakes }

    /// How many requests are on the wire.
    package var inFlight: Int { state.places.count - state.free.count - state.freeInTurn.count }

    /// Ends a wait, or the next one. From any thread.
    package func wake() { waker.signal() }

    // MARK: Sending

    /// Takes a slot for a request; `nil` when there is no memory for another one. The same slot may have sent before.
    package func takeSlot() -> Int? {
        if addresses.count < 2 { return state.free.popLast() ?? makeTransfer() }
        if state.places.count < min(addresses.count, limit), let slot = makeTransfer() { return slot }
        return state.freeInTurn.popFirst() ?? makeTransfer()
    }

    /// Gives a slot back whose request has ended.
    package func giveBack(_ slot: Int) {
        if addresses.count < 2 { state.free.append(slot) } else { state.freeInTurn.append(slot) }
    }

    private func makeTransfer() -> Int? {
        guard let transfer = Transfer(slot: state.places.count, context: context) else { return nil }
        if !addresses.isEmpty {
            let address = addresses[(firstAddress + transfer.slot) % addresses.count]
            transfer.aim(target.url.host, port: target.url.port, at: address)
        }
        if !options.verifiesCertificates {
            posthorn_curl_set_long(transfer.easy, CURLOPT_SSL_VERIFYPEER, 0)
            posthorn_curl_set_long(transfer.easy, CURLOPT_SSL_VERIFYHOST, 0)
        }
        if let method = options.method { posthorn_curl_set_text(transfer.easy, CURLOPT_CUSTOMREQUEST, method) }
        state.places.append(Place(transfer: transfer))
        return transfer.slot
    }

    /// Sets what a slot sends from now on, until another request is loaded.
    package func load(_ request: OutboundRequest, slot: Int) { state.places[slot].transfer.load(request, for: target) }

    /// Sends what is loaded in a slot.
    /// - Parameter now: Monotonic nanoseconds; the deadline counts from here.
    /// - Returns: The result, where it has failed at once.
    package func start(slot: Int, now: Int64) -> Ended? {
        state.places[slot].started = now
        return add(slot, timeout: target.timeoutMilliseconds, fresh: false) ? nil : ended(slot, CURLE_OUT_OF_MEMORY, now: now)
    }

    private func add(_ slot: Int, timeout: Int, fresh: Bool) -> Bool {
        let transfer = state.places[slot].transfer
        transfer.prepare(timeoutMilliseconds: timeout, freshConnection: fresh)
        return curl_multi_add_handle(shards[slot % shards.count].multi, transfer.easy) == CURLM_OK
    }

    // MARK: Results

    /// Runs libcurl's own timers that are due.
    package func runTimers() {
        let now = MonotonicClock.nanoseconds()
        for number in shards.indices where context.shards.isDue(number, now: now) { shards[number].runTimer() }
    }

    /// Hands each request that has ended to `take`.
    /// - Parameter take: Gets the result and the moment; it may give the slot back and start others.
    /// - Returns: How many have ended.
    package func takeEnded(_ take: (Ended, _ now: Int64) -> Void) -> Int {
        var count = 0
        while let shard = context.shards.takeEnded() {
            while let (transfer, code) = shards[shard].takeEnded() {
                count += 1
                let now = MonotonicClock.nanoseconds()
                if repeats(transfer, code, now: now) { continue }
                take(ended(transfer.slot, code, now: now), now)
            }
        }
        return count
    }

    /// Whether a request goes out once more on a new connection, for the old one was closed before anything was sent.
    private func repeats(_ transfer: Transfer, _ code: CURLcode, now: Int64) -> Bool {
        guard transfer.isToBeRepeated(code) else { return false }
        let left = target.timeoutMilliseconds - Int((now - state.places[transfer.slot].started) / 1_000_000)
        return left > 0 && add(transfer.slot, timeout: left, fresh: true)
    }

    private func ended(_ slot: Int, _ code: CURLcode, now: Int64) -> Ended {
        let transfer = state.places[slot].transfer
        let verdict = transfer.verdict(code)
        let fault = transfer.fault(code, now: now)
        return Ended(
            slot: slot,
            status: verdict.status,
            error: fault == nil ? verdict.error : .resources,
            errorText: fault.map { "\($0.sentence) (\($1))" } ?? verdict.text,
            receivedBytes: transfer.state.head.bytes + transfer.state.bodyBytes,
            retryAfterMilliseconds: verdict.status == 200 ? nil : transfer.state.head.retryAfterMilliseconds(now: SystemClock().now()),
            connection: transfer.hasConnected && verdict.status != nil ? connection(transfer) : nil
        )
    }

    private func connection(_ transfer: Transfer) -> NewConnection {
        var connected: curl_off_t = 0
        var agreed: curl_off_t = 0
        posthorn_curl_get_size(transfer.easy, CURLINFO_CONNECT_TIME_T, &connected)
        posthorn_curl_get_size(transfer.easy, CURLINFO_APPCONNECT_TIME_T, &agreed)
        return NewConnection(
            connectMicroseconds: Int64(connected),
            tlsMicroseconds: target.url.isPlainHTTP ? nil : max(0, Int64(agreed - connected)),
            address: transfer.state.address
        )
    }

    // MARK: Waiting

    /// Waits for sockets, libcurl's timers, a moment or ``wake()``, whichever comes first, and lets libcurl read and write.
    /// - Parameters:
    ///   - moment: Monotonic nanoseconds; `Int64.max` for none.
    ///   - milliseconds: How long it waits at most; -1 for no bound.
    /// - Returns: When it began and ended to wait, in monotonic nanoseconds.
    package func wait(until moment: Int64, atMost milliseconds: Int32) -> (from: Int64, to: Int64) {
        let now = MonotonicClock.nanoseconds()
        let next = min(moment, context.shards.nextDeadline)
        if next > now, next != state.timerSetTo {
            _ = posthorn_timerfd_set(timer, next == .max ? 0 : next)
            state.timerSetTo = next
        }
        let count = epoll_wait(epoll, events, Int32(Self.eventLimit), next <= now ? 0 : milliseconds)
        let end = MonotonicClock.nanoseconds()
        for index in 0..<Int(max(0, count)) {
            let event = events[index]
            switch event.data.u64 {
            case Self.wakerMark: waker.reset()
            case Self.timerMark: resetTimer()
            default:
                let (socket, shard) = SocketTable.place(of: event)
                if context.sockets.isWanted(socket) { shards[shard].handle(socket, events: event.events) }
            }
        }
        return (now, end)
    }

    private func resetTimer() {
        var expirations: UInt64 = 0
        _ = read(timer, &expirations, 8)
        state.timerSetTo = .max
    }
}
