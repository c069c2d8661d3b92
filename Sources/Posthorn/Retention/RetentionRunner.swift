import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornText
import Synchronization

/// Deletes what a running engine's outbox need not keep any more, on a thread of its own: now and then, and in small steps, so that
/// it takes a fifth of the writer's time at most while it lasts.
final class RetentionRunner: EngineService {
    private let outbox: Outbox
    private let policy: RetentionPolicy
    private let clocks: ReceiverClocks
    private let listeners: EngineListeners
    private let thread: ServiceThread
    /// When it was made, by the wall clock and by one that is never set.
    private let begun: Timestamp
    private let elapsed: Int64
    /// Whether this engine looks after the history; of several that share an outbox one does.
    private let onDuty = Atomic(true)
    /// The first event that may still have its data.
    private let firstWithData = Atomic(Int64.min)

    /// How often it looks for what has become too old.
    static let intervalMilliseconds: Int64 = 600_000

    init(
        _ outbox: Outbox,
        _ policy: RetentionPolicy,
        _ clocks: ReceiverClocks,
        _ listeners: EngineListeners
    ) throws(SystemProblem) {
        self.outbox = outbox
        self.policy = policy
        self.clocks = clocks
        self.listeners = listeners
        (begun, elapsed) = (outbox.clock.now(), outbox.clock.elapsedMilliseconds())
        thread = try ServiceThread(name: "posthorn-retain", clock: outbox.clock)
    }

    // MARK: EngineService

    static func make(for engine: Engine) throws(SystemProblem) -> RetentionRunner? {
        guard let policy = engine.configuration.retention else { return nil }
        return try RetentionRunner(engine.outbox, policy, engine.receiverClocks, engine.listeners)
    }

    func start() throws(SystemProblem) { try thread.start { [self] in run() } }

    func notice(_ news: EngineNews) {
        guard case .endpoints(_, let leases) = news else { return }
        onDuty.store(leases.lease.startable.contains(ShardSet.upkeepShard), ordering: .releasing)
    }

    /// No caller waits for what is old: it ends after the step that is under way.
    func drain(_ drain: ServiceDrain) { thread.order(.stop) }

    func join(within milliseconds: Int64) { thread.join(within: milliseconds) }

    // MARK: On its own thread

    private var isStopping: Bool { thread.order != .work }

    private func run() {
        // A machine may come up with a clock that is years ahead: receivers have their say first, where there are any.
        rest(lookingEvery: 5000, until: { clocks.skew != nil })
        while !isStopping {
            if onDuty.load(ordering: .acquiring) { prune() }
            rest(lookingEvery: nil, until: { false })
        }
    }

    /// Waits until it is to look again, or until the clock was put back.
    /// - Parameters:
    ///   - milliseconds: How often to ask whether the wait is over; only at its end for `nil`.
    ///   - isOver: Whether it need not wait longer.
    private func rest(lookingEvery milliseconds: Int64?, until isOver: () -> Bool) {
        let start = outbox.clock.now()
        let end = start.advanced(byMilliseconds: Self.intervalMilliseconds)
        while !isStopping, !isOver() {
            let now = outbox.clock.now()
            if now >= end || now < start { return }
            thread.sleep(milliseconds: [outbox.clock.realMilliseconds(until: end), milliseconds].compactMap(\.self).min())
        }
    }

    /// The time by which ages are judged: where receivers' answers show that this machine's clock is ahead, it is theirs, since a clock
    /// that is years ahead would make all of the outbox old. As long as none has said its time, a clock that is set ahead is not believed.
    /// - Parameter unset: What the clock would show if it had not been set since the engine was started.
    static func moment(_ now: Timestamp, _ skew: ClockSkew?, unset: Timestamp) -> Timestamp {
        skew.map { now.advanced(byMilliseconds: min(0, $0.milliseconds)) } ?? min(now, unset)
    }

    private func prune() {
        var upkeep = Outbox.Upkeep.besideEngine
        upkeep.rest = { [self] in thread.sleep(milliseconds: $0) }
        upkeep.isCut = { [self] in isStopping }
        upkeep.firstWithData = firstWithData.load(ordering: .relaxed)
        upkeep.foundData = { [self] in firstWithData.store($0, ordering: .relaxed) }
        do {
            let (skew, now) = (clocks.skew, outbox.clock.now())
            let unset = begun.advanced(byMilliseconds: outbox.clock.elapsedMilliseconds() - elapsed)
            let report = try outbox.prune(Retention(policy, at: Self.moment(now, skew, unset: unset)), upkeep)
            if report != PruneReport() { listeners.tell(.pruned(report)) }
            if isStopping { return }
            let facts = RetentionFacts(policy: policy, lookedAt: now)
            try outbox.writer.perform { (store) throws(OutboxProblem) in try store.write(retention: facts) }
        } catch {
            // What could not be deleted now is found the next time.
            if !isStopping { listeners.tell(.pruneFailed(.init(OutboxError.of(error).storeProblem))) }
        }
    }
}
