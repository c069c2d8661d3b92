package import PosthornModel
package import PosthornStore
package import PosthornText

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
        return view.nodes(within: node)
    }

    /// Which nodes of the tree a list has.
    package enum NodeList: Sendable {
        /// All of them.
        case all
        /// Those that are below no other; of a node's own tree, that node.
        case top
        /// Those right below one.
        case children(of: String)
    }

    /// A node in a list.
    package struct ListedNode: Sendable {
        /// The node.
        package let node: Node
        /// How many endpoints are at itself.
        package let endpoints: Int
        /// How many nodes are right below it.
        package let nodes: Int
    }

    /// A part of a list of nodes of the tree, by their ids.
    /// - Parameters:
    ///   - prefix: What their ids begin with.
    package func nodes(
        _ nodes: NodeList,
        beginningWith prefix: String = "",
        _ place: NamedPage<ListedNode>.Place,
        limit: Int
    ) throws -> NamedPage<ListedNode> {
        let view = try topology()
        let list: SortedPieces<NodeItem>
        switch nodes {
        case .all: list = view.nodesByID(within: node)
        case .top: list = node.map { SortedPieces(view.nodesByID(within: $0).element(named: $0)) } ?? view.childrenByID(of: nil)
        case .children(let parent):
            _ = try node(parent, in: view)
            list = view.childrenByID(of: parent)
        }
        return NamedPage(of: [list], beginningWith: prefix, place, limit: limit) { item in
            ListedNode(node: item.node, endpoints: view.endpointCount(at: item.name), nodes: view.childCount(of: item.name))
        }
    }

    /// A node of the tree and all below it.
    package func nodes(below id: String) throws -> [Node] {
        let view = try topology()
        _ = try node(id, in: view)
        return view.nodes(within: id)
    }

    /// A node of the tree.
    package func node(_ id: String) throws -> Node { try node(id, in: topology()) }

    /// The endpoints of the tree, in the order in which they were applied, without credentials.
    package func endpoints() throws -> [StoredEndpoint] {
        try topology().endpoints(within: node)
    }

    /// A part of the list of endpoints of the tree, by their ids.
    /// - Parameters:
    ///   - top: Only those at this node and below; `nil` for all of the tree.
    ///   - prefix: What their ids begin with.
    ///   - states: Those in one of these states; all when there is none.
    ///   - inOrder: Whether only those with an order are wanted.
    package func endpoints(
        below top: String?,
        beginningWith prefix: String = "",
        _ place: NamedPage<StoredEndpoint>.Place,
        limit: Int,
        states: Set<EndpointState> = [],
        inOrder: Bool = false
    ) throws -> NamedPage<StoredEndpoint> {
        let view = try topology()
        if let top { _ = try node(top, in: view) }
        let choice = EndpointChoice(states: states, inOrder: inOrder)
        let lists = view.endpointList(within: top ?? node).lists(of: choice)
        return NamedPage(of: lists, beginningWith: prefix, place, limit: limit, where: choice.matches, \.stored)
    }

    /// How many nodes the tree has, and how many endpoints in each state.
    package func counts() throws -> (nodes: Int, endpoints: [EndpointState: Int]) {
        let view = try topology()
        return (view.nodesByID(within: node).count, view.endpointList(within: node).counts)
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
