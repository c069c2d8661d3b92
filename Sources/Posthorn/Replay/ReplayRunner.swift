import PosthornStore
import PosthornSystem
import Synchronization

/// Carries out the replays of a running engine's outbox, on a thread of its own.
final class ReplayRunner: Sendable {
    private let outbox: Outbox
    private let waker: Waker
    private let state = Mutex(State())

    private struct State: ~Copyable {
        var isStopping = false
        /// Whether a replay goes on, as far as is known: until it has looked, one may.
        var isUnderWay = true
        var thread: WorkerThread?
    }

    /// How long to wait when the outbox cannot be read or written.
    private static let storagePauseMilliseconds: Int64 = 1000

    init(_ outbox: Outbox) throws(SystemProblem) {
        self.outbox = outbox
        waker = try Waker()
        let thread = try WorkerThread(name: "posthorn-replay") { [self] in run() }
        state.withLock { $0.thread = thread }
    }

    // MARK: From any thread

    /// Whether a replay goes on.
    var isUnderWay: Bool { state.withLock { $0.isUnderWay } }

    /// Begins no step from now on.
    func requestStop() {
        state.withLock { $0.isStopping = true }
        waker.signal()
    }

    /// Waits for the end of the step that is under way, after ``requestStop()``.
    func join() {
        let thread = state.withLock { state in
            defer { state.thread = nil }
            return state.thread
        }
        thread?.join()
    }

    // MARK: On its own thread

    private func run() {
        let worker = ReplayWorker(outbox)
        while !state.withLock({ $0.isStopping }) {
            let pause: Int64
            do {
                let step = try worker.step()
                note(step.isUnderWay)
                pause = step.pauseMilliseconds
            } catch {
                pause = Self.storagePauseMilliseconds
            }
            if pause > 0 { waker.wait(milliseconds: pause) }
        }
    }

    private func note(_ isUnderWay: Bool) {
        let wasUnderWay = state.withLock { state in
            defer { state.isUnderWay = isUnderWay }
            return state.isUnderWay
        }
        // An engine that waits until everything is settled looks again.
        if wasUnderWay, !isUnderWay { outbox.writer.wake() }
    }
}
