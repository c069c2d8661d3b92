package import PosthornStore

/// Which endpoints have changed since a generation of the topology.
extension SQLiteStore {
    /// Counts the changes of the hierarchy and its endpoints.
    package func topologyGeneration() throws(OutboxProblem) -> Int64 { try setting("topology") }

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

    /// From before this generation the rows do not say all that has changed.
    func noteFullReading(before generation: Int64) throws(OutboxProblem) {
        let update = try connection.statement("UPDATE posthorn_setting SET value = max(value, ?) WHERE name = 'topology_full'")
        update.bind(1, generation)
        try update.run()
    }

    /// Reads the endpoints that have changed since a generation, removed ones too, with their credentials.
    package func topologyChanges(since generation: Int64) throws(OutboxProblem) -> TopologyChanges? {
        let current = try topologyGeneration()
        guard try setting("topology_rows") == current, try generation >= setting("topology_full") else { return nil }
        let rows = try connection.prepare("\(Self.selectEndpoint) WHERE e.generation > ? ORDER BY e.key")
        rows.bind(1, generation)
        var endpoints: [StoredEndpoint] = []
        while try rows.step() { endpoints.append(endpoint(rows, withCredentials: true)) }
        return TopologyChanges(generation: current, endpoints: endpoints)
    }
}
