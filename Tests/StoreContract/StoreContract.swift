public import PosthornModel
public import PosthornStore
import PosthornText
public import Testing

/// What every store must do, rule by rule. A store's tests run it by saying where an outbox is and how another program inserts an
/// event there:
///
/// ```swift
/// @Test(arguments: StoreContract.rules)
/// func keepsTheContract(_ rule: StoreContract.Rule) throws {
///     try rule.check(StoreContract(location: SQLiteLocation(path: path), insert: { … }))
/// }
/// ```
///
/// Each role of the port has a file here that calls every requirement of it; a test about the tree holds that.
public struct StoreContract: Sendable {
    /// A new outbox, for one rule. Opening it a second time is what another process would do.
    public let location: any StoreLocation
    /// Inserts an event as a program does that knows nothing of Posthorn's library.
    public let insert: @Sendable (Event) throws -> Void
    /// Makes others take an engine's store for dead; `nil` for a store that serves one engine at a time.
    public let expel: (@Sendable (any OutboxStore) -> Void)?

    /// The time of every rule.
    let now = Timestamp(milliseconds: 1_594_816_394_000)

    /// A contract for one rule.
    public init(
        location: any StoreLocation,
        insert: @escaping @Sendable (Event) throws -> Void,
        expel: (@Sendable (any OutboxStore) -> Void)? = nil
    ) {
        self.location = location
        self.insert = insert
        self.expel = expel
    }

    /// A rule with what checks it.
    public struct Rule: Sendable, CustomTestStringConvertible {
        let name: String
        /// Checks it on an outbox of its own.
        public let check: @Sendable (StoreContract) throws -> Void

        init(_ name: String, _ check: @escaping @Sendable (StoreContract) throws -> Void) {
            self.name = name
            self.check = check
        }

        /// What the rule says.
        public var testDescription: String { name }
    }

    /// Those about what a store keeps in its sessions with a server.
    public static let sessionRules: [Rule] =
        transactionRules + eventLogRules + deliveryQueueRules + leaseRules + readersRules + laneRules + statisticsRules
        + mailReaderRules

    /// Every rule.
    public static let rules: [Rule] = [
        locationRules, transactionRules, changeSignalRules, watchRules, eventLogRules, leaseRules, deliveryQueueRules, laneRules, heldRules,
        manualRules, journalRules, topologySourceRules, lookupRules, topologyRules, vaultRules, notificationRules, notificationRowRules,
        maintenanceRules, payloadRules, spaceRules,
        readersRules, deliveryListRules, eventListRules, statusRules, checkRules, mailReaderRules, retentionRules, payloadSourceRules,
        heartbeatRules,
        accessKeyRules, accessKeyReaderRules, portalRules, portalReaderRules, changeLogRules, changeLogReaderRules, boundedRules,
        replayRules, replayReaderRules, statisticsRules,
        statisticsReaderRules, laneReaderRules,
        idempotencyRules, ownEventRules,
    ].flatMap(\.self)
}

// What the rules are made of.
extension StoreContract {
    /// Opens the outbox once more, as another process would.
    func open(sealing: (any CredentialSealing)? = nil) throws -> any OutboxStore { try location.open(sealing: sealing, at: now) }

    /// Reads as lists do, beside the writer.
    func read<Result: Sendable>(
        sealing: (any CredentialSealing)? = nil,
        _ body: (any OutboxReader) throws -> Result
    ) throws -> Result {
        let readers = location.makeReaders(sealing: sealing) { [now] in now }
        defer { readers.close() }
        return try readers.read(body)
    }

    func later(_ milliseconds: Int64) -> Timestamp { now.advanced(byMilliseconds: milliseconds) }

    /// A store with endpoints at one node, and their revisions.
    func prepared(_ endpoints: [String] = ["a"]) throws -> (any OutboxStore, [Int64]) {
        let store = try open()
        try apply(endpoints.map { settings($0) }, to: store)
        return (store, try store.topology().endpoints.map(\.revision))
    }

    func settings(_ id: String, _ url: String? = nil) -> EndpointSettings {
        EndpointSettings(id: id, node: "n", url: url ?? "https://\(id).example/")
    }

