import PosthornModel
import PosthornText
import PosthornStore
import PosthornSystem
import Synchronization

/// Lets unverified endpoints of a running engine prove themselves: a thread that waits for the next one's time, and one
/// for each handshake under way. None of them is the writer's, which only records its result.
final class HandshakeRunner: Sendable {
    private let outbox: Outbox
    private let handshake: VendorHandshake
    private let listeners: EngineListeners
    private let waker: Waker
    private let ended: Waker
    private let state: Mutex<State>

    private struct State: ~Copyable {
        var queue: HandshakeQueue
        var answers: [Answer] = []
        var isStopping = false
        /// Whether those under way are not waited for any more.
        var isCut = false
        var isOver = false
        var thread: WorkerThread?
    }

    private struct Answer {
        let candidate: HandshakeQueue.PendingHandshake
        let failure: String?
    }

    /// The longest sleep, after which a clock that was moved is noticed.
    private static let longestSleepMilliseconds: Int64 = 60_000

    init(_ outbox: Outbox, _ handshake: VendorHandshake, speed: Double, _ listeners: EngineListeners) throws(SystemProblem) {
        self.outbox = outbox
        self.handshake = handshake
        self.listeners = listeners
        waker = try Waker()
        ended = try Waker()
        state = Mutex(State(queue: HandshakeQueue(speed: speed)))
        outbox.clock.signalOnJump(waker)
        let thread = try WorkerThread(name: "posthorn-verify") { [self] in
            run()
            state.withLock { $0.isOver = true }
            ended.signal()
        }
        state.withLock { $0.thread = thread }
    }

    // MARK: From any thread

    /// Takes the list of all endpoints that are unverified now.
    func update(_ candidates: [HandshakeQueue.PendingHandshake]) {
        state.withLock { $0.queue.update(candidates, at: outbox.clock.now()) }
        waker.signal()
    }

    /// Whether an endpoint waits for the answer to its first handshake.
    var hasUnasked: Bool { state.withLock { $0.queue.hasUnasked } }

    /// Begins no handshake from now on; those under way end within their endpoints' deadlines.
    func requestStop() {
        state.withLock { $0.isStopping = true }
        waker.signal()
    }

    /// Waits until those under way have ended and are recorded, for so many milliseconds at most; then they count for nothing,
    /// and the endpoints are asked again. To be called once, after ``requestStop()``.
    func join(within milliseconds: Int64) {
        let end = MonotonicClock.nanoseconds() + milliseconds * 1_000_000
        while !state.withLock({ $0.isOver }) {
            let left = (end - MonotonicClock.nanoseconds() + 999_999) / 1_000_000
            if left <= 0 { break }
            ended.wait(milliseconds: left)
        }
        state.withLock { $0.isCut = true }
        waker.signal()
        let thread = state.withLock { state in
            defer { state.thread = nil }
            return state.thread
        }
        thread?.join()
    }

    // MARK: On its own thread

    private func run() {
        var threads: [Int64: WorkerThread] = [:]
        while true {
            let (answers, isCut) = state.withLock { state in
                defer { state.answers = [] }
                return (state.answers, state.isCut)
            }
            // Each ends by itself within its endpoint's deadline, and nobody hears of it.
            if isCut { return threads.values.forEach { $0.detach() } }
            for answer in answers { threads.removeValue(forKey: answer.candidate.key)?.join() }
            if !answers.isEmpty { record(answers) }
            let now = outbox.clock.now()
            let due = state.withLock { state in state.isStopping ? [] : state.queue.take(at: now) }
            for candidate in due { threads[candidate.key] = start(candidate) }
            let (isOver, deadline) = state.withLock { ($0.isStopping && !$0.queue.isRunning, $0.isStopping ? nil : $0.queue.nextDue) }
            if isOver { return }
            let wait = deadline.flatMap { outbox.clock.realMilliseconds(until: $0) }
            waker.wait(milliseconds: wait.map { min($0, Self.longestSleepMilliseconds) })
        }
    }

    private func start(_ candidate: HandshakeQueue.PendingHandshake) -> WorkerThread? {
        do throws(SystemProblem) {
            return try WorkerThread(name: "posthorn-hello") { [self] in
                let failure = handshake.failure(of: candidate.settings, candidate.composer)
                state.withLock { $0.answers.append(Answer(candidate: candidate, failure: failure?.text)) }
                waker.signal()
            }
        } catch {
            let now = outbox.clock.now()
            state.withLock { _ = $0.queue.finished(candidate, .undecided, at: now) }
            return nil
        }
    }

    private func record(_ answers: [Answer]) {
        let now = outbox.clock.now()
        do throws(OutboxProblem) {
            let counted = try outbox.writer.perform { (store) throws(OutboxProblem) in
                try answers.map { (answer) throws(OutboxProblem) in
                    try store.settleHandshake(
                        ofEndpoint: answer.candidate.key,
                        revision: answer.candidate.revision,
                        failure: answer.failure,
                        at: now
                    )
                }
            }
            for (answer, counts) in zip(answers, counted) where counts && answer.failure == nil {
                listeners.tell(.endpointVerified(endpoint: answer.candidate.settings.id))
            }
            // Before the queue forgets them, so that an engine which waits for everything sees what was held for them go out.
            if answers.contains(where: { $0.failure == nil }) { try outbox.followTopology() }
            for (answer, counts) in zip(answers, counted) { finish(answer, counts, now) }
        } catch {
            state.withLock { state in
                for answer in answers { _ = state.queue.finished(answer.candidate, .undecided, at: now) }
            }
        }
        outbox.writer.wake()
    }

    private func finish(_ answer: Answer, _ counts: Bool, _ now: Timestamp) {
        let next = state.withLock { state in
            state.queue.finished(answer.candidate, answer.failure == nil ? .verified : .failed, at: now)
        }
        guard counts, let failure = answer.failure else { return }
        listeners.tell(.endpointNotVerified(endpoint: answer.candidate.settings.id, reason: failure, nextTryAt: next))
    }
}
