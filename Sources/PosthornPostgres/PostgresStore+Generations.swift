#if PostgreSQL
import PosthornModel
package import PosthornStore
package import PosthornText

/// What has changed since a generation of the topology, and the states of endpoints.
extension PostgresStore {
    /// Counts the changes of the hierarchy and its endpoints. In a transaction no other session changes them until that ends, so that what is
    /// fanned out and recorded follows the topology that is in force.
    package func topologyGeneration() throws(OutboxProblem) -> Int64 {
        if isInTurn, let facts { return facts.topology }
        if !isWriting { return try setting("topology") }
        if holdsTopology { return try setting("topology") }
        let read = try readFactsForWriting()
        facts = read
        return read.topology
    }

    /// The generation that the change under way makes; rows that it writes are of this one. Others' changes wait until it is done.
    func nextTopologyGeneration() throws(OutboxProblem) -> Int64 {
        lockTopology()
        let generation = try run("SELECT value FROM posthorn_setting WHERE name = 'topology' FOR NO KEY UPDATE").first?.integer(0) ?? 0
        holdsTopology = true
        return generation + 1
    }

    /// Counts the topology's generation up, once the rows that have changed are of the next one.
    func countTopologyUp() {
        noteTopologyChange()
        countUp("topology")
    }

    /// From before this generation neither the rows nor the list of nodes say all that has changed.
    func noteFullReading(before generation: Int64) throws(OutboxProblem) {
        try changeNodeLog(upTo: generation) { $0.forget(before: generation) }
    }

    /// The change under way, which makes this generation, is about these nodes.
    func noteNodes(changed: [String], removed: [String], at generation: Int64) throws(OutboxProblem) {
        try changeNodeLog(upTo: generation) { $0.note(changed: changed, removed: removed, at: generation) }
    }

    private func changeNodeLog(upTo generation: Int64, _ change: (inout NodeChangeLog) -> Void) throws(OutboxProblem) {
        // Others that change the list wait until this is done.
        let full = try run("SELECT value FROM posthorn_setting WHERE name = 'topology_full' FOR UPDATE").first?.integer(0) ?? 0
        var log = NodeChangeLog(try words("topology_nodes"), full: full)
        change(&log)
        runLater("UPDATE posthorn_setting SET value = greatest(value, $1) WHERE name = 'topology_full'", .integer(generation))
        keep("topology_nodes", words: log.text)
    }

    /// What has changed since a generation.
    package func topologyChanges(since generation: Int64, withCredentials: Bool) throws(OutboxProblem) -> TopologyChanges? {
        let current = try topologyGeneration()
        let log = NodeChangeLog(try words("topology_nodes"), full: try setting("topology_full"))
        guard let nodes = log.changes(since: generation) else { return nil }
        let rows = try run("\(Self.selectEndpoint) WHERE e.generation > $1 ORDER BY e.key", .integer(generation))
        return TopologyChanges(
            generation: current,
            endpoints: rows.all.map { endpoint($0, withCredentials: withCredentials) },
            nodes: try self.nodes(Array(nodes.changed)),
            removedNodes: nodes.removed
        )
    }

    /// Reads what decides about an endpoint's state.
    package func standing(ofEndpoint key: Int64) throws(OutboxProblem) -> EndpointStanding? {
        let row = try run(
            """
            SELECT state, coalesce((SELECT max(key) FROM posthorn_endpoint_revision WHERE endpoint = $1), 0)
            FROM posthorn_endpoint WHERE key = $1
            """,
            .integer(key)
        ).first
        return row.map { EndpointStanding(state: EndpointState(rawValue: $0.text(0)) ?? .disabled, revision: $0.integer(1)) }
    }

    /// Writes down an endpoint's state.
    package func write(_ change: EndpointStateChange, ofEndpoint key: Int64, at now: Timestamp) throws(OutboxProblem) {
        write(change, ofEndpoints: [key], change.changesRoutes ? try nextTopologyGeneration() : nil, at: now)
        if change.changesRoutes { countTopologyUp() }
    }

    /// Writes down the same state of several, with the generation that it is of; `nil` leaves that as it is.
    func write(_ change: EndpointStateChange, ofEndpoints keys: [Int64], _ generation: Int64?, at now: Timestamp) {
        runLater(
            """
            UPDATE posthorn_endpoint SET state = $1, state_reason = $2, changed = $3, generation = coalesce($4::bigint, generation)
            WHERE key = ANY ($5::bigint[])
            """,
            .text(change.state.rawValue),
            .text(change.reason),
            .integer(now.milliseconds),
            .integer(generation),
            .integers(keys)
        )
        if !change.liftsThrottle { return }
        for table in ["posthorn_throttle", "posthorn_health"] {
            runLater("DELETE FROM \(table) WHERE endpoint = ANY ($1::bigint[])", .integers(keys))
        }
    }
}
#endif
