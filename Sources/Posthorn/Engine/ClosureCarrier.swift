import PosthornModel
import PosthornSending
import PosthornSystem
import Synchronization

/// Carries requests to a closure, one after the other on a thread of its own.
final class ClosureCarrier: RequestCarrier {
    private let transport: Transport
    private let clock: any PosthornClock
    private let onRecalled: @Sendable ([SendJob]) -> Void
    private let onResults: @Sendable ([SendResult]) -> Void
    private let state = Mutex(State())
    private let waker: Waker
    private let worker = Mutex<WorkerThread?>(nil)
    private let idle: Waker

    private struct State {
        var waiting: [SendJob] = []
        var isBusy = false
        var isPaused = false
        var isDraining = false
        var isOver = false
        /// Until when jobs may start, by `BootClock`.
        var end: Int64?

        var mayStart: Bool { !isPaused && end.map { BootClock.nanoseconds() < $0 } ?? true }
    }

    init(
        _ transport: @escaping Transport,
        clock: any PosthornClock,
        onRecalled: @escaping @Sendable ([SendJob]) -> Void,
        onResults: @escaping @Sendable ([SendResult]) -> Void
    ) throws(SystemProblem) {
        self.transport = transport
        self.clock = clock
        self.onRecalled = onRecalled
        self.onResults = onResults
        waker = try Waker()
        idle = try Waker()
        let started = try WorkerThread(name: "posthorn-carry", stackBytes: WorkerThread.foreignStackBytes) { [self] in work() }
        worker.withLock { $0 = started }
    }

    var statistics: SenderStatistics { SenderStatistics() }

    func makeBatch() -> SendBatch { SendBatch(threads: 1) }

    func submit(_ batch: consuming SendBatch) {
        let jobs = batch.jobs
        if jobs.isEmpty { return }
        let isRefused = state.withLock { state in
            if !state.isDraining { state.waiting += jobs }
            return state.isDraining
        }
        if isRefused { onRecalled(jobs) } else { waker.signal() }
    }

    func recall(keys: Set<Int64>?, forgetting: Bool) {
        let recalled = state.withLock { state in
            let recalled = state.waiting.filter { keys?.contains($0.target.key) ?? true }
            state.waiting.removeAll { keys?.contains($0.target.key) ?? true }
            return recalled
        }
        if !recalled.isEmpty { onRecalled(recalled) }
    }

    func pause() { state.withLock { $0.isPaused = true } }

    func resume() {
        state.withLock { $0.isPaused = false }
        waker.signal()
    }

    func mayStart(until end: Int64?) {
        state.withLock { $0.end = end }
        waker.signal()
    }

    func startDraining() {
        state.withLock { $0.isDraining = true }
        recall(keys: nil)
    }

    func drain(milliseconds: Int64?) -> Bool {
        startDraining()
        let end = milliseconds.map { MonotonicClock.nanoseconds() + $0 * 1_000_000 }
        while state.withLock({ $0.isBusy }) {
            let rest = end.map { ($0 - MonotonicClock.nanoseconds()) / 1_000_000 }
            if let rest, rest <= 0 { return false }
            idle.wait(milliseconds: rest)
        }
        return true
    }

    /// A closure cannot be cut off; it is waited for.
    func cutOff() -> Int {
        _ = drain(milliseconds: nil)
        return 0
    }

    func stop() {
        _ = drain(milliseconds: nil)
        state.withLock { $0.isOver = true }
        waker.signal()
        let thread = worker.withLock { worker in
            defer { worker = nil }
            return worker
        }
        thread?.join()
    }

    private func work() {
        while true {
            let (job, isOver): (SendJob?, Bool) = state.withLock { state in
                if state.isOver { return (nil, true) }
                state.isBusy = state.mayStart && !state.waiting.isEmpty
                return (state.isBusy ? state.waiting.removeFirst() : nil, false)
            }
            if isOver { return }
            if let job {
                onResults([SendResult(job: job, outcome: outcome(of: job))])
            } else {
                idle.signal()
                waker.wait(milliseconds: nil)
            }
        }
    }

    private func outcome(of job: SendJob) -> AttemptOutcome {
        let now = clock.now()
        var request = OutboundRequest()
        do throws(InputProblem) {
            try job.target.composer.compose(job.event, attempt: job.attempt, at: now, into: &request)
        } catch {
            return AttemptOutcome(started: now, durationMicroseconds: 0, error: .unbuildable, errorText: "\(error)")
        }
        var outcome = transport(
            CarriedRequest(
                event: job.event.event.id,
                type: job.event.event.type,
                attempt: job.attempt,
                url: request.url(at: job.target.url.text),
                method: job.target.method,
                headers: request.headerList,
                body: request.body,
                time: now
            )
        )
        outcome.started = now
        return outcome
    }
}

extension OutboundRequest {
    /// Where it goes, with what it adds to the query.
    func url(at url: String) -> String {
        if query.isEmpty { return url }
        return url + (url.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + String(decoding: query, as: UTF8.self)
    }

    /// Its header lines as names and values.
    var headerList: [EndpointSettings.Header] {
        headers.split(separator: UInt8(ascii: "\n")).map { line in
            let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? parts[1].filter { $0 != UInt8(ascii: "\r") }.drop { $0 == UInt8(ascii: " ") } : []
            return .init(name: String(decoding: parts[0], as: UTF8.self).lowercased(), value: String(decoding: value, as: UTF8.self))
        }
    }
}
