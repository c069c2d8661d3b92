import PosthornModel
import PosthornStore

extension Outbox {
    /// Nodes and endpoints of a topology that are compared one by one; of more, all that is stored is read at once.
    private static let fewChanges = 200

    /// What a topology of a few nodes and endpoints is compared with when nothing is pruned: those that it names, and the nodes that they
    /// hang on. Reading all of a large hierarchy for one endpoint would stop the writer's thread for seconds. To be called inside a
    /// transaction, once the router has followed.
    /// - Returns: `nil` when all is to be read.
    func storedBranches(for topology: Topology, in store: any OutboxStore) throws(OutboxProblem) -> StoredTopology? {
        guard topology.nodes.count + topology.endpoints.count <= Self.fewChanges else { return nil }
        // Whether the key is right is seen by the others.
        if directory.isKeptUp {
            if directory.faultyEntries.contains(where: { $0.stored.fault?.problem.code == .key }) { return nil }
        } else if sealing == nil, try store.hasSealedCredentials() {
            return nil
        }
        var endpoints: [StoredEndpoint] = []
        for wanted in topology.endpoints {
            guard let stored = try store.endpoint(lookingLike: wanted.id, withCredentials: true) else { continue }
            if stored.fault?.problem.code == .key { return nil }
            endpoints.append(stored)
        }
        guard let nodes = try directory.isKeptUp ? knownBranches(of: topology) : readBranches(of: topology, store) else { return nil }
        let generation = try store.topologyGeneration()
        return StoredTopology(generation: generation, nodes: nodes.values.sorted { $0.id < $1.id }, endpoints: endpoints)
    }

    /// The nodes that a topology names.
    private static func named(_ topology: Topology) -> [String] {
        topology.nodes.flatMap { [$0.id, $0.parent].compactMap(\.self) } + topology.endpoints.map(\.node)
    }

    /// Those and what they hang on, as an engine of this process keeps them up.
    private func knownBranches(of topology: Topology) -> [String: Node]? {
        guard let hierarchy = directory.hierarchy else { return nil }
        var nodes: [String: Node] = [:]
        for node in Self.named(topology).flatMap({ hierarchy.lineage(of: $0) }) { nodes[node.id] = node }
        // What is below one that changes its level may be in the way.
        for wanted in topology.nodes {
            guard let stored = hierarchy[wanted.id], stored.level != wanted.level else { continue }
            for child in hierarchy.children(of: wanted.id) { nodes[child.id] = child }
        }
        return nodes
    }

    /// Those and what they hang on, read one by one.
    /// - Returns: `nil` when that is not enough: one changes its level, so that what is below it may be in the way, or is written
    ///   otherwise.
    private func readBranches(of topology: Topology, _ store: any OutboxStore) throws(OutboxProblem) -> [String: Node]? {
        var nodes: [String: Node] = [:]
        for id in Self.named(topology) {
            var next: String? = id
            // Every parent stands on a higher level, so there is an end.
            for _ in Level.allCases {
                guard let id = next, nodes[id] == nil else { break }
                guard let node = try store.node(id: id) else {
                    if try store.hasNode(lookingLike: id) { return nil }
                    break
                }
                nodes[id] = node
                next = node.parent
            }
        }
        for wanted in topology.nodes { if let stored = nodes[wanted.id], stored.level != wanted.level { return nil } }
        return nodes
    }
}
