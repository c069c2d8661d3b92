import Glibc
import PosthornModel
import PosthornStore
import PosthornText
import Synchronization

/// Readings of an outbox in memory, any number at a time.
struct MemoryReaders: OutboxReaders {
    let outbox: MemoryOutbox
    let sealing: (any CredentialSealing)?

    func read<Result: Sendable>(_ body: (any OutboxReader) throws -> Result) throws -> Result {
        let (tables, isOwned) = outbox.shared.withLock { ($0.tables, !$0.dispatchers.isEmpty) }
        return try body(MemoryReader(tables, sealing, isOwned: isOwned))
    }

    func close() {}
}

/// The outbox as it was when the reading began.
final class MemoryReader: OutboxReader {
    let tables: Tables
    let sealing: (any CredentialSealing)?
    private let isOwned: Bool
    private static let pageRows = 1000

    init(_ tables: Tables, _ sealing: (any CredentialSealing)?, isOwned: Bool) {
        self.tables = tables
        self.sealing = sealing
        self.isOwned = isOwned
    }

    func topology(withCredentials: Bool, withRemoved: Bool) throws(OutboxProblem) -> StoredTopology {
        tables.topology(sealing, withCredentials: withCredentials, withRemoved: withRemoved)
    }

    func topologyChanges(since generation: Int64, withCredentials: Bool) throws(OutboxProblem) -> TopologyChanges? {
        tables.changes(since: generation, sealing, withCredentials: withCredentials)
    }

    func endpoint(lookingLike id: String, withCredentials: Bool) throws(OutboxProblem) -> StoredEndpoint? {
        tables.endpoint(lookingLike: id, sealing, withCredentials: withCredentials)
    }

    // MARK: Deliveries

    func deliveries(_ filter: DeliveryFilter, beyond last: Int64?) throws(OutboxProblem) -> (page: [Delivery], goesOn: Bool) {
        let rows = tables.deliveries.filter { tables.matches($0, filter) && $0.id < filter.before ?? .max }
        if filter.newestFirst {
            let page = rows.reversed().filter { $0.id < last ?? .max }.prefix(min(filter.limit ?? Self.pageRows, Self.pageRows))
            return (page.map(listed), page.count == Self.pageRows)
        }
        if let limit = filter.limit { return (rows.suffix(limit).map(listed), false) }
        let page = rows.filter { $0.id > last ?? .min }.prefix(Self.pageRows)
        return (page.map(listed), page.count == Self.pageRows)
    }

    func deliveryNumbers(
        _ filter: DeliveryFilter,
        states: Set<DeliveryState>,
        beyond last: Int64,
        limit: Int
    ) throws(OutboxProblem) -> [Int64] {
        Array(chosen(filter, states).map(\.id).filter { $0 > last }.prefix(limit))
    }

    func deliveryCounts(
        _ filter: DeliveryFilter,
        states: Set<DeliveryState>
    ) throws(OutboxProblem) -> [String: [DeliveryState: Int]] {
        var counts: [String: [DeliveryState: Int]] = [:]
        for row in chosen(filter, states) { counts[endpoint(row), default: [:]][row.state, default: 0] += 1 }
        return counts
    }

    /// The state that a filter has does not count: those that are handed in do.
    private func chosen(_ filter: DeliveryFilter, _ states: Set<DeliveryState>) -> [DeliveryRow] {
        var filter = filter
        filter.state = nil
        return tables.deliveries.filter { states.contains($0.state) && tables.matches($0, filter) }
    }

    func waitingAtFormerURL(of endpoints: [String]) throws(OutboxProblem) -> [String: Int] {
        var counts: [String: Int] = [:]
        for row in tables.deliveries where row.waits && endpoints.contains(endpoint(row)) {
            guard let pinned = tables.revision(row.revision) else { continue }
            if tables.newestRevision(ofEndpoint: pinned.endpoint)?.url != pinned.url { counts[endpoint(row), default: 0] += 1 }
        }
        return counts
    }

