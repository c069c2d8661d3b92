import Dispatch
import PosthornModel
import PosthornStore
import PosthornSystem
import Synchronization

/// Who is told what an engine does: a log, metrics, and any number of sequences of updates.
final class EngineListeners: Sendable {
    private let events: ListenerQueue<EngineEvent>?
    private let metrics: (any EngineMetrics)?
    /// What metrics are told, while the engine runs.
    private let attempts = Mutex<ListenerQueue<DeliveryUpdate>?>(nil)
    private let onSettled = Mutex<(@Sendable (OutboxProblem?) -> Void)?>(nil)
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

    init(log: (@Sendable (EngineEvent) -> Void)? = nil, metrics: (any EngineMetrics)? = nil) {
        events = log.map { log in
            ListenerQueue("posthorn-events") { events, dropped in
                for event in events { log(event) }
                if dropped > 0 { log(.eventsDropped(count: dropped)) }
            }
        }
        self.metrics = metrics
    }

    /// Starts to tell; to be called once, before anything is told.
    /// - Parameter statistics: What metrics are told beside attempts.
    func begin(statistics: @escaping @Sendable () -> EngineStatistics) throws(SystemProblem) {
        try events?.begin()
        guard let metrics else { return }
        let lost = Mutex(0)
        let queue = ListenerQueue<DeliveryUpdate>("posthorn-metrics") { updates, dropped in
            for var update in updates {
                update.droppedBefore = lost.withLock { lost in
                    defer { lost = 0 }
                    return lost
                }
                metrics.attempted(update)
            }
            lost.withLock { $0 += dropped }
            metrics.counted(statistics())
        }
        do throws(SystemProblem) { try queue.begin() } catch {
            events?.end()
            throw error
        }
        attempts.withLock { $0 = queue }
    }

    func tell(_ event: EngineEvent) { events?.tell(event, limit: event.isFrequent ? ListenerLimits.frequent : ListenerLimits.rare) }

    /// Whether this is a thread on which listeners are told, so that who calls here is one.
    var isOnListenersThread: Bool { events?.isCurrent == true || attempts.withLock { $0 }?.isCurrent == true }

    /// The listener that is called now waits for the engine's end, which therefore must not wait for it.
    func doNotWaitForListener() {
        if events?.isCurrent == true { events?.stopWaiting() }
        if let attempts = attempts.withLock({ $0 }), attempts.isCurrent { attempts.stopWaiting() }
    }

    func tell(_ update: DeliveryUpdate) {
        if !update.outcome.succeeded { tell(.attemptFailed(update)) }
        attempts.withLock { $0 }?.tell(update, limit: ListenerLimits.frequent)
        // Outside of the lock, since the last of a reader may go away here, which takes its entry out.
        for buffer in streams.withLock({ $0.open.values.map(\.buffer) }) { buffer?.add(update) }
    }

    /// Whether successes are wanted too; making an update for each costs, so it is done for somebody only.
    var wantsUpdates: Bool { metrics != nil || streams.withLock { !$0.open.isEmpty } }

    func whenSettled(_ action: (@Sendable (OutboxProblem?) -> Void)?) { onSettled.withLock { $0 = action } }

    /// Every delivery is settled.
    /// - Parameter problem: Why it cannot be said whether anything else is, if that is so.
    func settled(except problem: OutboxProblem?) {
        let action = onSettled.withLock { action in
            defer { action = nil }
            return action
        }
        action?(problem)
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
        // The queue's listener holds the engine, which holds this.
        let attempts = attempts.withLock { $0.take() }
        attempts?.end()
        events?.end()
        let deadline = DispatchTime.now() + .milliseconds(ListenerLimits.patienceMilliseconds)
        attempts?.waitForEnd(until: deadline)
        events?.waitForEnd(until: deadline)
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
