package import PosthornModel
package import PosthornStore
package import PosthornText

/// A part of a list.
package struct ScopedPage<Element: Sendable>: Sendable {
    /// What was found, newest first.
    package var elements: [Element] = []
    /// The number behind which the list goes on; `nil` at its end.
    package var next: Int64?
    /// Down to when the rows were searched, where that ended before the page was full.
    package var searchedUntil: Timestamp?
}

/// Which deliveries a list asks for, beyond what the store's own rows are chosen by.
package struct DeliveryCriteria: Sendable {
    /// Only those of events at this node and below.
    package var node: String?
    /// Only those of events of one of these types; all when empty.
    package var types: [EventPattern] = []
    /// Only those whose newest attempt failed with one of these; all when empty.
    package var errors: Set<AttemptError> = []
    /// Only those whose newest answer had a status of one of these hundreds; all when empty.
    package var statusClasses: Set<Int> = []
    /// Only those with so many attempts at least.
    package var attemptsAtLeast = 0
    /// Only those of events that happened then or later.
    package var after: Timestamp?
    /// Only those of events that happened before then.
    package var before: Timestamp?

    /// Criteria that every delivery meets.
    package init() {}

    /// Whether a delivery meets them.
    func isMet(by delivery: Delivery, _ view: TopologyView) -> Bool {
        (node.map { view.isWithin(delivery.node, $0) } ?? true)
            && (types.isEmpty || types.contains { $0.matches(delivery.type) })
            && (errors.isEmpty || delivery.last?.error.map(errors.contains) ?? false)
            && (statusClasses.isEmpty || delivery.last?.status.map { statusClasses.contains($0 / 100) } ?? false)
            && delivery.attempts >= attemptsAtLeast && (after.map { delivery.created >= $0 } ?? true)
            && (before.map { delivery.created < $0 } ?? true)
    }
}

extension ScopedOutbox {
    /// A page of deliveries, newest first.
    /// - Parameters:
    ///   - rows: What the store looks at.
    ///   - criteria: What is wanted of that.
    ///   - limit: How many.
    /// - Throws: ``ScopeProblem`` when an endpoint, node or event that is asked for is not in the tree.
    package func deliveries(_ rows: DeliveryRows, _ criteria: DeliveryCriteria, limit: Int) throws -> ScopedPage<Delivery> {
        try outbox.read { reader in
            let view = try outbox.topologies.view(reader)
            if let id = rows.endpoint { _ = try endpoint(id, in: view) }
            if let id = criteria.node { _ = try node(id, in: view) }
            if let id = rows.event { _ = try event(id, reader, view) }
            var page = ScopedPage<Delivery>()
            let end = try reader.visitDeliveries(rows) { row in
                if isVisible(row, view), criteria.isMet(by: row.delivery, view) { page.elements.append(row.delivery) }
                return page.elements.count < limit
            }
            page.go(on: end, page.elements.last?.id)
            return page
        }
    }

    /// One delivery.
    package func delivery(_ number: Int64) throws -> Delivery {
        try outbox.read { reader in
            let view = try outbox.topologies.view(reader)
            guard let row = try reader.visibleDelivery(number), isVisible(row, view) else {
                throw Self.unknown("delivery", String(number))
            }
            return row.delivery
        }
    }

    /// The attempts of a delivery, first to last.
    package func attempts(of number: Int64) throws -> [Attempt] {
        _ = try delivery(number)
        return try outbox.read { try $0.attempts(of: number) } ?? []
    }

    /// A page of events without their data, newest first.
    package func events(
        types: [EventPattern],
        node top: String?,
        after: Timestamp?,
        before: Timestamp?,
        beyond last: Int64?,
        limit: Int
    ) throws -> ScopedPage<Event> {
        try outbox.read { reader in
            let view = try outbox.topologies.view(reader)
            if let top { _ = try node(top, in: view) }
            var page = ScopedPage<Event>()
            var number: Int64?
            let end = try reader.visitEvents(before: last, limit: Self.rowLimit) { row in
                let event = row.event
                if view.isWithin(event.node, node), top.map({ view.isWithin(event.node, $0) }) ?? true,
                    types.isEmpty || types.contains(where: { $0.matches(event.type) }), after.map({ event.created >= $0 }) ?? true,
                    before.map({ event.created < $0 }) ?? true
                {
                    page.elements.append(event)
                    number = row.number
                }
                return page.elements.count < limit
            }
            page.go(on: end, number)
            return page
        }
    }

    /// An event with its data, and whether it waits for its deliveries.
    package func event(_ id: String) throws -> (event: Event, waitsForFanOut: Bool) {
        try outbox.read { reader in try event(id, reader, try outbox.topologies.view(reader)) }
    }

    func event(_ id: String, _ reader: any OutboxReader, _ view: TopologyView) throws -> (event: Event, waitsForFanOut: Bool) {
        guard let found = try reader.event(id: id), view.isWithin(found.event.node, node) else { throw Self.unknown("event", id) }
        return found
    }

    /// The nodes of the tree, in the order in which they were applied.
    package func nodes() throws -> [Node] {
        let view = try topology()
        return view.stored.nodes.filter { view.isWithin($0.id, node) }
    }

    /// A node of the tree and all below it.
    package func nodes(below id: String) throws -> [Node] {
        let view = try topology()
        _ = try node(id, in: view)
        return view.stored.nodes.filter { view.isWithin($0.id, id) }
    }

    /// A node of the tree.
    package func node(_ id: String) throws -> Node { try node(id, in: topology()) }

    /// The endpoints of the tree, in the order in which they were applied, without credentials.
    package func endpoints() throws -> [StoredEndpoint] {
        let view = try topology()
        return view.stored.endpoints.filter { view.isWithin($0.settings.node, node) }
    }

    /// A node of the tree.
    func node(_ id: String, in view: TopologyView) throws(ScopeProblem) -> Node {
        guard let found = view.node(id), view.isWithin(id, node) else { throw Self.unknown("node", id) }
        return found
    }

    /// An endpoint of the tree.
    @discardableResult
    func endpoint(_ id: String, in view: TopologyView) throws(ScopeProblem) -> StoredEndpoint {
        guard let found = view.endpoint(id), Identifier.isWrittenAlike(found.settings.id, id), view.isWithin(found.settings.node, node)
        else { throw Self.unknown("endpoint", id) }
        return found
    }
}

extension ScopedPage {
    /// Notes where the list goes on.
    /// - Parameter last: The number of the last element.
    fileprivate mutating func go(on end: VisitEnd, _ last: Int64?) {
        switch end {
        case .atEnd: next = nil
        case .stopped: next = last
        case .atLimit(let number, let created): (next, searchedUntil) = (number, created)
        }
    }
}
