import PosthornModel
import PosthornStore

/// An endpoint in lists. What most of them look at is beside the reference: a look at a whole endpoint costs more.
struct EndpointItem: Named, Sendable {
    private let box: Box
    let state: EndpointState
    let hasOrder: Bool

    private final class Box: Sendable {
        let stored: StoredEndpoint

        init(_ stored: StoredEndpoint) { self.stored = stored }
    }

    init(_ stored: StoredEndpoint) {
        box = Box(stored)
        state = stored.state
        hasOrder = stored.settings.order != nil
    }

    var stored: StoredEndpoint { box.stored }
    var key: Int64 { box.stored.key }
    var node: String { box.stored.settings.node }
    var name: String { box.stored.settings.id }
}

/// A node in lists.
struct NodeItem: Named, Sendable {
    private let box: Box

    private final class Box: Sendable {
        let node: Node
        let order: Int

        init(_ node: Node, _ order: Int) { (self.node, self.order) = (node, order) }
    }

    /// - Parameter order: When it was applied, among the others.
    init(_ node: Node, order: Int) { box = Box(node, order) }

    var node: Node { box.node }
    var order: Int { box.order }
    var name: String { box.node.id }
}

/// The hierarchy and its endpoints for look-ups and lists of every tree. A value: one that has followed a change shares all with the one
/// before it that has not changed.
struct TopologyMap: Sendable {
    /// All endpoints, those too whose node is gone.
    private(set) var endpoints = EndpointList()
    private(set) var nodes = SortedPieces<NodeItem>()
    /// The nodes below no other.
    private(set) var roots = SortedPieces<NodeItem>()
    private var branches = ShardedTable<Branch>()
    /// Of each node, those that are at itself, in the order in which they were applied.
    private var atNode = ShardedTable<[EndpointItem]>()
    private var nextOrder = 0

    /// A node with what is below it.
    private struct Branch: Sendable {
        var item: NodeItem
        var children = SortedPieces<NodeItem>()
        /// Itself and all below.
        var nodes = SortedPieces<NodeItem>()
        /// At itself and below.
        var endpoints = EndpointList()
    }

    /// Takes over all that is stored, of which the hierarchy was checked.
    init(_ stored: StoredTopology) {
        put(stored.nodes, again: [])
        let items = stored.endpoints.map { EndpointItem($0) }
        // In an order in which each comes behind those before it.
        for item in items.sorted(by: { $0.key < $1.key }) { seat(item) }
        for item in items.sorted(by: { $0.name < $1.name }) { list(item) }
    }

    /// Takes over what has changed.
    /// - Returns: Whether it could; not when a node hangs on one that is not there.
    mutating func follow(_ changes: TopologyChanges) -> Bool {
        let changed = Set(changes.nodes.map(\.id))
        put(changes.nodes, again: changes.removedNodes)
        for node in changes.nodes {
            guard let parent = node.parent else { continue }
            guard let above = self.node(parent), Identifier.isWrittenAlike(above.id, parent), above.level > node.level else { return false }
        }
        for endpoint in changes.endpoints {
            if endpoint.state == .removed { remove(endpoint: endpoint.settings.id) } else { put(EndpointItem(endpoint)) }
        }
        // The lowest first, so that nothing hangs on one that goes.
        let gone = changes.removedNodes.subtracting(changed).compactMap { node($0) }
        for node in gone.sorted(by: { $0.level < $1.level }) where !remove(node) { return false }
        return true
    }

    // MARK: Looking

    /// The node with an id.
    func node(_ id: String) -> Node? { branches[id]?.item.node }

    /// The node itself and every node above it, from the bottom up.
    func lineage(of id: String) -> [Node] {
        var line: [Node] = []
        var next = node(id)
        // Every parent stands on a higher level, so there is an end.
        while let found = next, line.count < Level.allCases.count {
            line.append(found)
            next = found.parent.flatMap { node($0) }
        }
        return line
    }

    /// Whether a node is another one or below it.
    func isWithin(_ id: String, _ top: String) -> Bool {
        var next = node(id)
        for _ in Level.allCases {
            guard let found = next else { return false }
            if Identifier.isWrittenAlike(found.id, top) { return true }
            next = found.parent.flatMap { node($0) }
        }
        return false
    }

