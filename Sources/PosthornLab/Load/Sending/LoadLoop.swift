import PosthornModel
import PosthornSending
import PosthornSystem
import Synchronization

/// The leanest way to send: one thread, one receiver, and a source that says what goes out when.
///
/// A load knows its receiver, and what it costs itself is missing in what it measures.
final class LoadLoop: @unchecked Sendable {
    // All state belongs to the thread that calls `run`, but for `stoppedAt` and waking the transfers.

    private let transfers: DirectTransfers
    private let inFlightLimit: Int
    /// When it was stopped, in monotonic nanoseconds; `Int64.max` before.
    private let stoppedAt = Atomic(Int64.max)

    // Unchecked: what one thread alone touches needs no check of overlapping accesses.
    @exclusivity(unchecked) private var state = State()

    private struct State {
        var sent: [SentRequest] = []
        var request = OutboundRequest()
        var wakeAt = Int64.max
        var lastStart: Int64 = 0
        var hasEnded = false
        var idleShare = IdleShare(start: MonotonicClock.nanoseconds())
        var spacing = StartSpacing()
        var brake = CatchUpBrake()
        var isBraking = false
    }

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

    /// TLS handshakes so far that took up an earlier session.
    var resumedHandshakes: Int64 { transfers.resumedHandshakes }

    /// Asks the loop to start nothing more; `run` returns when what is on the wire has ended. From any thread.
    /// - Parameter moment: When this was wanted, in monotonic nanoseconds; the first such moment counts.
    func stop(at moment: Int64) {
        stoppedAt.min(moment, ordering: .relaxed)
        transfers.wake()
    }

    /// Sends what `source` wants until it has nothing more and every answer has come or its deadline has passed.
    func run(_ source: some LoadSource) {
        while true {
            let stop = stoppedAt.load(ordering: .relaxed)
            if stop < .max, !state.hasEnded {
                source.stop(at: stop)
                state.hasEnded = true
            }
            fill(source)
            transfers.runTimers()
            while transfers.takeEnded({ finish($0, $1, source) }) > 0 {
                fill(source)
                transfers.runTimers()
            }
            if state.hasEnded && transfers.inFlight == 0 { return }
            wait()
        }
    }

    private func fill(_ source: some LoadSource) {
        state.wakeAt = .max
        state.isBraking = false
        if state.hasEnded { return }
        for _ in 0..<Self.startsPerTurn {
            if state.brake.holds(inFlight: transfers.inFlight) {
                state.isBraking = true
                return
            }
            let now = MonotonicClock.nanoseconds()
            if transfers.inFlight >= inFlightLimit { return source.isHeldBack(now: now) }
            state.request.reset()
            switch source.next(now: now, into: &state.request) {
            case .send(let ticket, let content):
                start(ticket, content, now, source)
                state.brake.started(lateness: now - ticket.intended, inFlight: transfers.inFlight)
            case .wait(let moment):
                state.wakeAt = max(moment, state.lastStart + state.spacing.interval)
                return
            case .end:
                state.hasEnded = true
                return
            }
        }
        state.wakeAt = 0
    }

    private func start(_ ticket: LoadTicket, _ content: Int?, _ now: Int64, _ source: some LoadSource) {
        state.lastStart = now
        guard let slot = transfers.takeSlot() else {
            let text = "no memory for another request"
            return source.take(LoadAnswer(ticket: ticket, started: now, ended: now, error: .resources, errorText: text))
        }
        while state.sent.count <= slot { state.sent.append(SentRequest()) }
        state.sent[slot].ticket = ticket
        state.sent[slot].started = now
        if content == nil || state.sent[slot].content != content {
            if let content { source.write(content: content, into: &state.request) }
            transfers.load(state.request, slot: slot)
            state.sent[slot].sentBytes = state.request.headers.count + state.request.query.count + state.request.body.count
            state.sent[slot].content = content
        }
        if let failed = transfers.start(slot: slot, now: now) { finish(failed, now, source) }
    }

    private func finish(_ ended: DirectTransfers.Ended, _ now: Int64, _ source: some LoadSource) {
        let request = state.sent[ended.slot]
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
        let (from, to) = transfers.wait(until: state.wakeAt, atMost: state.isBraking ? 1 : -1)
        if let percent = state.idleShare.waited(to - from, now: to) {
            state.spacing.idle(percent: percent)
            state.brake.idle(percent: percent)
        }
    }
}
