public import PosthornText

extension SQLiteStore {
    /// Writes down until when an endpoint is left alone.
    public func write(throttledUntil until: Timestamp?, ofEndpoint key: Int64) throws(OutboxProblem) {
        guard let until else {
            let delete = try connection.statement("DELETE FROM posthorn_throttle WHERE endpoint = ?")
            delete.bind(1, key)
            return try delete.run()
        }
        let statement = try connection.statement(
            """
            INSERT INTO posthorn_throttle (endpoint, until) SELECT key, ?2 FROM posthorn_endpoint WHERE key = ?1
            ON CONFLICT (endpoint) DO UPDATE SET until = ?2
            """
        )
        statement.bind(1, key)
        statement.bind(2, until.milliseconds)
        try statement.run()
    }

    /// The endpoints that are left alone, and until when.
    public func throttles(after now: Timestamp) throws(OutboxProblem) -> [Int64: Timestamp] {
        let rows = try connection.statement("SELECT endpoint, until FROM posthorn_throttle WHERE until > ?")
        rows.bind(1, now.milliseconds)
        defer { rows.reset() }
        var throttles: [Int64: Timestamp] = [:]
        while try rows.step() { throttles[rows.integer(0)] = Timestamp(milliseconds: rows.integer(1)) }
        return throttles
    }

    /// The same by the endpoints' ids, removed ones left out.
    public func throttledEndpoints(after now: Timestamp) throws(OutboxProblem) -> [String: Timestamp] {
        let rows = try connection.statement(
            """
            SELECT e.id, t.until FROM posthorn_throttle t JOIN posthorn_endpoint e ON e.key = t.endpoint
            WHERE t.until > ? AND e.state <> 'removed'
            """
        )
        rows.bind(1, now.milliseconds)
        defer { rows.reset() }
        var throttles: [String: Timestamp] = [:]
        while try rows.step() { throttles[rows.text(0)] = Timestamp(milliseconds: rows.integer(1)) }
        return throttles
    }
}
