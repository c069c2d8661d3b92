import PosthornModel
import PosthornText
import PosthornStore
import PosthornSystem
import Synchronization

/// Lets unverified endpoints of a running engine prove themselves: a thread that waits for the next one's time, and one
/// for each handshake under way. None of them is the writer's, which only records its result.
final class HandshakeRunner: EngineService {
    private let outbox: Outbox
    private let handshake: VendorHandshake
    private let listeners: EngineListeners
    private let thread: ServiceThread
    private let state: Mutex<State>

    private struct State: ~Copyable {
        var queue: HandshakeQueue
        var answers: [Answer] = []
    }

    private struct Answer {
        let candidate: HandshakeQueue.PendingHandshake
        let failure: String?
    }

    init(_ outbox: Outbox, _ handshake: VendorHandshake, speed: Double, _ listeners: EngineListeners) throws(SystemProblem) {
        self.outbox = outbox
        self.handshake = handshake
        self.listeners = listeners
        thread = try ServiceThread(name: "posthorn-verify", clock: outbox.clock)
        state = Mutex(State(queue: HandshakeQueue(speed: speed)))
    }

    // MARK: EngineService

    static func make(for engine: Engine) throws(SystemProblem) -> HandshakeRunner? {
        let sender = engine.configuration.sender
        var handshake = VendorHandshake(guard: sender.guard, caFile: sender.caFile)
        if let transport = engine.configuration.handshakeTransport { handshake.transport = (transport, engine.outbox.clock) }
        return try HandshakeRunner(engine.outbox, handshake, speed: engine.configuration.speed, engine.listeners)
    }

    func start() throws(SystemProblem) { try thread.start { [self] in run() } }

    /// Takes the list of all endpoints that are unverified now.
    func notice(_ news: EngineNews) {
        guard case .endpoints(let directory, let leases) = news else { return }
        let candidates = directory.unverified.filter { leases.mayStart($0.key) }
        state.withLock { $0.queue.update(candidates, at: outbox.clock.now()) }
        thread.wake()
    }

    /// Whether an endpoint waits for the answer to its first handshake.
    var isUnsettled: Bool { state.withLock { $0.queue.hasUnasked } }

    /// Those under way end within their endpoints' deadlines, and none is worth waiting for longer because all else is settled.
    func drain(_ drain: ServiceDrain) { thread.order(.stop) }

    /// Endpoints whose handshake is given up are asked again by the next engine.
    func join(within milliseconds: Int64) { thread.join(within: milliseconds) }

    // MARK: On its own thread

    private func run() {
        var threads: [Int64: WorkerThread] = [:]
        while true {
            // Each ends by itself within its endpoint's deadline, and nobody hears of it.
            if thread.isCut { return threads.values.forEach { $0.detach() } }
            let answers = state.withLock { state in
                defer { state.answers = [] }
                return state.answers
            }
            for answer in answers { threads.removeValue(forKey: answer.candidate.key)?.join() }
            if !answers.isEmpty { record(answers) }
            let isStopping = thread.order != .work
            let now = outbox.clock.now()
            let due = isStopping ? [] : state.withLock { $0.queue.take(at: now) }
            for candidate in due { threads[candidate.key] = start(candidate) }
            let (isRunning, next) = state.withLock { ($0.queue.isRunning, $0.queue.nextDue) }
            if isStopping && !isRunning { return }
            thread.sleep(milliseconds: isStopping ? nil : next.flatMap { outbox.clock.realMilliseconds(until: $0) })
        }
    }

    private func start(_ candidate: HandshakeQueue.PendingHandshake) -> WorkerThread? {
        do throws(SystemProblem) {
            return try WorkerThread(name: "posthorn-hello") { [self] in
                let failure = handshake.failure(of: candidate.settings, candidate.composer)
                state.withLock { $0.answers.append(Answer(candidate: candidate, failure: failure?.text)) }
                thread.wake()
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
