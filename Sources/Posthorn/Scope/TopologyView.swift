package import PosthornModel
package import PosthornStore
import PosthornText
import Synchronization

/// The hierarchy and its endpoints at one generation, without credentials, as scoped readings ask it.
package final class TopologyView: Sendable {
    /// What it was read of.
    package let stored: StoredTopology
    private let hierarchy: Hierarchy
    private let endpointIndex: [String: Int]
    private let byNode: [String: [Int]]
    private let nodesBelow: [String: [Int]]
    private let nodeIndex: [String: Int]
    /// Positions in the order of ids, and of each position where it is in that order.
    private let endpointsByID: [Int]
    private let endpointRanks: [Int]
    /// Of each position; a look at these costs less than one at a whole endpoint.
    let states: [EndpointState]
    let hasOrder: [Bool]
    private let nodesByID: [Int]
    private let nodeRanks: [Int]

    init(_ stored: StoredTopology) throws(OutboxProblem) {
        self.stored = stored
        do throws(InputProblem) { hierarchy = try Hierarchy(stored.nodes) } catch {
            throw OutboxProblem(.damaged, "the hierarchy in the outbox is damaged: \(error)")
        }
        endpointIndex = Dictionary(stored.endpoints.enumerated().map { ($1.settings.id, $0) }, uniquingKeysWith: { first, _ in first })
        byNode = Dictionary(grouping: stored.endpoints.indices) { stored.endpoints[$0].settings.node }
        nodesBelow = Dictionary(grouping: stored.nodes.indices.filter { stored.nodes[$0].parent != nil }) { stored.nodes[$0].parent ?? "" }
        nodeIndex = Dictionary(stored.nodes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        (endpointsByID, endpointRanks) = Self.order(stored.endpoints.map(\.settings.id))
        states = stored.endpoints.map(\.state)
        hasOrder = stored.endpoints.map { $0.settings.order != nil }
        (nodesByID, nodeRanks) = Self.order(stored.nodes.map(\.id))
    }

    private static func order(_ ids: [String]) -> (positions: [Int], ranks: [Int]) {
        let positions = ids.indices.sorted { ids[$0] < ids[$1] }
        var ranks = [Int](repeating: 0, count: ids.count)
        for (rank, position) in positions.enumerated() { ranks[position] = rank }
        return (positions, ranks)
    }

    /// Where the nodes of a tree are in ``stored``: the node itself and all below it. Takes as long as there are.
    /// - Parameter top: The node; `nil` for all there are.
    private func nodePositions(within top: String?) -> [Int] {
        guard let top else { return Array(stored.nodes.indices) }
        guard node(top) != nil, let first = nodeIndex[top] else { return [] }
        var found = [first]
        var next = 0
        while next < found.count {
            found += nodesBelow[stored.nodes[found[next]].id] ?? []
            next += 1
        }
        return found
    }

    /// Where the endpoints of a tree are in ``stored``, by their ids.
    /// - Parameter top: The node; `nil` for all there are, also those whose node is gone.
    func endpointsByID(within top: String?) -> [Int] {
        guard let top else { return endpointsByID }
        let found = nodePositions(within: top).flatMap { byNode[stored.nodes[$0].id] ?? [] }
        return found.map { endpointRanks[$0] }.sorted().map { endpointsByID[$0] }
    }

    /// Where the nodes of a tree are in ``stored``, by their ids.
    func nodesByID(within top: String?) -> [Int] {
        guard top != nil else { return nodesByID }
        return nodePositions(within: top).map { nodeRanks[$0] }.sorted().map { nodesByID[$0] }
    }

    /// The nodes of a tree, in the order in which they were applied.
    func nodes(within top: String?) -> [Node] {
        guard top != nil else { return stored.nodes }
        return nodePositions(within: top).sorted().map { stored.nodes[$0] }
    }

    /// How many endpoints are at a node itself.
    package func endpointCount(at node: String) -> Int { byNode[node]?.count ?? 0 }

    /// Whether a node is another one or below it.
    /// - Parameter top: The node above; `nil` for the whole hierarchy, and then also for nodes that are gone.
    package func isWithin(_ node: String, _ top: String?) -> Bool {
        guard let top else { return true }
        return hierarchy.lineage(of: node).contains { Identifier.isWrittenAlike($0.id, top) }
    }

    /// The node with an id; `nil` when there is none.
    package func node(_ id: String) -> Node? { hierarchy[id].flatMap { Identifier.isWrittenAlike($0.id, id) ? $0 : nil } }

    /// The node itself and every node above it, from the bottom up.
    package func lineage(of id: String) -> [Node] { hierarchy.lineage(of: id) }

    /// The endpoints at a node itself, in the order in which they were applied.
    package func endpoints(at node: String) -> [StoredEndpoint] { (byNode[node] ?? []).map { stored.endpoints[$0] } }

    /// The endpoint with an id, unless it is removed.
    package func endpoint(_ id: String) -> StoredEndpoint? { endpointIndex[id].map { stored.endpoints[$0] } }
}

/// Keeps the newest ``TopologyView``, so that a list does not read the whole hierarchy.
final class TopologyCache: Sendable {
    private let view = Mutex<TopologyView?>(nil)

    /// The hierarchy as it is now.
    func view(_ reader: any OutboxReader) throws(OutboxProblem) -> TopologyView {
        let generation = try reader.topologyGeneration()
        if let known = view.withLock({ $0 }), known.stored.generation == generation { return known }
        let fresh = try TopologyView(try reader.topology(withCredentials: false, withRemoved: false))
        view.withLock { $0 = fresh }
        return fresh
    }
}
