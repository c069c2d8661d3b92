import PosthornStore
import PosthornSystem

/// A part of a running engine with threads of its own, beside its senders: mails, handshakes.
///
/// An engine makes those that ``Engine/services`` lists, starts each once, drains and joins them all when it ends, and knows nothing else
/// of them.
protocol EngineService: AnyObject, Sendable {
    /// Makes the service of an engine, or `nil` where its configuration does not ask for one.
    static func make(for engine: Engine) throws(SystemProblem) -> Self?
    /// Starts its threads. Called once, after the outbox is owned and before anything is delivered.
    func start() throws(SystemProblem)
    /// Takes news from the core. Called on the writer's thread, which waits: it returns at once.
    func notice(_ news: EngineNews)
    /// Whether something is under way for which an engine waits that ends when everything is settled. Asked on the writer's thread.
    var isUnsettled: Bool { get }
    /// Why that cannot be said, once the outbox could not be used for so long that nothing is to be waited for.
    var lastingProblem: OutboxProblem? { get }
    /// Begins nothing new from now on. Any thread may call it, and again: ``ServiceDrain/now`` counts over ``ServiceDrain/finishing``.
    func drain(_ drain: ServiceDrain)
    /// Waits for the end of what is under way, and of its threads. Called once, after ``drain(_:)``; also when it was never started.
    /// - Parameter milliseconds: How long after it was to drain ``ServiceDrain/now``; what is under way then is given up and counts for
    ///   nothing.
    func join(within milliseconds: Int64)
}

extension EngineService {
    func notice(_ news: EngineNews) {}
    var isUnsettled: Bool { false }
    var lastingProblem: OutboxProblem? { nil }
}

/// How a service is to end.
enum ServiceDrain {
    /// Everything is settled: it does what waits once, without waiting for a time that is set, and ends.
    case finishing
    /// It ends what is under way.
    case now
}

/// News from an engine's core for its services.
enum EngineNews {
    /// Endpoints have changed, or the shards that this engine delivers.
    case endpoints(EndpointDirectory, LeaseBook)
    /// Mails were queued or moved, and that is committed.
    case mailsQueued
}
