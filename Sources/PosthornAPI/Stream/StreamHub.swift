import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornSystem
import PosthornText
import Synchronization

/// Sends what becomes of deliveries to those who listen, each cut to the tree of its key.
///
/// A thread of its own looks several times a second, so that a delivery costs the engine an entry in a list and no more. What is kept is
/// bounded: a client that does not read loses the oldest, is told how many, and holds back nobody.
final class StreamHub: Sendable {
    private struct State {
        var log = StreamLog(limit: StreamHub.keptLimit)
        var listeners: [StreamListener] = []
        var isFollowing = false
        /// What follows deliveries.
        var task: Task<Void, Never>?
        /// Since when there is no listener, in monotonic nanoseconds.
        var emptySince: Int64?
        var isClosing = false
    }

    private let source: (@Sendable () -> DeliveryUpdates)?
    private let book: AccessBook
    private let run: String
    private let waker: Waker
    private let state = Mutex(State())
    private let thread = Mutex<WorkerThread?>(nil)
    private let executor = QueueExecutor(label: "api-stream")

    /// Deliveries that are kept for clients that come back, and for those that read slowly.
    static let keptLimit = 10_000
    /// Streams at one time, in all and of one share.
    static let listenerLimit = 64
    static let listenerLimitEach = 8
    /// How long deliveries are followed after the last listener has gone, for one that comes back.
    static let lingerNanoseconds: Int64 = 60_000_000_000
    /// How often is looked for what is new.
    static let intervalMilliseconds: Int64 = 200

    /// - Parameters:
    ///   - book: Says which keys are still good.
    ///   - run: A text that no other run of the server has.
    ///   - source: Begins to tell what becomes of deliveries; `nil` where no engine runs beside the API.
    init(_ book: AccessBook, run: String, source: (@Sendable () -> DeliveryUpdates)?) throws(SystemProblem) {
        self.book = book
        self.run = run
        self.source = source
        waker = try Waker()
        let started = try WorkerThread(name: "api-stream") { [weak self, waker] in
            while true {
                let isIdle = self?.state.withLock { $0.listeners.isEmpty && !$0.isFollowing } ?? true
                waker.wait(milliseconds: isIdle ? nil : Self.intervalMilliseconds)
                guard let self, !self.state.withLock({ $0.isClosing }) else { return }
                self.pump()
            }
        }
        thread.withLock { $0 = started }
    }

    /// Ends all streams and the thread.
    func close() {
        let listeners = state.withLock { state in
            state.isClosing = true
            defer { (state.listeners, state.task) = ([], nil) }
            return (all: state.listeners, task: state.task)
        }
        for listener in listeners.all { listener.end() }
        listeners.task?.cancel()
        waker.signal()
        thread.withLock { $0.take() }?.join()
    }

    /// Adds a listener.
    /// - Parameter position: Where the client was before; `nil` to begin with what comes.
    /// - Throws: ``APIProblem`` when there are too many.
    func add(_ request: APIRequest, from position: StreamPosition?, begin: () -> HTTPResponseStream?) throws(APIProblem) {
        let share = request.grant.share
        let isFull = state.withLock { state in
            state.listeners.count >= Self.listenerLimit || state.listeners.count { $0.share == share } >= Self.listenerLimitEach
        }
        if isFull { throw APIProblem(.tooManyRequests, "too many streams are open", headers: [("Retry-After", "5")]) }
        follow()
        guard let stream = begin() else { return }
        state.withLock { state in
            let wanted = position.map { $0.number + 1 }
            let isKnown = position?.run == run && wanted.map { state.log.has($0) } ?? false
            let next = isKnown ? wanted ?? state.log.next : state.log.next
            state.listeners.append(StreamListener(request, stream, next: next, isReset: position != nil && !isKnown))
        }
        waker.signal()
    }

    /// Begins to follow deliveries with the first listener; before, they cost nothing.
    private func follow() {
        let begins = state.withLock { state in
            defer { (state.isFollowing, state.emptySince) = (true, nil) }
            return !state.isFollowing
        }
        guard begins, let source else { return }
        let updates = source()
        let started = Task(executorPreference: executor) { [weak self] in
            for await update in updates { self?.take(update) }
        }
        state.withLock { $0.task = started }
    }

    private func take(_ update: DeliveryUpdate) {
        state.withLock { state in
            state.log.skip(update.droppedBefore)
            guard update.state.isTerminal else { return }
            state.log.add(
                SettledDelivery(
                    delivery: update.delivery,
                    event: update.event,
                    type: update.type,
                    node: update.node,
                    endpoint: update.endpoint,
                    state: update.state,
                    attempt: update.attempt,
                    status: update.outcome.status,
                    error: update.outcome.error
                )
            )
        }
    }

    /// Writes to each listener what is new for it.
    private func pump() {
        let (listeners, log) = state.withLock { ($0.listeners, $0.log) }
        let now = MonotonicClock.nanoseconds()
        var over: Set<ObjectIdentifier> = []
        for listener in listeners {
            let isGood = book.isStillGood(listener.keyID, at: listener.outbox.now)
            if !isGood || !listener.write(log, run: run, at: now) {
                listener.end()
                over.insert(ObjectIdentifier(listener))
            }
        }
        let left = state.withLock { state -> Task<Void, Never>? in
            state.listeners.removeAll { over.contains(ObjectIdentifier($0)) }
            guard state.listeners.isEmpty, state.isFollowing else {
                state.emptySince = nil
                return nil
            }
            let since = state.emptySince ?? now
            state.emptySince = since
            if now - since < Self.lingerNanoseconds { return nil }
            // Nothing that is settled from now on is kept, so that a client that comes back later has to read lists again.
            state.isFollowing = false
            state.log.skip(1)
            return state.task.take()
        }
        left?.cancel()
    }
}
