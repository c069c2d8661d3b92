import PosthornModel
import PosthornSending
import PosthornStore
import PosthornText

/// Judges endpoints by their attempts in a row, where the engine is to, and writes down what it finds.
final class HealthDuty: EngineDuty {
    private let directory: EndpointDirectory
    private let policy: HealthPolicy?
    private let speed: Double
    private let listeners: EngineListeners
    /// Those of which something is known, by their numbers.
    private var book: [Int64: EndpointHealth] = [:]
    /// Those of which the outbox is to be told.
    private var news: Set<Int64> = []
    private var hasRestored = false
    private var suspensions: [Suspension] = []

    /// An endpoint that is to be left alone.
    struct Suspension {
        let endpoint: Int64
        let milliseconds: Int64
        /// The attempt that was one too many.
        let started: Timestamp
        let ended: Timestamp
    }

    init(_ directory: EndpointDirectory, _ configuration: EngineConfiguration, _ listeners: EngineListeners) {
        self.directory = directory
        policy = configuration.health
        speed = configuration.speed
        self.listeners = listeners
    }

    var hasPendingWrites: Bool { !news.isEmpty }

    /// At first, what an engine before this one has written down; what it waits for is among the throttles. One that judges nobody
    /// strikes it out.
    func look(_ turn: EngineTurn, _ store: any OutboxStore) throws(OutboxProblem) -> Timestamp? {
        if hasRestored { return nil }
        let written = try store.health()
        hasRestored = true
        if policy == nil {
            news.formUnion(written.keys)
            return nil
        }
        book = written
        for (key, health) in written {
            guard health.state == .suspended, let until = health.until else { continue }
            let length = max(0, until.milliseconds - turn.now.milliseconds)
            suspensions.append(Suspension(endpoint: key, milliseconds: length, started: turn.now, ended: turn.now))
        }
        return nil
    }

    /// What was known of an endpoint as it was says nothing of it as it is.
    func endpointsChanged(_ change: EndpointsChange) {
        for key in change.changed.map(\.stored.key) where book.removeValue(forKey: key) != nil { news.insert(key) }
    }

    func write(_ turn: EngineTurn, to store: any OutboxStore) throws(OutboxProblem) {
        for key in news { try store.write(health: book[key], ofEndpoint: key) }
    }

    func committed(_ results: CommittedResults) {
        news.removeAll(keepingCapacity: true)
        guard let policy else { return }
        for batch in results.batches {
            for result in batch where !result.outcome.succeeded || book[result.job.target.key] != nil { note(result, policy) }
        }
    }

    private func note(_ result: SendResult, _ policy: HealthPolicy) {
        let key = result.job.target.key
        guard let index = directory.index(ofEndpoint: key) else { return }
        var health = book[key] ?? EndpointHealth(at: result.outcome.started)
        let former = health.note(result.outcome, policy, speed: speed)
        book[key] = health.failures == 0 ? nil : health
        guard let former else { return }
        news.insert(key)
        let id = directory[index].stored.settings.id
        switch health.state {
        case .healthy: listeners.tell(.endpointRecovered(endpoint: id))
        case .failing: listeners.tell(.endpointFailing(endpoint: id, health))
        case .suspended:
            if former != .suspended { listeners.tell(.endpointSuspended(endpoint: id, health)) }
            let ended = result.outcome.started.advanced(byMilliseconds: result.outcome.durationMicroseconds / 1000)
            let length = (health.until?.milliseconds ?? 0) - ended.milliseconds
            suspensions.append(Suspension(endpoint: key, milliseconds: length, started: result.outcome.started, ended: ended))
        }
    }

    /// Those that are to be left alone since the last call.
    func takeSuspensions() -> [Suspension] {
        defer { suspensions.removeAll() }
        return suspensions
    }
}
