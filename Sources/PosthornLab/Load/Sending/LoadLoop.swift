import PosthornModel
import PosthornSending
import PosthornSystem
import Synchronization

/// The leanest way to send: one thread, one receiver, and a source that says what goes out when.
///
/// A load knows its receiver, and what it costs itself is missing in what it measures.
final class LoadLoop: @unchecked Sendable {
    // All state belongs to the thread that calls `run`, but for `isStopped` and waking the transfers.

    private let transfers: DirectTransfers
    private let inFlightLimit: Int
    private let isStopped = Atomic(false)

    // Unchecked: what one thread alone touches needs no check of overlapping accesses.
    @exclusivity(unchecked) private var sent: [SentRequest] = []
    @exclusivity(unchecked) private var request = OutboundRequest()
    @exclusivity(unchecked) private var wakeAt = Int64.max
    @exclusivity(unchecked) private var lastStart: Int64 = 0
    @exclusivity(unchecked) private var hasEnded = false
    @exclusivity(unchecked) private var idleShare = IdleShare(start: MonotonicClock.nanoseconds())
    @exclusivity(unchecked) private var spacing = StartSpacing()
    @exclusivity(unchecked) private var brake = CatchUpBrake()
    @exclusivity(unchecked) private var isBraking = false

    /// Requests that start in one turn at most, so that answers are not left waiting while a backlog goes out: more on the wire
    /// makes libcurl slower, which makes the backlog longer. With 64 a load at 70 % of the peak never caught up again.
    private static let startsPerTurn = 8

    /// What the loop knows of a slot's request.
    private struct SentRequest {
        var ticket = LoadTicket(intended: 0, mark: 0)
        var started: Int64 = 0
        var content: Int?
        var sentBytes = 0
    }

    /// - Parameters:
    ///   - target: Where requests go; its composer is not asked.
    ///   - addresses: What its name leads to. Each gets connections in turn.
    ///   - firstAddress: Where the first connection goes among them.
    ///   - inFlightLimit: Requests on the wire at once.
    ///   - guard: Which addresses may be reached.
    ///   - options: How requests go on the wire.
    /// - Throws: ``SystemProblem`` when the system lacks descriptors or memory.
    init(
        _ target: SendTarget,
        addresses: [NetworkAddress],
        firstAddress: Int,
        inFlightLimit: Int,
        guard: EgressGuard,
        options: WireOptions
    ) throws(SystemProblem) {
        self.inFlightLimit = max(1, inFlightLimit)
        transfers = try DirectTransfers(
            target,
            addresses: addresses,
            firstAddress: firstAddress,
            limit: self.inFlightLimit,
            guard: `guard`,
            options: options
        )
    }

    /// Asks the loop to start nothing more; `run` returns when what is on the wire has ended. From any thread.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        transfers.wake()
    }

    /// Sends what `source` wants until it has nothing more and every answer has come or its deadline has passed.
    func run(_ source: some LoadSource) {
        while true {
            if isStopped.load(ordering: .relaxed) { hasEnded = true }
            fill(source)
            transfers.runTimers()
            while transfers.takeEnded({ finish($0, $1, source) }) > 0 {
                fill(source)
                transfers.runTimers()
            }
            if hasEnded && transfers.inFlight == 0 { return }
            wait()
        }
    }

    private func fill(_ source: some LoadSource) {
        wakeAt = .max
        isBraking = false
        if hasEnded { return }
        for _ in 0..<Self.startsPerTurn {
            if brake.holds(inFlight: transfers.inFlight) {
                isBraking = true
                return
            }
            let now = MonotonicClock.nanoseconds()
            if transfers.inFlight >= inFlightLimit { return source.isHeldBack(now: now) }
            request.reset()
            switch source.next(now: now, into: &request) {
            case .send(let ticket, let content):
                start(ticket, content, now, source)
                brake.started(lateness: now - ticket.intended, inFlight: transfers.inFlight)
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
        guard let slot = transfers.takeSlot() else {
            let text = "no memory for another request"
            return source.take(LoadAnswer(ticket: ticket, started: now, ended: now, error: .resources, errorText: text))
        }
        while sent.count <= slot { sent.append(SentRequest()) }
        sent[slot].ticket = ticket
        sent[slot].started = now
        if content == nil || sent[slot].content != content {
            if let content { source.write(content: content, into: &request) }
            transfers.load(request, slot: slot)
            sent[slot].sentBytes = request.headers.count + request.query.count + request.body.count
            sent[slot].content = content
        }
        if let failed = transfers.start(slot: slot, now: now) { finish(failed, now, source) }
    }

    private func finish(_ ended: DirectTransfers.Ended, _ now: Int64, _ source: some LoadSource) {
        let request = sent[ended.slot]
        source.take(
            LoadAnswer(
                ticket: request.ticket,
                started: request.started,
                ended: now,
                status: ended.status,
                error: ended.error,
                errorText: ended.errorText,
                sentBytes: request.sentBytes,
                receivedBytes: ended.receivedBytes,
                retryAfterMilliseconds: ended.retryAfterMilliseconds,
                connection: ended.connection.map {
                    LoadAnswer.Connection(
                        connectMicroseconds: $0.connectMicroseconds,
                        tlsMicroseconds: $0.tlsMicroseconds,
                        address: $0.address
                    )
                }
            )
        )
        transfers.giveBack(ended.slot)
    }

    private func wait() {
        let (from, to) = transfers.wait(until: wakeAt, atMost: isBraking ? 1 : -1)
        if let percent = idleShare.waited(to - from, now: to) {
            spacing.idle(percent: percent)
            brake.idle(percent: percent)
        }
    }
}