    func waiting(ofEndpoints keys: [Int64], beyond last: Int64, limit: Int) throws(OutboxProblem) -> WaitingPage {
        var rows: [WaitingPage.Row] = []
        for row in tables.deliveries where row.waits && row.id > last && rows.count < limit {
            guard let endpoint = tables.revision(row.revision)?.endpoint, keys.contains(endpoint) else { continue }
            rows.append(WaitingPage.Row(delivery: row.id, endpoint: endpoint))
        }
        let newest = tables.deliveries.last?.id ?? last
        return WaitingPage(rows: rows, through: rows.count == limit ? rows.last?.delivery ?? newest : newest)
    }

    func attempts(of delivery: Int64) throws(OutboxProblem) -> [Attempt]? {
        tables.place(ofDelivery: delivery).map { _ in tables.attempts[delivery] ?? [] }
    }

    private func endpoint(_ row: DeliveryRow) -> String { tables.endpoint(ofRevision: row.revision)?.settings.id ?? "" }

    func listed(_ row: DeliveryRow) -> Delivery {
        let event = tables.event(row.event)?.event
        let last = tables.attempts[row.id]?.last { $0.number == row.attempts }?.outcome
        return Delivery(
            id: row.id,
            event: event?.id ?? "",
            type: event?.type ?? "",
            node: event?.node ?? "",
            endpoint: endpoint(row),
            url: tables.revision(row.revision)?.url ?? "",
            state: row.state,
            attempts: row.attempts,
            created: event?.created ?? Timestamp(milliseconds: 0),
            nextAttemptAt: row.state == .pending ? row.due : nil,
            last: last.map { outcome in
                Delivery.LastAttempt(
                    status: outcome.status,
                    error: outcome.error,
                    errorText: outcome.errorText,
                    ended: outcome.started.advanced(byMilliseconds: outcome.durationMicroseconds / 1000)
                )
            }
        )
    }

    // MARK: Events

    func event(id: String) throws(OutboxProblem) -> (event: Event, waitsForFanOut: Bool)? {
        tables.event(id: id).map { ($0.event, tables.arrivals.contains($0.seq)) }
    }

    func newestEvents(limit: Int) throws(OutboxProblem) -> [Event] { tables.events.reversed().page(limit).map(\.event) }

    func events(ofType pattern: EventPattern?, beyond last: Int64) throws(OutboxProblem) -> (page: [Event], last: Int64) {
        let rows = tables.events.lazy.filter { $0.seq > last && pattern?.matches($0.event.type) ?? true }.page(Self.pageRows)
        return (rows.map(\.event), rows.last?.seq ?? last)
    }

    func knowsNode(_ id: String) throws(OutboxProblem) -> Bool {
        tables.nodes.contains { Tables.isSame($0.id, id) } || tables.events.contains { Tables.isSame($0.event.node, id) }
    }

    func knowsEvent(_ id: String) throws(OutboxProblem) -> Bool { tables.event(id: id) != nil }

    // MARK: Status

    func status(at now: Timestamp, countsTopology: Bool) throws(OutboxProblem) -> OutboxStatus {
        var status = tables.status(at: now, engine: isOwned ? getpid() : nil)
        if !countsTopology { (status.nodes, status.endpoints) = (0, status.endpoints.filter { $0.key == .removed }) }
        return status
    }

    func gauges() throws(OutboxProblem) -> OutboxGauges {
        let status = tables.status(at: Timestamp(milliseconds: .max), engine: nil)
        var gauges = OutboxGauges()
        (gauges.deliveries, gauges.endpoints, gauges.firstDue) = (status.deliveries, status.endpoints, status.overdueSince)
        return gauges
    }

    func uncounted() throws(OutboxProblem) -> OutboxCounts { OutboxCounts() - tables.miscounted }
    func needsRecount() throws(OutboxProblem) -> Bool { false }

    func rowsUpToDate(beyond start: Int64, limit: Int) throws(OutboxProblem) -> (through: Int64, goesOn: Bool) { (start, false) }

