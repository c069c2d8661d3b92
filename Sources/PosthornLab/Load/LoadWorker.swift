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

/// One thread's source: what leaves when, and its result.
final class LoadWorker: LoadSource {
    private let plan: LoadPlan
    // Unchecked, as in the loop that calls it: one thread alone touches them, for every request.
    @exclusivity(unchecked) private var maker: RequestFactory
    @exclusivity(unchecked) private var pacer: LoadPacer
    private let shared: LoadShared
    private let url: EndpointURL
    private let measuredFrom: Int64
    @exclusivity(unchecked) private(set) var tally: LoadTally
    private let stepEnds: [Int64]
    private let signsTime: Bool
    @exclusivity(unchecked) private var unreported = Unreported()
    private let watch: StopWatch?
    @exclusivity(unchecked) private var reportedAt: Int64 = 0

    /// What the other threads have not been told yet.
    private struct Unreported {
        var progress = LoadProgress()
        /// For the watch; empty where there is none.
        var measured = LoadMeasurements()
    }

    private static let reportNanoseconds: Int64 = 50_000_000
    /// - Parameters:
    ///   - start: The start of the warm-up in monotonic nanoseconds, the same for all threads.
    ///   - tally: An empty one, made for this load.
    ///   - watch: Ends the load early, where a bound is to do so.
    init(
        _ plan: LoadPlan,
        _ maker: RequestFactory,
        _ pacer: LoadPacer,
        _ shared: LoadShared,
        _ url: EndpointURL,
        start: Int64,
        tally: LoadTally,
        watch: StopWatch? = nil
    ) {
        self.tally = tally
        self.watch = watch
        stepEnds = plan.stepEnds
        signsTime = maker.signsTime
        self.url = url
        self.plan = plan
        self.maker = maker
        self.pacer = pacer
        self.shared = shared
        measuredFrom = start + plan.warmUpNanoseconds
    }

    func next(now: Int64, into request: inout OutboundRequest) -> LoadStep {
        withhold(now: now)
        switch pacer.next(now: now) {
        case .end:
            if let abandoned = pacer.abandoned {
                let types = maker.skip(abandoned.count(isCountedOneByOne: plan.keepsSamples))
                tally.take(abandoned, types: types, keepsSamples: plan.keepsSamples)
            }
            return .end
        case .wait(let moment): return .wait(until: moment)
        case .go(let intended):
            tally.heldBack = pacer.heldBack
            if let fixed = maker.fixedContent {
                return .send(ticket(intended, LoadMark(kind: .plain)), content: fixed)
            }
            let made = maker.write(into: &request, at: SystemClock().now())
            var mark = LoadMark(kind: made.kind)
            mark.type = made.type
            mark.entry = note(made, request)
            return .send(ticket(intended, mark), content: nil)
        }
    }

    /// Leaves out what is due while the receiver has asked to be left alone.
    private func withhold(now: Int64) {
        let pause = plan.honoursRetryAfter ? shared.pausedUntil.load(ordering: .relaxed) : 0
        if pause <= now { return }
        for moment in pacer.skip(until: pause, now: now) {
            let type = maker.skip()
            if moment < measuredFrom { continue }
            tally.withhold(step: step(of: moment), type: type)
            if watch != nil { unreported.measured.withhold() }
        }
        // While the receiver is left alone there may be no answer for hours that would bring it to the watch.
        if now - reportedAt > Self.reportNanoseconds { report(now) }
    }

    /// What was due by then is counted as what a load gives up at its end: without it, a stop would hide the waits that it ends.
    func stop(at moment: Int64) {
        withhold(now: moment)
        for (due, wasHeldBack) in pacer.giveUp(at: moment) {
            let type = maker.skip()
            if due < measuredFrom { continue }
            tally.giveUp(
                due - measuredFrom,
                wasHeldBack: wasHeldBack,
                step: step(of: due),
                type: type,
                waited: moment - due,
                keepsSamples: plan.keepsSamples
            )
        }
    }

    private func ticket(_ intended: Int64, _ mark: LoadMark) -> LoadTicket {
        var mark = mark
        mark.isWarmUp = intended < measuredFrom
        mark.wasHeldBack = pacer.lastWasHeldBack
        return LoadTicket(intended: intended, mark: mark.bits)
    }

    /// Writes the request into the book, if one is kept.
    private func note(_ made: LoadRequest, _ request: OutboundRequest) -> Int {
        guard plan.keepsBook, let event = made.event else { return 0 }
        return tally.book.note(
            event: event.id,
            object: maker.object(of: event, in: request),
            digest: maker.digest(of: event, in: request, url),
            isToBeRefused: made.kind.isToBeRefused(signsTime: maker.signsTime)
        )
    }

    /// More than the numbers of all events that it has sent.
    var nextNumber: UInt64 { maker.number }

    func write(content: Int, into request: inout OutboundRequest) { maker.writeFixed(into: &request) }

    func isHeldBack(now: Int64) { pacer.holdBack() }

    func take(_ answer: LoadAnswer) {
        let mark = LoadMark(bits: answer.ticket.mark)
        let isToBeRefused = mark.kind.isToBeRefused(signsTime: signsTime)
        let ending = LoadMeasurements.Ending(
            answer: answer,
            wasHeldBack: mark.wasHeldBack,
            isToBeRefused: isToBeRefused,
            success: plan.success
        )
        if plan.keepsBook, ending.isSuccess { tally.book.accept(mark.entry) }
        if mark.isWarmUp {
            tally.warmUpRequests += 1
        } else {
            if watch != nil { unreported.measured.take(ending, start: measuredFrom) }
            tally.take(ending, mark.kind, start: measuredFrom, step: step(of: answer.ticket.intended), type: mark.type)
            if plan.keepsSamples { tally.samples.append(LoadSample(answer, start: measuredFrom)) }
        }
        if plan.honoursRetryAfter, let wait = answer.retryAfterMilliseconds {
            shared.pausedUntil.max(answer.ended + min(wait, 86_400_000) * 1_000_000, ordering: .relaxed)
        }
        if plan.thinkTime != nil { pacer.answered(at: answer.ended) }
        unreported.progress.requests += 1
        if ending.error != nil { unreported.progress.errors += 1 }
        if ending.isJudged { unreported.progress.latencies.record(ending.latency) }
        if answer.ended - reportedAt > Self.reportNanoseconds { report(answer.ended) }
    }

    /// The step of the rate in which a request was meant to leave; `nil` where the rate has no steps.
    private func step(of intended: Int64) -> Int? {
        if stepEnds.isEmpty { return nil }
        let moment = intended - measuredFrom
        var (low, high) = (0, stepEnds.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if moment < stepEnds[middle] { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private func report(_ now: Int64) {
        reportedAt = now
        shared.gauge.withLock { $0.add(unreported.progress) }
        if let watch, unreported.measured.due > 0 { watch.take(unreported.measured, now: now) }
        unreported = Unreported()
    }
}
