import PosthornModel
import PosthornSending
import PosthornStore
import PosthornText

/// Judges endpoints by their attempts in a row, where they or the engine ask for it, and writes down what it finds.
final class HealthDuty: EngineDuty {
    private let directory: EndpointDirectory
    private let usual: HealthPolicy?
    private let operatorAddress: String?
    private let speed: Double
    private let listeners: EngineListeners
    /// Those of which something is known, by their numbers.
    private var book: [Int64: EndpointHealth] = [:]
    /// Where their requests went meanwhile.
    private var addresses: [Int64: String] = [:]
    /// Those of which the outbox is to be told.
    private var news: Set<Int64> = []
    /// Notices that are to be queued, with the endpoints that they are about.
    private var notices: [(endpoint: Int64, notice: HealthNotice)] = []
    /// Those that this engine has disabled, or the one before, which come back slowly.
    private var disabled: Set<Int64> = []
    /// Shards of which the outbox knows how their endpoints do, and this engine not yet.
    private var unread = ShardSet.none
    /// Those that have settings of their own.
    private var withOwn: Set<Int64> = []
    /// Whether the directory is to be read again, since this duty has switched an endpoint off.
    private var hasDisabled = false
    private var isDisabling = false
    private var suspensions: [Suspension] = []
    /// Those that an operator has enabled after the engine had disabled them.
    private var returning: [Int64] = []
    /// Those of which an attempt of a platform's event has failed since the last success.
    private var ordinary: Set<Int64> = []
    /// What is to be told of them as events.
    private var changes: [Change] = []
    private let ownEvents: OwnEventDuty
    /// When the turn was.
    private var now = Timestamp(milliseconds: 0)
    /// Whether the transaction has queued a mail.
    private(set) var hasQueuedMail = false

    /// An endpoint's health has changed.
    struct Change {
        let endpoint: Int64
        let health: EndpointHealth
        let former: EndpointHealth.State
        let at: Timestamp
        let isOrdinary: Bool
        /// The attempt that brought it about; `nil` when it was a hand.
        let cause: String?
    }

    /// An endpoint that is to be left alone.
    struct Suspension {
        let endpoint: Int64
        let milliseconds: Int64
        /// The attempt that was one too many.
        let started: Timestamp
        let ended: Timestamp
    }

    init(
        _ directory: EndpointDirectory,
        _ configuration: EngineConfiguration,
        _ listeners: EngineListeners,
        _ ownEvents: OwnEventDuty
    ) {
        self.directory = directory
        usual = configuration.health
        operatorAddress = configuration.mail?.operatorAddress?.text
        speed = configuration.speed
        self.listeners = listeners
        self.ownEvents = ownEvents
    }

    var hasPendingWrites: Bool { !news.isEmpty || !notices.isEmpty || !changes.isEmpty }

    private func policy(of entry: EndpointDirectory.Entry) -> HealthPolicy? { HealthPolicy(entry.stored.settings.health, default: usual) }

    func look(_ turn: EngineTurn, _ store: any OutboxStore) throws(OutboxProblem) -> Timestamp? {
        now = turn.now
        if hasDisabled {
            _ = try directory.refresh(from: store, at: turn.now)
            hasDisabled = false
        }
        if unread.isEmpty { return nil }
        let written = try store.health()
        for entry in directory.entries where entry.stored.settings.health != nil { withOwn.insert(entry.stored.key) }
        for (key, health) in written where unread.containsEndpoint(key) { restore(health, ofEndpoint: key, at: turn.now) }
        unread = .none
        return nil
    }

    /// What an engine before this one has written down of the shards that it takes over is read at the next look; what those of lost ones
    /// were about is another engine's.
    func shardsChanged(_ change: LeaseBook.Change) {
        unread = unread.union(change.gained).subtracting(change.lost)
        if change.lost.isEmpty { return }
        for key in Set(book.keys).union(disabled).union(news) where change.lost.containsEndpoint(key) {
            forget(endpoint: key)
            disabled.remove(key)
            news.remove(key)
        }
        notices.removeAll { change.lost.containsEndpoint($0.endpoint) }
        changes.removeAll { change.lost.containsEndpoint($0.endpoint) }
        suspensions.removeAll { change.lost.containsEndpoint($0.endpoint) }
        returning.removeAll(where: change.lost.containsEndpoint)
    }

