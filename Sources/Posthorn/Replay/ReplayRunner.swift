import PosthornStore
import PosthornSystem
import Synchronization

/// Carries out the replays of a running engine's outbox, on a thread of its own.
final class ReplayRunner: EngineService {
    private let outbox: Outbox
    private let thread: ServiceThread
    /// Whether a replay goes on, as far as is known: until it has looked, one may.
    private let isUnderWay = Atomic(true)

    /// How long to wait when the outbox cannot be read or written.
    private static let storagePauseMilliseconds: Int64 = 1000

    init(_ outbox: Outbox) throws(SystemProblem) {
        self.outbox = outbox
        thread = try ServiceThread(name: "posthorn-replay", clock: outbox.clock)
    }

    // MARK: EngineService

    static func make(for engine: Engine) throws(SystemProblem) -> ReplayRunner? { try ReplayRunner(engine.outbox) }

    func start() throws(SystemProblem) { try thread.start { [self] in run() } }

    var isUnsettled: Bool { isUnderWay.load(ordering: .acquiring) }

    /// It ends between two steps. While a replay goes on nothing is settled, so that none is left undone for it.
    func drain(_ drain: ServiceDrain) { thread.order(.stop) }

    func join(within milliseconds: Int64) { thread.join(within: milliseconds) }

    // MARK: On its own thread

    private func run() {
        let worker = ReplayWorker(outbox)
        while thread.order == .work {
            let pause: Int64
            do {
                let step = try worker.step()
                note(step.isUnderWay)
                pause = step.pauseMilliseconds
            } catch {
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
