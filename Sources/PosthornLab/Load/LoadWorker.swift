import PosthornModel
import PosthornSending
import PosthornFormats
import PosthornSystem
import Synchronization

/// What the threads of a load share.
final class LoadShared: Sendable {
    /// Nothing is sent before this moment (monotonic nanoseconds), because the receiver has asked to be left alone.
    let pausedUntil = Atomic<Int64>(0)
    let gauge = Mutex(LoadProgress())
}

/// How far a load is, for those who watch.
public struct LoadProgress: Sendable {
    /// Requests that have ended, the warm-up's too.
    public internal(set) var requests: UInt64 = 0
    /// Those that failed: plain ones without a 200.
    public internal(set) var errors: UInt64 = 0
    /// Latencies since progress was last asked for.
    public internal(set) var latencies = LatencyHistogram(bits: LoadTimeline.coarseBits)
}

/// One thread's source: what leaves when, and what came of it.
final class LoadWorker: LoadSource {
    private let plan: LoadPlan
    // Unchecked, as in the loop that calls it: one thread alone touches them, for every request.
    @exclusivity(unchecked) private var maker: LoadMaker
    @exclusivity(unchecked) private var pacer: LoadPacer
    private let shared: LoadShared
    private let url: EndpointURL
    private let measuredFrom: Int64
    @exclusivity(unchecked) private(set) var tally = LoadTally()
    @exclusivity(unchecked) private var unreported = LoadProgress()
    @exclusivity(unchecked) private var reportedAt: Int64 = 0

    private static let reportNanoseconds: Int64 = 50_000_000
    /// The mark of a ticket holds the kind, this for the warm-up, and above that the request's number in the book.
    private static let warmUpMark = 1 << 8
    private static let bookShift = 9

    /// - Parameter start: The start of the warm-up in monotonic nanoseconds, the same for all threads.
    init(_ plan: LoadPlan, _ maker: LoadMaker, _ pacer: LoadPacer, _ shared: LoadShared, _ url: EndpointURL, start: Int64) {
        self.url = url
        self.plan = plan
        self.maker = maker
        self.pacer = pacer
        self.shared = shared
        measuredFrom = start + plan.warmUpNanoseconds
    }

    func next(now: Int64, into request: inout OutboundRequest) -> LoadStep {
        let pause = plan.honoursRetryAfter ? shared.pausedUntil.load(ordering: .relaxed) : 0
        if pause > now {
            let skipped = pacer.skip(until: pause, now: now)
            tally.withheld += skipped
            maker.skip(skipped)
        }
        switch pacer.next(now: now) {
        case .end: return .end
        case .wait(let moment): return .wait(until: moment)
        case .go(let intended):
            tally.heldBack = pacer.heldBack
            if let fixed = maker.fixedContent {
                return .send(ticket(intended, .plain), content: fixed)
            }
            let made = maker.write(into: &request, at: SystemClock().now())
            return .send(ticket(intended, made.kind, entry: note(made, request)), content: nil)
        }
    }

    private func ticket(_ intended: Int64, _ kind: LoadKind, entry: Int = 0) -> LoadTicket {
        let mark = kind.rawValue | (intended < measuredFrom ? Self.warmUpMark : 0) | entry << Self.bookShift
        return LoadTicket(intended: intended, mark: mark)
    }

    /// Writes the request into the book, if one is kept.
    private func note(_ made: LoadRequest, _ request: OutboundRequest) -> Int {
        guard plan.keepsBook, let event = made.event else { return 0 }
        return tally.book.note(
            event: event.id,
            object: IdentityStamp.identity(in: event.data),
            digest: MessageDigest.sha256(request.body.isEmpty ? url.query(adding: request.query) : request.body),
            isToBeRefused: made.kind.isToBeRefused(signsTime: maker.signsTime)
        )
    }

    func write(content: Int, into request: inout OutboundRequest) { maker.writeFixed(into: &request) }

    func isHeldBack(now: Int64) { pacer.holdBack() }

    func take(_ answer: LoadAnswer) {
        let kind = LoadKind(rawValue: answer.ticket.mark & (Self.warmUpMark - 1)) ?? .plain
        if plan.keepsBook, answer.status == 200 { tally.book.accept(answer.ticket.mark >> Self.bookShift) }
        if answer.ticket.mark & Self.warmUpMark != 0 {
            tally.warmUpRequests += 1
        } else {
            tally.take(answer, kind, start: measuredFrom)
            if plan.keepsSamples { tally.samples.append(LoadSample(answer, start: measuredFrom)) }
        }
        if plan.honoursRetryAfter, let wait = answer.retryAfterMilliseconds {
            shared.pausedUntil.max(answer.ended + min(wait, 86_400_000) * 1_000_000, ordering: .relaxed)
        }
        unreported.requests += 1
        if answer.error != nil, kind == .plain { unreported.errors += 1 }
        unreported.latencies.record(answer.ended - answer.ticket.intended)
        if answer.ended - reportedAt > Self.reportNanoseconds { report(answer.ended) }
    }

    private func report(_ now: Int64) {
        reportedAt = now
        shared.gauge.withLock { gauge in
            gauge.requests += unreported.requests
            gauge.errors += unreported.errors
            gauge.latencies.merge(unreported.latencies)
        }
        unreported = LoadProgress()
    }
}