    func apply(_ endpoints: [EndpointSettings], to store: any OutboxStore, prune: Bool = false) throws {
        let topology = try Topology(nodes: [Node(id: "n", level: .company)], endpoints: endpoints)
        try apply(topology, to: store, prune: prune)
    }

    func apply(_ topology: Topology, to store: any OutboxStore, prune: Bool = false) throws {
        let plan = try TopologyPlan(making: topology, of: try store.topology(), prune: prune) { _, new in new.credentials }
        try store.write { () throws(OutboxProblem) in try store.change(plan, at: now) }
    }

    func event(_ id: String, type: String = "T", data: String = "{}") -> Event {
        Event(id: id, type: type, node: "n", created: now, data: Array(data.utf8))
    }

    /// One that gets an event by its endpoint's revision.
    func recipient(_ revision: Int64, isActive: Bool = true, in store: any OutboxStore) throws(OutboxProblem) -> Recipient {
        Recipient(endpoint: try store.revision(revision)?.endpoint ?? 0, revision: revision, isActive: isActive)
    }

    @discardableResult
    func accept(_ event: Event, _ revisions: [Int64], in store: any OutboxStore, active: Bool = true) throws -> InsertResult {
        try store.write { () throws(OutboxProblem) in
            let recipients = try revisions.map { (revision) throws(OutboxProblem) in
                try recipient(revision, isActive: active, in: store)
            }
            return try store.accept([NewEventRow(event, createdByProducer: false, recipients: recipients)], at: now)[0]
        }
    }

    /// The deliveries whose first attempt is due, in their order.
    func ready(_ store: any OutboxStore) throws -> [Int64] {
        var ids: [Int64] = []
        _ = try store.scanReady(after: 0, limit: 1000) {
            ids.append($0.delivery)
            return true
        }
        return ids
    }

    /// The deliveries of which a further attempt is due, in their order.
    func due(_ store: any OutboxStore, at moment: Timestamp) throws -> [Int64] {
        var ids: [Int64] = []
        _ = try store.scanRetries(after: .start, dueBy: moment, limit: 1000) {
            ids.append($0.position.delivery)
            return true
        }
        return ids
    }

    func attempt(_ delivery: Int64, _ number: Int, _ transition: Transition) -> AttemptRecord {
        let succeeded = transition.state == .delivered
        let outcome = AttemptOutcome(
            started: now,
            durationMicroseconds: 1500,
            status: succeeded ? 200 : 503,
            error: succeeded ? nil : .status,
            errorText: succeeded ? "" : "answered 503",
            response: Array("body".utf8),
            address: "192.0.2.1:443"
        )
        return AttemptRecord(delivery: delivery, number: number, outcome: outcome, transition: transition)
    }

    @discardableResult
    func record(_ delivery: Int64, _ number: Int, _ transition: Transition, in store: any OutboxStore) throws -> RecordConflicts {
        try store.write { () throws(OutboxProblem) in try store.record([attempt(delivery, number, transition)]) }
    }

    func deliver(_ delivery: Int64, in store: any OutboxStore) throws {
        try record(delivery, 1, Transition(state: .delivered, attempts: 1, nextAttemptAt: nil), in: store)
    }

    /// Uses up all attempts of a delivery.
    func exhaust(_ delivery: Int64, in store: any OutboxStore, attempts: Int = 5) throws {
        for number in 1...attempts {
            let isLast = number == attempts
            let transition = Transition(state: isLast ? .exhausted : .pending, attempts: number, nextAttemptAt: isLast ? nil : now)
            try record(delivery, number, transition, in: store)
        }
    }

    /// The deliveries as a list shows them, lowest number first.
    func deliveries() throws -> [Delivery] { try read { try $0.deliveries(DeliveryFilter(), beyond: nil).page } }
}

extension DeliveryQueue {
    /// Where a delivery is in its schedule; at its start when there is no such delivery.
    package func round(of delivery: Int64) throws(OutboxProblem) -> DeliveryRound {
        try rounds(of: [delivery])[delivery] ?? DeliveryRound()
    }
}
