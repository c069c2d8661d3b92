package import PosthornModel
package import PosthornText
package import PosthornStore
import PosthornSystem

extension Outbox {
    /// Visits the deliveries that a filter asks for, oldest first unless it says otherwise. The visitor may take its time, and use
    /// the outbox.
    /// - Throws: `InputProblem` when the filter names an endpoint, a node or an event that is not and was not there.
    package func deliveries(_ filter: DeliveryFilter = DeliveryFilter(), _ visit: (Delivery) -> Void) throws {
        let filter = try resolved(filter)
        var rest = filter.limit ?? Int.max
        var last: Int64?
        while true {
            let (page, goesOn) = try read { [last] in try $0.deliveries(filter, beyond: last) }
            page.prefix(rest).forEach(visit)
            rest -= page.count
            last = page.last?.id
            if !goesOn || rest <= 0 { return }
        }
    }

    /// A filter that names its endpoint as the outbox writes it.
    /// - Throws: When it names something that is not and was not there.
    func resolved(_ filter: DeliveryFilter) throws -> DeliveryFilter {
        var resolved = filter
        if let endpoint = filter.endpoint {
            guard let found = try read({ try $0.endpoint(lookingLike: endpoint, withCredentials: false) }) else {
                throw Self.unknownEndpoint(endpoint, among: try topology().endpoints.map(\.settings.id))
            }
            resolved.endpoint = found.settings.id
        }
        if let node = filter.node, try !read({ try $0.knowsNode(node) }) {
            let known = try topology().nodes.map(\.id)
            throw InputProblem(
                .notFound,
                field: "node",
                value: node,
                reason: "is not known\(Suggestion.clause(for: node, among: known)): no node of the hierarchy and no event has it",
                remedy: .listNodes
            )
        }
        if let node = filter.node { resolved.nodes = try nodes(at: node) }
        if let event = filter.event, try !read({ try $0.knowsEvent(event) }) { throw Self.unknownEvent(event) }
        return resolved
    }

    /// The ids of a node and of all below it; of one that is gone and of which there are events, its own.
    private func nodes(at node: String) throws -> [String] {
        let view = try read { try topologies.view($0) }
        let found = view.nodes(within: node).map(\.id)
        return found.isEmpty ? [node] : found
    }

    static func unknownEvent(_ id: String) -> InputProblem {
        InputProblem(.notFound, field: "event", value: id, reason: "is not known; it was never accepted under this id, or was pruned")
    }

    /// The event with an id, and whether it still waits for its deliveries: one that another program inserted does until an engine
    /// runs.
    /// - Throws: `InputProblem` when there is none.
    package func event(_ id: String) throws -> (event: Event, waitsForFanOut: Bool) {
        guard let found = try read({ try $0.event(id: id) }) else { throw Self.unknownEvent(id) }
        return found
    }

    /// Visits the events of a type (of every type for `nil`) in the order in which they were stored, until `visit` returns
    /// `false`: that it has enough. The visitor may take its time, and use the outbox.
    package func events(ofType pattern: EventPattern? = nil, _ visit: (Event) -> Bool) throws {
        var last = Int64.min
        while true {
            let (page, end) = try read { try $0.events(ofType: pattern, beyond: last) }
            if page.isEmpty || !page.allSatisfy(visit) { return }
            last = end
        }
    }

    /// The same as a value.
    package func storedEvent(_ id: String) throws -> StoredEvent {
        let found: (event: Event, waitsForFanOut: Bool) = try event(id)
        return StoredEvent(event: found.event, waitsForFanOut: found.waitsForFanOut)
    }

    /// A page of the events of a type, of every type for `nil`.
    package func page(ofType pattern: EventPattern?, after cursor: PageCursor?) throws -> Page<Event> {
        let (events, last) = try read { try $0.events(ofType: pattern, beyond: cursor?.last ?? Int64.min) }
        return Page(elements: events, next: events.isEmpty ? nil : PageCursor(last: last))
    }

    /// A page of the deliveries that a filter asks for.
    package func page(_ filter: DeliveryFilter, after cursor: PageCursor?, limit: Int) throws -> Page<Delivery> {
        var filter = try resolved(filter)
        let limit = min(max(1, limit), Self.pageLimit)
        // One more says whether the list goes on. Oldest first the store chooses how many it reads.
        filter.limit = filter.newestFirst ? limit + 1 : nil
        filter.before = nil
        let rows = try read { [filter] in try $0.deliveries(filter, beyond: cursor?.last).page }
        let page = Array(rows.prefix(limit))
        return Page(elements: page, next: rows.count > limit ? page.last.map { PageCursor(last: $0.id) } : nil)
    }

    /// Deliveries that a page holds at most; the store reads no more at once.
    private static let pageLimit = 999

    /// The attempts of a delivery, first to last.
    /// - Throws: `InputProblem` when there is no such delivery.
    package func attempts(of delivery: Int64) throws -> [Attempt] {
        guard let attempts = try read({ try $0.attempts(of: delivery) }) else {
            throw InputProblem(
                .notFound,
                field: "delivery",
                value: String(delivery),
                reason: "is not known",
                remedy: .listDeliveries
            )
        }
        return attempts
    }

    /// What can be counted without going through anything that grows with the outbox.
    package func gauges() throws -> OutboxGauges { try read { try $0.gauges() } }

    /// Counts, ages and rates.
    package func status() throws -> OutboxStatus { try read { [clock] in try $0.status(at: clock.now()) } }

    /// Endpoints whose receivers have asked to be left alone (`Retry-After`), by their ids, and until when. What is due for them
    /// waits until then, and goes out bit by bit.
    package func throttledEndpoints() throws -> [String: Timestamp] { try read { try $0.throttledEndpoints(after: clock.now()) } }

    /// How many deliveries wait for another URL than their endpoint has now, by the endpoints' ids; those with none are left out.
    package func waitingAtFormerURL(of endpoints: [String]) throws -> [String: Int] {
        try read { try $0.waitingAtFormerURL(of: endpoints) }
    }

    /// What SQLite's check of the whole file says; empty when all is well.
    package func integrityProblems() throws -> [String] { try read { try $0.integrityProblems() } }

    /// How the schema differs from what this version makes: tables, indexes and triggers that are missing or changed.
    package func schemaDifferences() throws -> [SchemaDifference] { try read { try $0.schemaDifferences() } }

    /// Deliveries that wait for ever, since what they point to is not there.
    package func strayDeliveries() throws -> StrayDeliveries { try read { try $0.strayDeliveries() } }

    /// The version of SQLite that is loaded.
    package func endpointHealth() throws -> [String: EndpointHealth] { try read { try $0.endpointHealth() } }

    /// The version of SQLite that is in use.
    package func sqliteVersion() throws -> String { try read { try $0.databaseVersion() } }
}
