package import PosthornStore

/// What has changed since a generation of the topology.
extension SQLiteStore {
    /// The generation that the change under way makes; rows that it writes are of this one.
    func nextTopologyGeneration() throws(OutboxProblem) -> Int64 { try topologyGeneration() + 1 }

    /// Counts the topology's generation up, once the rows that have changed are of the next one.
    func countTopologyUp() throws(OutboxProblem) {
        let generation = try topologyGeneration()
        // A program of an earlier version has counted up, and no row says for what.
        if try setting("topology_rows") != generation { try noteFullReading(before: generation) }
        noteTopologyChange()
        let update = try connection.statement("UPDATE posthorn_setting SET value = ? WHERE name IN ('topology', 'topology_rows')")
        update.bind(1, generation + 1)
        try update.run()
    }

    /// From before this generation neither the rows nor the list of nodes say all that has changed.
    func noteFullReading(before generation: Int64) throws(OutboxProblem) {
        try changeNodeLog { $0.forget(before: generation) }
        try countFullUp(to: generation)
    }

    /// The change under way is about these nodes.
    func noteNodes(changed: [String], removed: [String]) throws(OutboxProblem) {
        let generation = try nextTopologyGeneration()
        try changeNodeLog { $0.note(changed: changed, removed: removed, at: generation) }
        try countFullUp(to: generation)
    }

    private func countFullUp(to generation: Int64) throws(OutboxProblem) {
        let update = try connection.statement("UPDATE posthorn_setting SET value = max(value, ?) WHERE name = 'topology_full'")
        update.bind(1, generation)
        try update.run()
    }

    private func nodeLog() throws(OutboxProblem) -> NodeChangeLog {
        let text = try connection.text("SELECT value FROM posthorn_setting WHERE name = 'topology_nodes'")
        return NodeChangeLog(text, full: try setting("topology_full"))
    }

    private func changeNodeLog(_ change: (inout NodeChangeLog) -> Void) throws(OutboxProblem) {
        var log = try nodeLog()
        change(&log)
        let statement = try connection.statement("INSERT OR REPLACE INTO posthorn_setting (name, value) VALUES ('topology_nodes', ?)")
        statement.bind(1, log.text)
        try statement.run()
    }

    /// What has changed since a generation.
    package func topologyChanges(since generation: Int64, withCredentials: Bool) throws(OutboxProblem) -> TopologyChanges? {
        let current = try topologyGeneration()
        guard try setting("topology_rows") == current, let nodes = try nodeLog().changes(since: generation) else { return nil }
        // With the plus the index of generations is used, and not the rows in their order, which would be all of them.
        let rows = try connection.prepare("\(Self.selectEndpoint) WHERE e.generation > ? ORDER BY +e.key")
        rows.bind(1, generation)
        var endpoints: [StoredEndpoint] = []
        while try rows.step() { endpoints.append(endpoint(rows, withCredentials: withCredentials)) }
        return TopologyChanges(
            generation: current,
            endpoints: endpoints,
            nodes: try self.nodes(Array(nodes.changed)),
            removedNodes: nodes.removed
        )
    }
}
