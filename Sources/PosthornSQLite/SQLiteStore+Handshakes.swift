import PosthornModel
package import PosthornStore
package import PosthornText

/// The states of endpoints.
extension SQLiteStore {
    /// Reads what decides about an endpoint's state.
    package func standing(ofEndpoint key: Int64) throws(OutboxProblem) -> EndpointStanding? {
        let row = try connection.statement(
            """
            SELECT state, coalesce((SELECT max(key) FROM posthorn_endpoint_revision WHERE endpoint = ?1), 0)
            FROM posthorn_endpoint WHERE key = ?1
            """
        )
        row.bind(1, key)
        defer { row.reset() }
        guard try row.step() else { return nil }
        return EndpointStanding(state: EndpointState(rawValue: row.text(0)) ?? .disabled, revision: row.integer(1))
    }

    /// Writes down an endpoint's state.
    package func write(_ change: EndpointStateChange, ofEndpoint key: Int64, at now: Timestamp) throws(OutboxProblem) {
        let statement = try connection.statement(
            "UPDATE posthorn_endpoint SET state = ?1, state_reason = ?2, changed = ?3, generation = coalesce(?4, generation) WHERE key = ?5"
        )
        statement.bind(1, change.state.rawValue)
        statement.bind(2, change.reason)
        statement.bind(3, now.milliseconds)
        statement.bind(4, change.changesRoutes ? try nextTopologyGeneration() : nil)
        statement.bind(5, key)
        try statement.run()
        if change.liftsThrottle {
            try write(throttledUntil: nil, ofEndpoint: key)
            try write(health: nil, ofEndpoint: key)
        }
        if change.changesRoutes { try countTopologyUp() }
    }
}
