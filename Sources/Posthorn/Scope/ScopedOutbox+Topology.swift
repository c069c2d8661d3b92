package import PosthornModel
package import PosthornStore

/// The hierarchy as a whole, for keys that see the whole outbox.
extension ScopedOutbox {
    /// The topology as a file, secrets masked, and the generation that it is of.
    package func exportedTopology() throws -> (text: String, generation: Int64) {
        try requireWhole()
        // Before the text: one that changes in between is refused later, never overwritten.
        let generation = try topology().generation
        return (try outbox.exportedTopology(withSecrets: false), generation)
    }

    /// Makes the hierarchy what a topology says; see ``Outbox/apply(_:prune:pruneAll:keyLost:)``.
    /// - Parameters:
    ///   - prune: Whether what the topology lacks is removed.
    ///   - generation: The generation that must still be current; `nil` for any.
    ///   - dryRun: Whether nothing is changed, and only what would be is said.
    package func apply(_ topology: Topology, prune: Bool, generation: Int64?, dryRun: Bool) throws -> [TopologyChange] {
        try requireWhole()
        if prune, topology.nodes.isEmpty {
            throw InputProblem(
                field: "nodes",
                reason: "is empty, so pruning would remove everything",
                remedy: .confirmRemovingAll
            )
        }
        try Outbox.checkURLs(of: topology)
        if let generation, try outbox.read({ try $0.topologyGeneration() }) != generation { throw ScopeProblem.changed }
        if dryRun { return try outbox.preview(topology, prune: prune) }
        let cancelled = prune ? try outbox.cancelWaiting(removedBy: topology) : Outbox.Waiting()
        while true {
            guard let changes = try applyStep(topology, prune, generation, cancelled).get() else { continue }
            try outbox.followTopology()
            return changes
        }
    }

    /// One transaction of it.
    /// - Returns: The changes; `nil` when the same is to be called again.
    private func applyStep(
        _ topology: Topology,
        _ prune: Bool,
        _ generation: Int64?,
        _ cancelled: Outbox.Waiting
    ) throws -> Result<[TopologyChange]?, any Error> {
        try outbox.writer.perform { [outbox] (store) throws(OutboxProblem) -> Result<[TopologyChange]?, any Error> in
            if let generation {
                let current = try store.topologyGeneration()
                if current != generation { return .failure(ScopeProblem.changed) }
            }
            return try outbox.applyStep({ _ in .success(topology) }, prune, false, cancelled, in: store).mapError { $0 as any Error }
        }
    }

    /// Removes a node; see ``Outbox/remove(node:)``.
    package func remove(node id: String) throws {
        try requireWhole()
        _ = try node(id, in: topology())
        do { try outbox.remove(node: id) } catch let problem as InputProblem { throw ScopeProblem.conflict("the node \(problem.reason)") }
    }

    private func requireWhole() throws(ScopeProblem) {
        if node != nil { throw .forbidden("the hierarchy is changed by keys of the whole outbox alone") }
    }
}
