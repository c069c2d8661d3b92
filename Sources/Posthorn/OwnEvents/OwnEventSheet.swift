import PosthornModel
import PosthornStore
import PosthornText

/// The events of Posthorn's own that one transaction writes. Where no endpoint asks for one, nothing is written.
struct OwnEventSheet {
    /// Who gets an event; empty where its node is gone.
    typealias Recipients = (Event) throws(OutboxProblem) -> [Recipient]

    private let hourMilliseconds: Int64
    private var records: [Int64: OwnEventRecord] = [:]
    private var changed: Set<Int64> = []
    private var rows: [NewEventRow] = []

    /// - Parameter speed: How many times faster than written an engine's times are.
    init(speed: Double = 1) { hourMilliseconds = max(1, Transition.scaled(OwnEventRecord.hourMilliseconds, speed)) }

    /// Takes word of an endpoint's health, if it is to be told.
    /// - Parameter isOrdinary: Whether an attempt of a platform's event has failed since the last success, or a hand has done it.
    mutating func add(
        _ health: EndpointHealth,
        from former: EndpointHealth.State,
        of endpoint: StoredEndpoint,
        isOrdinary: Bool,
        _ store: any OwnEventJournal,
        at moment: Timestamp,
        cause: String? = nil,
        _ recipients: Recipients
    ) throws(OutboxProblem) {
        let own = OwnEvent.health(health, from: former, of: endpoint, at: moment, cause: cause)
        let found = try recipients(own.event)
        if found.isEmpty, own.type != .endpointRecovered { return }
        guard var record = try record(endpoint.key, store, at: moment, isWanted: !found.isEmpty) else { return }
        let isTold = record.takes(own.type, isOrdinary: isOrdinary, at: moment, hourMilliseconds: hourMilliseconds)
        note(record, endpoint.key)
        if isTold { add(own, found) }
    }

    /// Takes word of an exhausted delivery, if it is to be told: not of one of Posthorn's own events, or its end would make the next.
    mutating func add(
        exhausted delivery: Int64,
        attempt: Int,
        _ outcome: AttemptOutcome,
        of event: Event,
        at endpoint: StoredEndpoint,
        _ store: any OwnEventJournal,
        at now: Timestamp,
        _ recipients: Recipients
    ) throws(OutboxProblem) {
        if event.isOwn { return }
        // Most often none asks, and then nothing is written for it.
        if try recipients(OwnEvent.exhaustedWithoutData(at: endpoint, now)).isEmpty { return }
        var own = OwnEvent.exhausted(delivery, attempt: attempt, outcome, of: event, at: endpoint, withheld: 0)
        let found = try recipients(own.event)
        guard !found.isEmpty, var record = try record(endpoint.key, store, at: now, isWanted: true) else { return }
        let withheld = record.takesExhausted(at: now, hourMilliseconds: hourMilliseconds)
        note(record, endpoint.key)
        guard let withheld else { return }
        if withheld > 0 {
            own = .exhausted(delivery, attempt: attempt, outcome, of: event, at: endpoint, withheld: withheld)
        }
        add(own, found)
    }

    /// Takes word of a job that is over.
    mutating func add(finished replay: Replay, node: String, at now: Timestamp, _ recipients: Recipients) throws(OutboxProblem) {
        let own = OwnEvent.finished(replay, node: node, at: now)
        add(own, try recipients(own.event))
    }

    /// Writes it all down.
    /// - Returns: How many events are new.
    @discardableResult
    func write(to store: any EventLog & OwnEventJournal, at now: Timestamp) throws(OutboxProblem) -> Int {
        for key in changed { if let record = records[key] { try store.write(record, ofEndpoint: key) } }
        if rows.isEmpty { return 0 }
        var new = 0
        for case .stored in try store.accept(rows, at: now) { new += 1 }
        return new
    }

    private mutating func add(_ own: OwnEvent, _ recipients: [Recipient]) {
        if !recipients.isEmpty { rows.append(NewEventRow(own.event, createdByProducer: true, recipients: recipients)) }
    }

    /// What was told of an endpoint. Where no endpoint asks, what was told before still counts, and nothing new is begun.
    private mutating func record(
        _ key: Int64,
        _ store: any OwnEventJournal,
        at now: Timestamp,
        isWanted: Bool
    ) throws(OutboxProblem) -> OwnEventRecord? {
        if let known = records[key] { return known }
        let stored = try store.ownEventRecord(ofEndpoint: key)
        records[key] = stored
        return stored ?? (isWanted ? OwnEventRecord(at: now) : nil)
    }

    private mutating func note(_ record: OwnEventRecord, _ key: Int64) {
        if records[key] == record { return }
        records[key] = record
        changed.insert(key)
    }
}

extension EndpointDirectory {
    /// Who gets an event of Posthorn's own.
    func recipients(ofOwn event: Event) -> [Recipient] { (try? recipients(of: event).all) ?? [] }
}

extension Outbox {
    /// Writes events of Posthorn's own inside a transaction of this process, on the writer's thread.
    func writeOwnEvents(
        to store: any OutboxStore,
        at now: Timestamp,
        _ add: (inout OwnEventSheet, OwnEventSheet.Recipients) throws(OutboxProblem) -> Void
    ) throws(OutboxProblem) {
        try router.refresh(from: store, at: now)
        var sheet = OwnEventSheet()
        try add(&sheet) { (event) throws(OutboxProblem) in
            guard case .success(let found) = try router.recipients(of: event, from: store, at: now) else { return [] }
            return found.all
        }
        meter.accepted(try sheet.write(to: store, at: now), from: .posthorn)
    }
}
