import PosthornLab
import PosthornSystem
import Synchronization

/// Loads that run one after the other, of which a stop signal ends the one that runs.
final class StoppableLoads: Sendable {
    private let mark: StopMark
    private let running = Mutex<LoadTest?>(nil)

    init() throws(SystemProblem) { mark = try StopMark() }

    /// Whether an end was asked for.
    var isStopped: Bool { mark.isSet }

    /// Asks for an end. From any thread.
    func stop() {
        mark.set()
        running.withLock { $0 }?.stop()
    }

    /// Runs a load, which ends early when an end is asked for or was before.
    func run(_ test: LoadTest) throws -> LoadReport {
        running.withLock { $0 = test }
        defer { running.withLock { $0 = nil } }
        if isStopped { test.stop() }
        return try test.run()
    }

    /// Waits so many milliseconds, less when an end is asked for.
    /// - Returns: Whether to go on.
    func wait(milliseconds: Int64) -> Bool {
        if milliseconds > 0, !isStopped { mark.waker.wait(milliseconds: milliseconds) }
        return !isStopped
    }
}
