import PosthornModel
import PosthornSystem
import Synchronization

/// Who is told what an engine does: a log, and any number of sequences of updates.
final class EngineListeners: Sendable {
    private let events: EventQueue?
    private let onSettled = Mutex<(@Sendable () -> Void)?>(nil)
    private let streams = Mutex(Streams())

    private struct Streams {
        var next = 0
        var open: [Int: AsyncStream<DeliveryUpdate>.Continuation] = [:]
        /// Whether the engine has ended, after which nothing comes any more.
        var isOver = false
    }

    init(log: (@Sendable (EngineEvent) -> Void)?) { events = log.map(EventQueue.init) }

    /// Starts to tell; to be called once, before anything is told.
    func begin() throws(SystemProblem) { try events?.begin() }

    func tell(_ event: EngineEvent) { events?.tell(event) }

    /// Whether this is the thread on which events are told, so that who calls here is a listener.
    var isOnEventThread: Bool { events?.isCurrent ?? false }

    /// The listener that is called now waits for the engine's end, which therefore must not wait for it.
    func doNotWaitForListener() { events?.stopWaiting() }

    func tell(_ update: DeliveryUpdate) {
        if !update.outcome.succeeded { tell(.attemptFailed(update)) }
        streams.withLock { streams in
            for stream in streams.open.values { stream.yield(update) }
        }
    }

    /// Whether successes are wanted too; making an update for each costs, so it is done for somebody only.
    var wantsUpdates: Bool { streams.withLock { !$0.open.isEmpty } }

    func whenSettled(_ action: (@Sendable () -> Void)?) { onSettled.withLock { $0 = action } }

    func settled() {
        let action = onSettled.withLock { action in
            defer { action = nil }
            return action
        }
        action?()
    }

    /// Updates from now on. A reader that is slow loses the oldest beyond `bufferLimit`; the outbox has them all.
    func updates(bufferLimit: Int) -> AsyncStream<DeliveryUpdate> {
        AsyncStream(bufferingPolicy: .bufferingNewest(bufferLimit)) { continuation in
            let key: Int? = streams.withLock { streams in
                if streams.isOver { return nil }
                streams.next += 1
                streams.open[streams.next] = continuation
                return streams.next
            }
            guard let key else { return continuation.finish() }
            continuation.onTermination = { [weak self] _ in
                _ = self?.streams.withLock { $0.open.removeValue(forKey: key) }
            }
        }
    }

    /// Ends all sequences, and waits a bounded time until the events are told.
    func finish() {
        endUpdates()
        events?.finish()
    }

    /// Ends all sequences, also those that are asked for later.
    func endUpdates() {
        let open = streams.withLock { streams in
            defer { streams = Streams(next: streams.next, isOver: true) }
            return streams.open.values.map { $0 }
        }
        for stream in open { stream.finish() }
    }
}
