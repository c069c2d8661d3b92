import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornText

/// Deletes what a running engine's outbox need not keep any more, on a thread of its own: now and then, and in small steps, so that
/// it takes a fifth of the writer's time at most while it lasts.
final class RetentionRunner: EngineService {
    private let outbox: Outbox
    private let policy: RetentionPolicy
    private let listeners: EngineListeners
    private let thread: ServiceThread

    /// How often it looks for what has become too old.
    static let intervalMilliseconds: Int64 = 600_000

    init(_ outbox: Outbox, _ policy: RetentionPolicy, _ listeners: EngineListeners) throws(SystemProblem) {
        self.outbox = outbox
        self.policy = policy
        self.listeners = listeners
        thread = try ServiceThread(name: "posthorn-retain", clock: outbox.clock)
    }

    // MARK: EngineService

    static func make(for engine: Engine) throws(SystemProblem) -> RetentionRunner? {
        guard let policy = engine.configuration.retention else { return nil }
        return try RetentionRunner(engine.outbox, policy, engine.listeners)
    }

    func start() throws(SystemProblem) { try thread.start { [self] in run() } }

    /// No caller waits for what is old: it ends after the step that is under way.
    func drain(_ drain: ServiceDrain) { thread.order(.stop) }

    func join(within milliseconds: Int64) { thread.join(within: milliseconds) }

    // MARK: On its own thread

    private var isStopping: Bool { thread.order != .work }

    private func run() {
        while !isStopping {
            prune()
            rest()
        }
    }

    /// Waits until it is to look again, or until the clock was put back.
    private func rest() {
        let start = outbox.clock.now()
        let end = start.advanced(byMilliseconds: Self.intervalMilliseconds)
        while !isStopping {
            let now = outbox.clock.now()
            if now >= end || now < start { return }
            thread.sleep(milliseconds: outbox.clock.realMilliseconds(until: end))
        }
    }

    /// The time by which ages are judged: where receivers' answers show that this machine's clock is ahead, it is theirs, since a clock
    /// that is years ahead would make all of the outbox old.
    static func moment(_ now: Timestamp, _ skew: ClockSkew?) -> Timestamp {
        skew.map { now.advanced(byMilliseconds: min(0, $0.milliseconds)) } ?? now
    }

    private func prune() {
        var upkeep = Outbox.Upkeep.besideEngine
        upkeep.rest = { [self] in thread.sleep(milliseconds: $0) }
        upkeep.isCut = { [self] in isStopping }
        do {
            let now = outbox.clock.now()
            let skew = try outbox.read { try $0.status(at: now).pulse?.clockSkew }
            let report = try outbox.prune(Retention(policy, at: Self.moment(now, skew)), upkeep)
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
