import Dispatch
import Glibc
import PosthornSystem
import Synchronization

/// What waits for a listener at most, and for how long.
enum ListenerLimits {
    /// What there may be any number of, such as failed attempts.
    static let frequent = 10_000
    /// What is rare and must not be missed among the others, such as the engine's end.
    static let rare = 2 * frequent
    /// How long the engine's end waits for listeners that are slow or wait themselves for something.
    static let patienceMilliseconds = 5000
}

/// Hands what an engine reports to a listener, one after the other in order, on a thread of its own: so a listener may call
/// the engine and its outbox, and a slow one holds nothing back. What it has not taken is bounded; the rest is counted.
final class ListenerQueue<Element: Sendable>: Sendable {
    private let name: String
    private let take: @Sendable ([Element], Int) -> Void
    private let state = Mutex(State())
    private let news = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    private struct State {
        var waiting: [Element] = []
        var dropped = 0
        var isAsleep = false
        var isOver = false
        /// The thread, while it runs.
        var thread: pthread_t?
    }

    /// - Parameters:
    ///   - name: The thread's.
    ///   - take: The listener: gets what there is, and how many were left out after that. Once more with nothing at the end.
    init(_ name: String, take: @escaping @Sendable ([Element], Int) -> Void) {
        self.name = name
        self.take = take
    }

    /// Starts the thread.
    func begin() throws(SystemProblem) {
        try WorkerThread(name: name, stackBytes: WorkerThread.foreignStackBytes) { [self] in
            state.withLock { $0.thread = pthread_self() }
            deliver()
            state.withLock { $0.thread = nil }
            ended.signal()
        }.detach()
    }

    /// Hands something over and returns at once.
    /// - Parameter limit: It is left out when so many wait.
    func tell(_ element: Element, limit: Int) {
        let mustWake = state.withLock { state in
            if state.waiting.count >= limit {
                state.dropped += 1
                return false
            }
            state.waiting.append(element)
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if mustWake { news.signal() }
    }

    /// Whether this is the thread that calls the listener.
    var isCurrent: Bool { state.withLock { $0.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false } }

    /// Lets ``waitForEnd(until:)`` go on at once: the listener itself waits for the engine's end.
    func stopWaiting() { ended.signal() }

    /// Nothing comes any more: the thread ends once the listener has taken all.
    func end() {
        let mustWake = state.withLock { state in
            state.isOver = true
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if mustWake { news.signal() }
    }

    /// Waits until the listener has taken all, for a bounded time.
    func waitForEnd(until deadline: DispatchTime) { _ = ended.wait(timeout: deadline) }

    private func deliver() {
        while true {
            let (elements, dropped, isOver) = state.withLock { state in
                defer { (state.waiting, state.dropped) = ([], 0) }
                state.isAsleep = state.waiting.isEmpty && state.dropped == 0 && !state.isOver
                return (state.waiting, state.dropped, state.isOver)
            }
            let isEmpty = elements.isEmpty && dropped == 0
            if !isEmpty || isOver { take(elements, dropped) }
            if !isEmpty { continue }
            if isOver { return }
            news.wait()
        }
    }
}
