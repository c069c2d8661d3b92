import Posthorn
import PosthornStore
import PosthornSystem
import Synchronization

/// The prune that a running engine does, on a thread of its own that can be stopped and started again.
final class PruneBeside {
    private let outbox: Outbox
    private let retention: Retention
    private let shared = Shared()
    private var thread: WorkerThread?
    private var started: Int64 = 0
    /// What was deleted in all.
    private(set) var report = PruneReport()
    /// For how long it went on in all.
    private(set) var seconds = 0.0

    private final class Shared: Sendable {
        let isCut = Atomic(false)
        let held = Mutex<[Double]>([])
        let end = Mutex<(outcome: Result<PruneReport, any Error>, at: Int64, wasCut: Bool)?>(nil)
    }

    /// How a run ended.
    enum End { case atEnd, stopped }

    init(_ outbox: Outbox, _ retention: Retention) {
        self.outbox = outbox
        self.retention = retention
    }

    /// For how long each step held the writer.
    var heldMilliseconds: [Double] { shared.held.withLock { $0 } }

    func start() throws {
        shared.isCut.store(false, ordering: .releasing)
        shared.end.withLock { $0 = nil }
        started = MonotonicClock.nanoseconds()
        thread = try WorkerThread(name: "bench-prune") { [outbox, retention, shared] in
            var upkeep = Outbox.Upkeep.besideEngine
            upkeep.isCut = { shared.isCut.load(ordering: .acquiring) }
            upkeep.held = { nanoseconds in shared.held.withLock { $0.append(Double(nanoseconds) / 1e6) } }
            let outcome = Result { try outbox.prune(retention, upkeep) }
            let end = MonotonicClock.nanoseconds()
            shared.end.withLock { $0 = (outcome, end, upkeep.isCut()) }
        }
    }

    /// Ends it, and says whether there was nothing left to prune before.
    func stop() throws -> End {
        shared.isCut.store(true, ordering: .releasing)
        thread?.join()
        thread = nil
        guard let end = shared.end.withLock({ $0 }) else { return .atEnd }
        report += try end.outcome.get()
        seconds += Double(end.at - started) / 1e9
        return end.wasCut ? .stopped : .atEnd
    }
}