    /// One that is judged no more is struck out; what it waits for is among the throttles.
    private func restore(_ health: EndpointHealth, ofEndpoint key: Int64, at now: Timestamp) {
        // What is known already, of a shard that was to be given up and was not, is newer.
        guard book[key] == nil, !news.contains(key), let index = directory.index(ofEndpoint: key) else { return }
        let entry = directory[index]
        if health.state == .disabled {
            if entry.stored.state != .disabled { news.insert(key) } else if health.actor == .engine { disabled.insert(key) }
            return
        }
        guard let policy = policy(of: entry) else {
            news.insert(key)
            return
        }
        var health = health
        // The engine before may have disabled after another time.
        if health.adopt(policy, speed: speed) { news.insert(key) }
        keep(health, directory[index])
        guard health.state == .suspended, let until = health.until else { return }
        let length = max(0, until.milliseconds - now.milliseconds)
        suspensions.append(Suspension(endpoint: key, milliseconds: length, started: now, ended: now))
    }

    /// What was known of an endpoint at another address, or before it was switched off, says nothing of it as it is.
    func endpointsChanged(_ change: EndpointsChange) {
        for entry in change.changed {
            let key = entry.stored.key
            if entry.stored.settings.health == nil { withOwn.remove(key) } else { withOwn.insert(key) }
            if book[key] != nil, !entry.isActive || addresses[key] != entry.stored.settings.url || policy(of: entry) == nil {
                let former = book[key]?.state ?? .healthy
                if entry.isActive, former != .healthy {
                    let health = EndpointHealth.changedByHand(true, at: now)
                    changes.append(Change(endpoint: key, health: health, former: former, at: now, isOrdinary: true, cause: nil))
                }
                forget(endpoint: key)
                // What is written of one that is switched off stays, and enabling it strikes it out.
                if entry.stored.state != .disabled { news.insert(key) }
            } else if let policy = policy(of: entry), book[key]?.adopt(policy, speed: speed) ?? false {
                news.insert(key)
            }
            guard entry.isActive, disabled.remove(key) != nil else { continue }
            returning.append(key)
        }
    }

    func write(_ turn: EngineTurn, to store: any OutboxStore) throws(OutboxProblem) {
        hasQueuedMail = false
        isDisabling = false
        var others: Set<Int64> = []
        for key in news {
            let health = book[key]
            if let health, health.state == .disabled {
                // An operator may have switched it off meanwhile, or removed it; then it is theirs.
                guard try store.standing(ofEndpoint: key)?.state == .active else {
                    others.insert(key)
                    continue
                }
                let change = EndpointStateChange(state: .disabled, reason: Self.sentence(health))
                try store.write(change, ofEndpoint: key, at: turn.now)
                isDisabling = true
            }
            try store.write(health: health, ofEndpoint: key)
        }
        for change in changes where !others.contains(change.endpoint) { try ownEvents.add(change, store) }
        for (key, notice) in notices { try queue(notice, aboutEndpoint: key, store, at: turn.now) }
    }

    /// Why it is off, for lists.
    private static func sentence(_ health: EndpointHealth) -> String {
        if health.goneSince != nil { return "disabled by the engine: its receiver says that it is gone (410)" }
        let since = health.failingSince.map { " since \($0)" } ?? ""
        return "disabled by the engine: no attempt has succeeded\(since), the last one: \(health.reason)"
    }

