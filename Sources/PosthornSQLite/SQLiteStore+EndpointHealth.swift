package import PosthornModel
package import PosthornStore
import PosthornText

extension SQLiteStore {
    /// Writes down how an endpoint does; nothing of one that was deleted meanwhile.
    package func write(health: EndpointHealth?, ofEndpoint key: Int64) throws(OutboxProblem) {
        guard let health, health.state != .healthy else {
            let delete = try connection.statement("DELETE FROM posthorn_health WHERE endpoint = ?")
            delete.bind(1, key)
            return try delete.run()
        }
        let statement = try connection.statement(
            """
            INSERT INTO posthorn_health (
                endpoint, state, reason, since, until, failures, probes, actor, failing_since, gone_since, noticed, disables_at)
            SELECT key, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 FROM posthorn_endpoint WHERE key = ?1
            ON CONFLICT (endpoint) DO UPDATE SET state = ?2, reason = ?3, since = ?4, until = ?5, failures = ?6, probes = ?7, actor = ?8,
                failing_since = ?9, gone_since = ?10, noticed = ?11, disables_at = ?12
            """
        )
        statement.bind(1, key)
        statement.bind(2, health.state.rawValue)
        statement.bind(3, health.reason)
        statement.bind(4, health.since.milliseconds)
        statement.bind(5, health.until?.milliseconds)
        statement.bind(6, Int64(health.failures))
        statement.bind(7, Int64(health.probes))
        statement.bind(8, health.actor.rawValue)
        statement.bind(9, health.failingSince?.milliseconds)
        statement.bind(10, health.goneSince?.milliseconds)
        statement.bind(11, Int64(health.noticedPercent))
        statement.bind(12, health.disablesAt?.milliseconds)
        try statement.run()
    }

    /// The endpoints that are not healthy.
    package func health() throws(OutboxProblem) -> [Int64: EndpointHealth] {
        let rows = try connection.statement(
            """
            SELECT endpoint, state, since, until, reason, failures, probes, actor, failing_since, gone_since, noticed, disables_at
            FROM posthorn_health
            """
        )
        defer { rows.reset() }
        var health: [Int64: EndpointHealth] = [:]
        while try rows.step() { health[rows.integer(0)] = try endpointHealth(rows, from: 1) }
        return health
    }

    static func selectHealth(_ ids: [String]?) -> String {
        """
        SELECT e.id, h.state, h.since, h.until, h.reason, h.failures, h.probes, h.actor, h.failing_since, h.gone_since, h.noticed,
            h.disables_at
        FROM \(joined("posthorn_health h", ids)) ON e.key = h.endpoint WHERE e.state <> 'removed' \(amongIDs(ids)) LIMIT ?2
        """
    }

    /// The same by the endpoints' ids, removed ones left out.
    package func endpointHealth(among ids: [String]?, limit: Int) throws(OutboxProblem) -> [String: EndpointHealth] {
        let rows = try connection.prepare(Self.selectHealth(ids))
        var health: [String: EndpointHealth] = [:]
        try visit(rows, ids, limit) { (row) throws(OutboxProblem) in health[row.text(0)] = try endpointHealth(row, from: 1) }
        return health
    }

    private func endpointHealth(_ rows: SQLiteStatement, from column: Int32) throws(OutboxProblem) -> EndpointHealth {
        guard let state = EndpointHealth.State(rawValue: rows.text(column)),
            let actor = EndpointHealth.Actor(rawValue: rows.text(column + 6))
        else { throw damaged("posthorn_health", rows.text(column)) }
        return EndpointHealth(
            state: state,
            since: Timestamp(milliseconds: rows.integer(column + 1)),
            until: rows.integerOrNil(column + 2).map(Timestamp.init(milliseconds:)),
            reason: rows.text(column + 3),
            actor: actor,
            failures: Int(rows.integer(column + 4)),
            probes: Int(rows.integer(column + 5)),
            failingSince: rows.integerOrNil(column + 7).map(Timestamp.init(milliseconds:)),
            goneSince: rows.integerOrNil(column + 8).map(Timestamp.init(milliseconds:)),
            noticedPercent: Int(rows.integer(column + 9))
        ).with(disablesAt: rows.integerOrNil(column + 10).map(Timestamp.init(milliseconds:)))
    }
}
