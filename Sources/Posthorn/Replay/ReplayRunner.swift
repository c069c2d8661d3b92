import PosthornStore
import PosthornSystem
import Synchronization

/// Carries out the replays of a running engine's outbox, on a thread of its own.
final class ReplayRunner: EngineService {
    private let outbox: Outbox
    private let thread: ServiceThread
    private let listeners: EngineListeners
    /// Whether a replay goes on, as far as is known: until it has looked, one may.
    private let isUnderWay = Atomic(true)
    /// Why that cannot be said, once it has been so for too long.
    private let lasting = Mutex<OutboxProblem?>(nil)

    /// How long to wait when the outbox cannot be read or written.
    private static let storagePauseMilliseconds: Int64 = 1000

    init(_ outbox: Outbox, _ listeners: EngineListeners) throws(SystemProblem) {
        self.outbox = outbox
        self.listeners = listeners
        thread = try ServiceThread(name: "posthorn-replay", clock: outbox.clock)
    }

    // MARK: EngineService

    static func make(for engine: Engine) throws(SystemProblem) -> ReplayRunner? { try ReplayRunner(engine.outbox, engine.listeners) }

    func start() throws(SystemProblem) { try thread.start { [self] in run() } }

    var isUnsettled: Bool { isUnderWay.load(ordering: .acquiring) }

    var lastingProblem: OutboxProblem? { lasting.withLock { $0 } }

    /// It ends between two steps. While a replay goes on nothing is settled, so that none is left undone for it.
    func drain(_ drain: ServiceDrain) { thread.order(.stop) }

    func join(within milliseconds: Int64) { thread.join(within: milliseconds) }

    // MARK: On its own thread

    private func run() {
        let worker = ReplayWorker(outbox)
        var watch = WorkWatch(.jobs, listeners)
        while thread.order == .work {
            let pause: Int64
            do {
                let step = try worker.step()
                note(step.isUnderWay)
                pause = step.pauseMilliseconds
                watch.succeeded()
                lasting.withLock { $0 = nil }
            } catch {
                if thread.order != .work { return }
                if watch.failed(error) {
                    lasting.withLock { $0 = watch.problem }
                    // An engine that waits until everything is settled looks again.
                    outbox.writer.wake()
                }
                pause = Self.storagePauseMilliseconds
            }
            if pause > 0 { thread.sleep(milliseconds: pause) }
        }
    }

    private func note(_ isUnderWay: Bool) {
        let wasUnderWay = self.isUnderWay.exchange(isUnderWay, ordering: .acquiringAndReleasing)
        // An engine that waits until everything is settled looks again.
        if wasUnderWay, !isUnderWay { outbox.writer.wake() }
    }
}
