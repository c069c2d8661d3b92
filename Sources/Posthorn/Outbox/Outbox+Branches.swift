import PosthornModel
import PosthornStore

extension Outbox {
    /// Nodes and endpoints of a topology that are compared one by one; of more, all that is stored is read at once.
    private static let fewChanges = 200

    /// What a topology of a few nodes and endpoints is compared with when nothing is pruned: those that it names, and the nodes that they
    /// hang on. Reading all of a large hierarchy for one endpoint would stop the writer's thread for seconds. To be called inside a
    /// transaction, once the directory has followed.
    /// - Returns: `nil` when all is to be read.
    func storedBranches(for topology: Topology, in store: any OutboxStore) throws(OutboxProblem) -> StoredTopology? {
        guard topology.nodes.count + topology.endpoints.count <= Self.fewChanges, let hierarchy = directory.hierarchy else { return nil }
        // Whether the key is right is seen by the others.
        if directory.faultyEntries.contains(where: { $0.stored.fault?.problem.code == .key }) { return nil }
        var endpoints: [StoredEndpoint] = []
        for wanted in topology.endpoints {
            guard let stored = try store.endpoint(lookingLike: wanted.id, withCredentials: true) else { continue }
            if stored.fault?.problem.code == .key { return nil }
            endpoints.append(stored)
        }
        var nodes: [String: Node] = [:]
        let named = topology.nodes.flatMap { [$0.id, $0.parent].compactMap(\.self) } + topology.endpoints.map(\.node)
        for node in named.flatMap({ hierarchy.lineage(of: $0) }) { nodes[node.id] = node }
        // What is below one that changes its level may be in the way.
        for wanted in topology.nodes {
            guard let stored = hierarchy[wanted.id], stored.level != wanted.level else { continue }
            for child in hierarchy.children(of: wanted.id) { nodes[child.id] = child }
        }
        return StoredTopology(generation: directory.generation, nodes: nodes.values.sorted { $0.id < $1.id }, endpoints: endpoints)
    }
}
