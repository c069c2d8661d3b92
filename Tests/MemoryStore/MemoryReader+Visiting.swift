import PosthornModel
import PosthornStore
import PosthornText

extension MemoryReader {
    func accessKeys() throws(OutboxProblem) -> [StoredAccessKey] { tables.accessKeys }

    func accessKeys(_ rows: NamedRows) throws(OutboxProblem) -> [StoredAccessKey] { Self.part(tables.accessKeys, rows, \.key.id) }

    static func part<Row>(_ all: [Row], _ rows: NamedRows, _ id: (Row) -> String) -> [Row] {
        let sorted = all.sorted { id($0) < id($1) }
        let inside = sorted.filter { row in (rows.after.map { id(row) > $0 } ?? true) && (rows.before.map { id(row) < $0 } ?? true) }
        return Array((rows.before == nil ? inside : inside.reversed()).prefix(rows.limit))
    }

    func accessKeyGeneration() throws(OutboxProblem) -> Int64 { tables.accessKeyGeneration }

    func topologyGeneration() throws(OutboxProblem) -> Int64 { tables.topologyGeneration }

    func digestSalt() throws(OutboxProblem) -> String { tables.salt }

    func endpoint(id: String) throws(OutboxProblem) -> StoredEndpoint? {
        tables.endpoints.first { Tables.isSame($0.settings.id, id) }.map { tables.stored($0, sealing, withCredentials: true) }
    }

    func revision(_ key: Int64) throws(OutboxProblem) -> StoredRevision? { tables.revision(key) }

    func visibleDelivery(_ number: Int64) throws(OutboxProblem) -> VisibleDelivery? {
        tables.place(ofDelivery: number).map { visible(tables.deliveries[$0]) }
    }

    func heldCount(ofEndpoint key: Int64, limit: Int) throws(OutboxProblem) -> Int {
        min(limit, tables.deliveries.count { $0.state == .held && tables.revision($0.revision)?.endpoint == key })
    }

    private func visible(_ row: DeliveryRow) -> VisibleDelivery {
        let node = tables.endpoint(ofRevision: row.revision)?.settings.node ?? ""
        let hasData = tables.event(row.event)?.digest == nil
        return VisibleDelivery(listed(row), endpointNode: node, revision: row.revision, hasData: hasData)
    }

    func visitDeliveries(_ rows: DeliveryRows, _ visit: (VisibleDelivery) -> Bool) throws(OutboxProblem) -> VisitEnd {
        let isIndexed = rows.event != nil || (!rows.states.isEmpty && !rows.states.contains(.delivered))
        let inside = tables.deliveries.filter { $0.id < rows.before ?? .max && $0.id > rows.after ?? .min }
        let all = (rows.after == nil ? inside.reversed() : inside).map(visible)
        let ofEndpoint = all.filter { row in rows.endpoint.map { Tables.isSame($0, row.delivery.endpoint) } ?? true }
        let found = isIndexed ? ofEndpoint.filter { Self.isChosen($0.delivery, rows) } : ofEndpoint
        for row in found.prefix(rows.limit) { if Self.isChosen(row.delivery, rows), !visit(row) { return .stopped } }
        guard found.count > rows.limit, let last = found.prefix(rows.limit).last else { return .atEnd }
        return .atLimit(last: last.delivery.id, created: last.delivery.created)
    }

    func visitRetries(_ rows: RetryRows, _ visit: (VisibleDelivery) -> Bool) throws(OutboxProblem) -> VisitEnd {
        func place(_ row: DeliveryRow) -> RetryPosition { RetryPosition(due: row.due?.milliseconds ?? 0, delivery: row.id) }
        let all = tables.deliveries.filter(\.isRetry).sorted { place($0) < place($1) }
        let inside = all.filter { row in place(row) > rows.after ?? .start && (rows.before.map { place(row) < $0 } ?? true) }
        let found = rows.before == nil ? inside : inside.reversed()
        for row in found.prefix(rows.limit) where !visit(visible(row)) { return .stopped }
        guard found.count > rows.limit, let last = found.prefix(rows.limit).last else { return .atEnd }
        return .atLimit(last: last.id, created: last.due ?? Timestamp(milliseconds: 0))
    }

    private static func isChosen(_ delivery: Delivery, _ rows: DeliveryRows) -> Bool {
        (rows.states.isEmpty || rows.states.contains(delivery.state)) && (rows.event.map { Tables.isSame($0, delivery.event) } ?? true)
    }

    func visitEvents(_ rows: EventRows, _ visit: (VisibleEvent) -> Bool) throws(OutboxProblem) -> VisitEnd {
        let inside = tables.events.filter { $0.seq < rows.before ?? .max && $0.seq > rows.after ?? .min }
        let found = rows.after == nil ? inside.reversed() : inside
        for row in found.prefix(rows.limit) {
            let event = Event(id: row.event.id, type: row.event.type, node: row.event.node, created: row.event.created, data: [])
            if !visit(VisibleEvent(number: row.seq, event)) { return .stopped }
        }
        guard found.count > rows.limit, let last = found.prefix(rows.limit).last else { return .atEnd }
        return .atLimit(last: last.seq, created: last.event.created)
    }
}
