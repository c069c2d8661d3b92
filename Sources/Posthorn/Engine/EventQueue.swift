import Dispatch
import Glibc
import PosthornSystem
import Synchronization

/// Hands an engine's events to its listener, one after the other in their order, on a thread of its own: so a listener may call
/// the engine and its outbox, and a slow one holds nothing back. What it has not taken is bounded; the rest is counted.
final class EventQueue: Sendable {
    /// Events that wait for the listener, such as failed attempts, of which there may be any number.
    static let eventLimit = 10_000
    /// Events that wait at most, those that are rare and must not be missed among them, such as the engine's end.
    static let hardLimit = 2 * eventLimit
    /// How long the engine's end waits for a listener that is slow or waits itself for something.
    static let patienceMilliseconds = 5000

    private let listener: @Sendable (EngineEvent) -> Void
    private let state = Mutex(State())
    private let news = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    private struct State {
        var waiting: [EngineEvent] = []
        var dropped = 0
        var isAsleep = false
        var isOver = false
        /// The thread, while it runs.
        var thread: pthread_t?
    }

    init(_ listener: @escaping @Sendable (EngineEvent) -> Void) { self.listener = listener }

    /// Starts the thread.
    func begin() throws(SystemProblem) {
        try WorkerThread(name: "posthorn-events", stackBytes: WorkerThread.foreignStackBytes) { [self] in
            state.withLock { $0.thread = pthread_self() }
            deliver()
            state.withLock { $0.thread = nil }
            ended.signal()
        }.detach()
    }

    /// Hands an event over and returns at once.
    func tell(_ event: EngineEvent) {
        let mustWake = state.withLock { state in
            if state.waiting.count >= (event.isFrequent ? Self.eventLimit : Self.hardLimit) {
                state.dropped += 1
                return false
            }
            state.waiting.append(event)
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if mustWake { news.signal() }
    }

    /// Whether this is the thread that calls the listener.
    var isCurrent: Bool { state.withLock { $0.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false } }

    /// Lets ``finish()`` go on at once: the listener itself waits for the engine's end.
    func stopWaiting() { ended.signal() }

    /// Nothing comes any more: waits until the listener has taken all, for a bounded time. The thread ends by itself.
    func finish() {
        let mustWake = state.withLock { state in
            state.isOver = true
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if mustWake { news.signal() }
        _ = ended.wait(timeout: .now() + .milliseconds(Self.patienceMilliseconds))
    }

    private func deliver() {
        while true {
            let (events, dropped, isOver) = state.withLock { state in
                defer { (state.waiting, state.dropped) = ([], 0) }
                state.isAsleep = state.waiting.isEmpty && state.dropped == 0 && !state.isOver
                return (state.waiting, state.dropped, state.isOver)
            }
            for event in events { listener(event) }
            if dropped > 0 { listener(.eventsDropped(count: dropped)) }
            if !events.isEmpty || dropped > 0 { continue }
            if isOver { return }
            news.wait()
        }
    }
}
