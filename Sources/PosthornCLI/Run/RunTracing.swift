import Dispatch
import Posthorn
import Synchronization

/// Logs attempts that deliver, as far as the log keeps up, from when that is first asked for until the engine's end.
final class RunTracing: Sendable {
    private let engine: Engine
    private let log: LogWriter
    private let hasStarted = Atomic(false)
    private let group = DispatchGroup()

    init(_ engine: Engine, _ log: LogWriter) {
        self.engine = engine
        self.log = log
    }

    /// Begins, unless it has.
    func start() {
        if hasStarted.exchange(true, ordering: .relaxed) { return }
        let (updates, group, log) = (engine.updates(), group, log)
        group.enter()
        Task.detached {
            for await update in updates where update.outcome.succeeded { log.log(LogRecord(delivered: update)) }
            group.leave()
        }
    }

    /// Returns when the engine has ended and all is logged.
    func wait() { group.wait() }
}
