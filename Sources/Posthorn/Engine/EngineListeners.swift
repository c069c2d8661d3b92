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
        var open: [Int: Reader] = [:]
        /// Whether the engine has ended, after which nothing comes any more.
        var isOver = false
    }

    /// A reader that may have gone away.
    private struct Reader {
        weak var buffer: UpdateBuffer?
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
        // Outside of the lock, since the last of a reader may go away here, which takes its entry out.
        for buffer in streams.withLock({ $0.open.values.map(\.buffer) }) { buffer?.add(update) }
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

    /// Updates from now on.
    func updates(bufferLimit: Int) -> DeliveryUpdates {
        let key = streams.withLock { streams in
            streams.next += 1
            return streams.next
        }
        let buffer = UpdateBuffer(limit: bufferLimit) { [weak self] in
            _ = self?.streams.withLock { $0.open.removeValue(forKey: key) }
        }
        let isOver = streams.withLock { streams in
            if !streams.isOver { streams.open[key] = Reader(buffer: buffer) }
            return streams.isOver
        }
        if isOver { buffer.finish() }
        return DeliveryUpdates(buffer: buffer)
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
            return streams.open.values.map(\.buffer)
        }
        for buffer in open { buffer?.finish() }
    }
}
