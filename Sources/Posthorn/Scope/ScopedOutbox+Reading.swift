package import PosthornModel
package import PosthornStore
package import PosthornText

/// A part of a list.
package struct ScopedPage<Element: Sendable>: Sendable {
    /// What was found, newest first.
    package var elements: [Element] = []
    /// The number behind which the list goes on; `nil` at its end.
    package var next: Int64?
    /// The number before which there may be newer ones; `nil` at the beginning.
    package var previous: Int64?
    /// Up to where in time the rows were searched, where that ended before the page was full.
    package var searchedUntil: Timestamp?
}

/// Where a part of a list of numbered rows begins, newest first.
package enum ListPlace: Sendable, Equatable {
    /// With the newest.
    case beginning
    /// With the newest of those that are older than this one.
    case behind(Int64)
    /// With those that are newer than this one, ending next to it.
    case before(Int64)

    /// Only rows with a smaller number.
    var below: Int64? { if case .behind(let number) = self { number } else { nil } }
    /// Only rows with a greater number.
    var above: Int64? { if case .before(let number) = self { number } else { nil } }
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
    ///   - place: Where the page begins.
    ///   - limit: How many.
    /// - Throws: ``ScopeProblem`` when an endpoint, node or event that is asked for is not in the tree.
    package func deliveries(
        _ rows: DeliveryRows,
        _ criteria: DeliveryCriteria,
        from place: ListPlace = .beginning,
        limit: Int
    ) throws -> ScopedPage<Delivery> {
        var rows = rows
        (rows.before, rows.after) = (place.below, place.above)
        return try outbox.read { reader in
            let view = try outbox.topologies.view(reader)
            if let id = rows.endpoint { _ = try endpoint(id, in: view) }
            if let id = criteria.node { _ = try node(id, in: view) }
            if let id = rows.event { _ = try event(id, reader, view) }
            var page = ScopedPage<Delivery>()
            let end = try reader.visitDeliveries(rows) { row in
                if isVisible(row, view), criteria.isMet(by: row.delivery, view) { page.elements.append(row.delivery) }
                return page.elements.count < limit
            }
            page.go(on: end, from: place, page.elements.map(\.id))
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
        from place: ListPlace,
        limit: Int
    ) throws -> ScopedPage<Event> {
        try outbox.read { reader in
            let view = try outbox.topologies.view(reader)
            if let top { _ = try node(top, in: view) }
            var page = ScopedPage<Event>()
            var numbers: [Int64] = []
            var rows = EventRows(limit: Self.rowLimit)
            (rows.before, rows.after) = (place.below, place.above)
            let end = try reader.visitEvents(rows) { row in
                let event = row.event
                if view.isWithin(event.node, node), top.map({ view.isWithin(event.node, $0) }) ?? true,
                    types.isEmpty || types.contains(where: { $0.matches(event.type) }), after.map({ event.created >= $0 }) ?? true,
                    before.map({ event.created < $0 }) ?? true
                {
                    page.elements.append(event)
                    numbers.append(row.number)
                }
                return page.elements.count < limit
            }
            page.go(on: end, from: place, numbers)
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
    /// Notes where the list goes on and where it came from, and puts the newest first.
    /// - Parameters:
    ///   - place: Where the page began.
    ///   - numbers: Those of the elements, in the order in which they were visited.
    mutating func go(on end: VisitEnd, from place: ListPlace, _ numbers: [Int64]) {
        let rest: Int64?
        switch end {
        case .atEnd: rest = nil
        case .stopped: rest = numbers.last
        case .atLimit(let number, let created): (rest, searchedUntil) = (number, created)
        }
        switch place {
        case .beginning: next = rest
        // A row of its own number may have been the last one of the part before.
        case .behind(let number): (next, previous) = (rest, numbers.first ?? number - 1)
        case .before(let number):
            elements.reverse()
            (next, previous) = (numbers.first ?? (number == .max ? number : number + 1), rest)
        }
    }
}
