import PosthornModel
package import PosthornStore
package import PosthornText

extension SQLiteStore {
    /// Writes down the result of a handshake, unless the endpoint has another revision by now or is not unverified any more.
    ///
    /// A failure changes no route, so the topology's generation counts up for a success only.
    package func settleHandshake(
        ofEndpoint key: Int64,
        revision: Int64,
        failure: String?,
        at now: Timestamp
    ) throws(OutboxProblem) -> Bool {
        let statement = try connection.statement(
            """
            UPDATE posthorn_endpoint SET state = ?1, state_reason = ?2, changed = ?3
            WHERE key = ?4 AND state = 'unverified'
                AND ?5 = (SELECT max(key) FROM posthorn_endpoint_revision WHERE endpoint = ?4)
            """
        )
        statement.bind(1, (failure == nil ? EndpointState.active : .unverified).rawValue)
        statement.bind(2, failure)
        statement.bind(3, now.milliseconds)
        statement.bind(4, key)
        statement.bind(5, revision)
        try statement.run()
        let counts = connection.changes > 0
        if counts, failure == nil { try countUp("topology") }
        return counts
    }
}
