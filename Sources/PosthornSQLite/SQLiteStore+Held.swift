import PosthornModel
package import PosthornStore
package import PosthornText

/// Deliveries that wait until their endpoint takes some again.
extension SQLiteStore {
    /// What waits, each by a condition that is a partial index's own, so that what was delivered is not read; and where it counts.
    static let waiting: [(condition: String, count: DeliveryCount)] = [
        ("state = 'pending' AND attempts = 0", .ready), ("state = 'pending' AND attempts > 0", .retrying), ("state = 'held'", .held),
    ]

    /// Moves pending deliveries to held.
    package func hold(_ deliveries: [Int64]) throws(OutboxProblem) {
        for (condition, from) in Self.waiting where from != .held {
            let update = try connection.prepare("UPDATE posthorn_delivery SET state = 'held' WHERE id = ? AND \(condition)")
            for id in deliveries {
                update.bind(1, id)
                try update.run()
                count(connection.changes, from: from, to: .held)
            }
        }
    }

    /// Moves pending deliveries of endpoints that are disabled or unverified to held.
    package func holdInactive(limit: Int) throws(OutboxProblem) -> Int {
        var moved = 0
        for (condition, from) in Self.waiting where from != .held {
            let hold = try connection.prepare(
                """
                UPDATE posthorn_delivery SET state = 'held' WHERE id IN (
                    SELECT id FROM posthorn_delivery WHERE \(condition) AND endpoint IN (
                        SELECT key FROM posthorn_endpoint WHERE state IN ('disabled', 'unverified')) LIMIT ?1)
                """
            )
            hold.bind(1, Int64(limit - moved))
            try hold.run()
            moved += connection.changes
            count(connection.changes, from: from, to: .held)
        }
        if moved > 0 { try countUp("queue") }
        return moved
    }

    /// Moves further attempts of some endpoints to held, due or not.
    package func holdRetries(ofEndpoints keys: [Int64], limit: Int) throws(OutboxProblem) -> Int {
        let hold = try connection.statement(
            """
            UPDATE posthorn_delivery SET state = 'held' WHERE id IN (
                SELECT id FROM posthorn_delivery INDEXED BY posthorn_delivery_retry
                WHERE state = 'pending' AND attempts > 0 AND endpoint IN (SELECT value FROM json_each(?1)) LIMIT ?2)
            """
        )
        hold.bind(1, JSONValue.array(keys.map { .number(String($0)) }).text)
        hold.bind(2, Int64(limit))
        try hold.run()
        let moved = connection.changes
        count(moved, from: .retrying, to: .held)
        if moved > 0 { try countUp("queue") }
        return moved
    }

    /// Moves held deliveries of active endpoints back to pending.
    package func releaseActive(limit: Int, except endpoints: [Int64], at now: Timestamp) throws(OutboxProblem) -> Int {
        let release = try connection.statement(
            """
            UPDATE posthorn_delivery SET state = 'pending', next_attempt_at = coalesce(next_attempt_at, ?1) WHERE id IN (
                SELECT d.id FROM posthorn_endpoint e JOIN posthorn_endpoint_revision r ON r.endpoint = e.key
                CROSS JOIN posthorn_delivery d WHERE d.revision = r.key AND d.state = 'held' AND e.state = 'active'
                    AND e.key NOT IN (SELECT value FROM json_each(?3)) LIMIT ?2)
            RETURNING attempts
            """
        )
        release.bind(1, now.milliseconds)
        release.bind(2, Int64(limit))
        release.bind(3, JSONValue.array(endpoints.map { .number(String($0)) }).text)
        defer { release.reset() }
        var moved = 0
        while try release.step() {
            count(1, from: .held, to: DeliveryCount(.pending, attempts: Int(release.integer(0))))
            moved += 1
        }
        if moved > 0 { try countUp("queue") }
        return moved
    }
}
