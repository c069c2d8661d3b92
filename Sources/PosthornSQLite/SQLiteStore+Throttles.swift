package import PosthornStore
package import PosthornText

extension SQLiteStore {
    /// Writes down until when an endpoint is left alone.
    package func write(throttledUntil until: Timestamp?, ofEndpoint key: Int64) throws(OutboxProblem) {
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
    package func throttles(after now: Timestamp) throws(OutboxProblem) -> [Int64: Timestamp] {
        let rows = try connection.statement("SELECT endpoint, until FROM posthorn_throttle WHERE until > ?")
        rows.bind(1, now.milliseconds)
        defer { rows.reset() }
        var throttles: [Int64: Timestamp] = [:]
        while try rows.step() { throttles[rows.integer(0)] = Timestamp(milliseconds: rows.integer(1)) }
        return throttles
    }

    /// The same by the endpoints' ids, removed ones left out.
    package func throttledEndpoints(
        after now: Timestamp,
        among ids: [String]?,
        limit: Int
    ) throws(OutboxProblem) -> [String: Timestamp] {
        let rows = try connection.prepare(Self.selectThrottled(ids))
        rows.bind(3, now.milliseconds)
        var throttles: [String: Timestamp] = [:]
        try visit(rows, ids, limit) { (row) throws(OutboxProblem) in throttles[row.text(0)] = Timestamp(milliseconds: row.integer(1)) }
        return throttles
    }

    static func selectThrottled(_ ids: [String]?) -> String {
        """
        SELECT e.id, t.until FROM \(joined("posthorn_throttle t", ids)) ON e.key = t.endpoint
        WHERE t.until > ?3 AND e.state <> 'removed' \(amongIDs(ids)) LIMIT ?2
        """
    }

    /// A table of few endpoints beside that of all of them, of which SQLite is told which one to go through: of its own accord it took the
    /// endpoints, however many there are.
    static func joined(_ few: String, _ ids: [String]?) -> String {
        ids == nil ? "\(few) CROSS JOIN posthorn_endpoint e" : "posthorn_endpoint e CROSS JOIN \(few)"
    }

    /// What a question about some endpoints or all has as its condition, where `?1` is an id.
    static func amongIDs(_ ids: [String]?) -> String { ids == nil ? "" : "AND e.id = ?1" }

    /// Goes through the rows of such a question, of which `?2` is the limit.
    func visit(
        _ rows: SQLiteStatement,
        _ ids: [String]?,
        _ limit: Int,
        _ visit: (SQLiteStatement) throws(OutboxProblem) -> Void
    ) throws(OutboxProblem) {
        var left = Int64(limit)
        for id in ids.map({ $0.map(Optional.some) }) ?? [nil] where left > 0 {
            if let id { rows.bind(1, id) }
            rows.bind(2, left)
            while try rows.step() {
                try visit(rows)
                left -= 1
            }
            rows.reset()
        }
    }
}