    private func queue(
        _ notice: HealthNotice,
        aboutEndpoint key: Int64,
        _ store: any NotificationRows,
        at now: Timestamp
    ) throws(OutboxProblem) {
        guard let index = directory.index(ofEndpoint: key) else { return }
        let contact = directory.notificationEmail(for: directory[index].stored.settings.node)
        for recipient in Set([contact, operatorAddress].compactMap(\.self)).sorted() {
            try store.addNotice(notice, aboutEndpoint: key, to: recipient, at: now)
            hasQueuedMail = true
        }
    }

    func committed(_ results: CommittedResults) {
        for key in news where book[key]?.state == .disabled {
            forget(endpoint: key)
            disabled.insert(key)
        }
        if isDisabling { hasDisabled = true }
        isDisabling = false
        news.removeAll(keepingCapacity: true)
        notices.removeAll(keepingCapacity: true)
        changes.removeAll(keepingCapacity: true)
        if usual == nil, withOwn.isEmpty { return }
        for batch in results.batches {
            for result in batch where !result.outcome.succeeded || book[result.job.target.key] != nil { note(result) }
        }
    }

    private func note(_ result: SendResult) {
        let key = result.job.target.key
        guard let index = directory.index(ofEndpoint: key), directory[index].stored.state == .active else { return }
        guard let policy = policy(of: directory[index]), directory[index].stored.isCalled(at: result.job.target.url) else { return }
        var health = book[key] ?? EndpointHealth(at: result.outcome.started)
        let failures = health.failures
        let former = health.note(result.outcome, policy, speed: speed)
        let ended = result.outcome.started.advanced(byMilliseconds: result.outcome.durationMicroseconds / 1000)
        let percent = health.takeNotice(at: ended, policy, speed: speed)
        if health.failures > failures, !result.job.event.event.isOwn { ordinary.insert(key) }
        let isOrdinary = ordinary.contains(key)
        if health.failures == 0 { forget(endpoint: key) } else { keep(health, directory[index]) }
        let id = directory[index].stored.settings.id
        if let percent, let end = health.disabling(policy, speed) {
            news.insert(key)
            give(percent, health, key, at: end)
            listeners.tell(.endpointDisabling(endpoint: id, percent: percent, at: end))
        }
        guard let former else { return }
        news.insert(key)
        if former != health.state {
            let cause = "\(result.job.id).\(result.job.attempt)"
            changes.append(Change(endpoint: key, health: health, former: former, at: ended, isOrdinary: isOrdinary, cause: cause))
        }
        switch health.state {
        case .healthy: listeners.tell(.endpointRecovered(endpoint: id))
        case .failing: listeners.tell(.endpointFailing(endpoint: id, health))
        case .suspended:
            if former != .suspended { listeners.tell(.endpointSuspended(endpoint: id, health)) }
            let length = (health.until?.milliseconds ?? 0) - ended.milliseconds
            suspensions.append(Suspension(endpoint: key, milliseconds: length, started: result.outcome.started, ended: ended))
        case .disabled:
            give(100, health, key, at: health.since)
            listeners.tell(.endpointDisabled(endpoint: id, health))
        }
    }

    private func keep(_ health: EndpointHealth, _ entry: EndpointDirectory.Entry) {
        book[entry.stored.key] = health
        addresses[entry.stored.key] = entry.stored.settings.url
    }

    private func forget(endpoint key: Int64) {
        book[key] = nil
        addresses[key] = nil
        ordinary.remove(key)
    }

    private func give(_ percent: Int, _ health: EndpointHealth, _ key: Int64, at end: Timestamp) {
        let notice = HealthNotice(
            percent: percent,
            reason: health.reason,
            failures: health.failures,
            failingSince: health.failingSince ?? health.since,
            disabled: end
        )
        notices.append((key, notice))
    }

    /// Those that were enabled since the last call, and begin with one request.
    func takeReturning(at now: Timestamp) -> [Suspension] {
        defer { returning.removeAll() }
        return returning.map { Suspension(endpoint: $0, milliseconds: 0, started: now, ended: now) }
    }

    /// Those that are to be left alone since the last call.
    func takeSuspensions() -> [Suspension] {
        defer { suspensions.removeAll() }
        return suspensions
    }
}