    func faultsOfRun() throws(OutboxProblem) -> LastRunFaults {
        LastRunFaults(engine: isOwned ? getpid() : nil, at: tables.faultsAt, reasons: tables.faults)
    }

    func pulse() throws(OutboxProblem) -> EngineHeartbeat? { tables.pulse }

    func upkeep() throws(OutboxProblem) -> UpkeepFacts { tables.upkeep }

    func throttledEndpoints(
        after now: Timestamp,
        among ids: [String]?,
        limit: Int
    ) throws(OutboxProblem) -> [String: Timestamp] {
        var throttled: [String: Timestamp] = [:]
        for row in tables.endpoints where row.state != .removed && ids?.contains(row.settings.id) ?? true && throttled.count < limit {
            if let until = tables.throttles[row.key], until > now { throttled[row.settings.id] = until }
        }
        return throttled
    }

    func endpointHealth(among ids: [String]?, limit: Int) throws(OutboxProblem) -> [String: EndpointHealth] {
        var health: [String: EndpointHealth] = [:]
        for row in tables.endpoints where row.state != .removed && ids?.contains(row.settings.id) ?? true && health.count < limit {
            health[row.settings.id] = tables.health[row.key]
        }
        return health
    }

    func credentialStorage() throws(OutboxProblem) -> CredentialStorage {
        var storage = CredentialStorage()
        storage.inTheClear = tables.endpoints.count(where: \.isInTheClear)
        storage.sealed = tables.endpoints.count { $0.isSealed && !$0.isInTheClear }
        return storage
    }

    // MARK: Checks: what is in memory is as this program made it.

    func schemaDifferences() throws(OutboxProblem) -> [SchemaDifference] { [] }
    func strayDeliveries() throws(OutboxProblem) -> StrayDeliveries { StrayDeliveries(count: 0, first: nil) }
    func integrityProblems() throws(OutboxProblem) -> [String] { [] }
    func databaseVersion() throws(OutboxProblem) -> String { "memory" }

    // MARK: Mails

    func waitingRecipients() throws(OutboxProblem) -> [WaitingRecipient] {
        Dictionary(grouping: waiting, by: \.recipient).compactMap { recipient, rows in
            rows.compactMap(\.due).min().map { WaitingRecipient(recipient: recipient, due: $0) }
        }
    }

    func waitingMails(to recipient: String, dueBy due: Timestamp, limit: Int) throws(OutboxProblem) -> [QueuedMail] {
        let found = waiting.filter { row in row.recipient == recipient && row.due.map { $0 <= due } ?? false }
        return found.sorted { ($0.due ?? due, $0.key) < ($1.due ?? due, $1.key) }.prefix(limit).map(tables.queued)
    }

    private var waiting: [MailRow] { tables.mails.filter { $0.state == .waiting } }

    func mailContents(_ key: Int64, limit: Int) throws(OutboxProblem) -> MailContents? { tables.contents(ofMail: key, limit: limit) }

    // MARK: Retention

    func histories(beyond seq: Int64, limit: Int) throws(OutboxProblem) -> [EventHistory] { tables.histories(beyond: seq, limit: limit) }
    func historiesWithData(beyond seq: Int64, limit: Int) throws(OutboxProblem) -> [EventHistory] {
        tables.histories(beyond: seq, limit: limit, withData: true)
    }
    func data(ofEvent seq: Int64) throws(OutboxProblem) -> [UInt8]? { tables.data(ofEvent: seq) }
    func history(ofEvent seq: Int64) throws(OutboxProblem) -> EventHistory? { tables.history(ofEvent: seq) }
    func removedEndpoints() throws(OutboxProblem) -> [RemovedEndpoint] { tables.removedEndpoints() }

    func oldNotices(before time: Timestamp, limit: Int) throws(OutboxProblem) -> [Int64] { tables.oldNotices(before: time, limit: limit) }
    func removedEndpoint(_ key: Int64) throws(OutboxProblem) -> RemovedEndpoint? { tables.removedEndpoints().first { $0.key == key } }
}