    /// The endpoints at a node itself.
    func endpoints(at node: String) -> [EndpointItem] { atNode[node] ?? [] }

    /// The endpoints of a node and all below it.
    func endpoints(within node: String) -> EndpointList { branches[node]?.endpoints ?? EndpointList() }

    /// A node and all below it.
    func nodes(within node: String) -> SortedPieces<NodeItem> { branches[node]?.nodes ?? SortedPieces() }

    /// The nodes right below one.
    func children(of node: String) -> SortedPieces<NodeItem> { branches[node]?.children ?? SortedPieces() }

    // MARK: Endpoints

    private mutating func put(_ item: EndpointItem) {
        if let known = endpoints.all.element(named: item.name), known.node != item.node { remove(endpoint: item.name) }
        seat(item)
        list(item)
    }

    private mutating func seat(_ item: EndpointItem) {
        atNode.update(item.node, from: []) { items in
            let isLast = items.last.map { $0.key < item.key } ?? true
            let index = isLast ? items.count : items.firstIndex { $0.key >= item.key } ?? items.count
            if index < items.count, items[index].key == item.key { items[index] = item } else { items.insert(item, at: index) }
        }
    }

    private mutating func list(_ item: EndpointItem) {
        endpoints.put(item)
        for node in lineage(of: item.node) { branches.update(node.id) { $0.endpoints.put(item) } }
    }

    private mutating func remove(endpoint id: String) {
        guard let item = endpoints.all.element(named: id) else { return }
        endpoints.remove(id)
        atNode.update(item.node, from: []) { $0.removeAll { $0.key == item.key } }
        if atNode[item.node]?.isEmpty == true { atNode[item.node] = nil }
        for node in lineage(of: item.node) { branches.update(node.id) { $0.endpoints.remove(id) } }
    }

    // MARK: Nodes

    /// - Parameter again: Those that were removed and have come back, behind all others.
    private mutating func put(_ nodes: [Node], again: Set<String>) {
        var items: [NodeItem] = []
        for node in nodes {
            let known = again.contains(node.id) ? nil : branches[node.id]?.item.order
            items.append(NodeItem(node, order: known ?? nextOrder))
            if known == nil { nextOrder += 1 }
        }
        // The highest first: what one is put below is where it will be by then.
        for item in items.sorted(by: { ($1.node.level, $0.name) < ($0.node.level, $1.name) }) { put(item) }
    }

    private mutating func put(_ item: NodeItem) {
        let id = item.name
        if let known = branches[id]?.item {
            if known.node.parent != item.node.parent { detach(known.node) }
            branches.update(id) { $0.item = item }
        } else {
            var branch = Branch(item: item)
            for endpoint in endpoints(at: id).sorted(by: { $0.name < $1.name }) { branch.endpoints.put(endpoint) }
            branches[id] = branch
        }
        branches.update(id) { $0.nodes.put(item) }
        nodes.put(item)
        attach(item)
    }

    /// Takes a node with all below it out of the lists of those above it.
    private mutating func detach(_ node: Node) {
        guard let branch = branches[node.id] else { return }
        guard let parent = node.parent else { return roots.remove(node.id) }
        branches.update(parent) { $0.children.remove(node.id) }
        for above in lineage(of: parent) {
            branches.update(above.id) { list in
                for item in branch.nodes { list.nodes.remove(item.name) }
                for item in branch.endpoints.all { list.endpoints.remove(item.name) }
            }
        }
    }

    /// Adds a node with all below it to the lists of those above it.
    private mutating func attach(_ item: NodeItem) {
        guard let branch = branches[item.name] else { return }
        guard let parent = item.node.parent else { return roots.put(item) }
        let isKnown = children(of: parent).element(named: item.name) != nil
        branches.update(parent) { $0.children.put(item) }
        for above in lineage(of: parent) {
            branches.update(above.id) { list in
                list.nodes.put(item)
                // What is below it is in the lists already when it has not moved.
                if isKnown { return }
                for node in branch.nodes { list.nodes.put(node) }
                for endpoint in branch.endpoints.all { list.endpoints.put(endpoint) }
            }
        }
    }

    private mutating func remove(_ node: Node) -> Bool {
        guard children(of: node.id).isEmpty else { return false }
        detach(node)
        branches[node.id] = nil
        nodes.remove(node.id)
        return true
    }
}
