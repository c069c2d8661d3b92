#if PostgreSQL
package import PosthornStore
package import PosthornText

/// Deliveries that wait until their endpoint takes some again.
extension PostgresStore {
    /// Moves pending deliveries to held.
    package func hold(_ deliveries: [Int64]) throws(OutboxProblem) {
        if deliveries.isEmpty { return }
        _ = try hold("SELECT id FROM posthorn_pending WHERE id = ANY ($1::bigint[])", .integers(deliveries))
    }

    /// Moves pending deliveries of endpoints that are disabled or unverified to held.
    package func holdInactive(limit: Int) throws(OutboxProblem) -> Int {
        let inactive = "SELECT key FROM posthorn_endpoint WHERE state IN ('disabled', 'unverified')"
        let moved = try hold(
            "SELECT id FROM posthorn_pending WHERE state = 'pending' AND endpoint IN (\(inactive)) LIMIT $1",
            .integer(Int64(limit))
        )
        if moved > 0 { countUp("queue") }
        return moved
    }

    /// Moves further attempts of some endpoints to held, due or not.
    package func holdRetries(ofEndpoints keys: [Int64], limit: Int) throws(OutboxProblem) -> Int {
        let moved = try hold(
            """
            SELECT id FROM posthorn_pending WHERE state = 'pending' AND attempts > 0 AND endpoint = ANY ($1::bigint[]) LIMIT $2
            """,
            .integers(keys),
            .integer(Int64(limit))
        )
        if moved > 0 { countUp("queue") }
        return moved
    }

    /// - Parameter selection: A statement that gives the numbers.
    private func hold(_ selection: String, _ values: PostgresValue...) throws(OutboxProblem) -> Int {
        let step = PostgresStep(
            """
            WITH moved AS (
                UPDATE posthorn_pending SET state = 'held' WHERE id IN (\(selection)) AND state = 'pending' RETURNING attempts > 0 AS tried)
            SELECT tried, count(*) FROM moved GROUP BY 1
            """,
            values
        )
        var moved = 0
        for row in try send([step]).get()[0].all {
            count(Int(row.integer(1)), from: row.boolean(0) ? .retrying : .ready, to: .held)
            moved += Int(row.integer(1))
        }
        return moved
    }

    /// Moves held deliveries of active endpoints back to pending.
    package func releaseActive(limit: Int, except endpoints: [Int64], at now: Timestamp) throws(OutboxProblem) -> Int {
        let holding = try activeEndpointsWithHeld().filter { !endpoints.contains($0) }
        if holding.isEmpty { return 0 }
        // The rows are locked where they are found, and then moved by their numbers alone: with its state, one that is to be found by its number
        // might be looked for among all that are held, where the server takes those to be none.
        let rows = try run(
            """
            WITH found AS (
                SELECT d.id FROM unnest($3::bigint[]) h (endpoint) CROSS JOIN LATERAL (
                    SELECT id FROM posthorn_pending p WHERE p.state = 'held' AND p.endpoint = h.endpoint LIMIT $2 FOR UPDATE) d
                LIMIT $2),
            moved AS (
                UPDATE posthorn_pending SET state = 'pending', next_attempt_at = coalesce(next_attempt_at, $1)
                WHERE id = ANY (ARRAY (SELECT id FROM found)) RETURNING attempts > 0 AS tried)
            SELECT tried, count(*) FROM moved GROUP BY 1
            """,
            .integer(now.milliseconds),
            .integer(Int64(limit)),
            .integers(holding)
        )
        var moved = 0
        for row in rows.all {
            count(Int(row.integer(1)), from: .held, to: row.boolean(0) ? .retrying : .ready)
            moved += Int(row.integer(1))
        }
        if moved > 0 { countUp("queue") }
        return moved
    }

    /// Endpoints that hold some are found one after the other, so that what waits for one that is disabled is not read.
    private func activeEndpointsWithHeld() throws(OutboxProblem) -> [Int64] {
        // Where the server takes the table to be empty it would read and sort all that is left for each step.
        runLater("SET LOCAL enable_bitmapscan = off")
        let rows = try run(
            """
            WITH RECURSIVE holding (endpoint) AS (
                (SELECT endpoint FROM posthorn_pending WHERE state = 'held' ORDER BY endpoint LIMIT 1)
                UNION ALL
                SELECT (SELECT p.endpoint FROM posthorn_pending p WHERE p.state = 'held' AND p.endpoint > h.endpoint ORDER BY p.endpoint LIMIT 1)
                FROM holding h WHERE h.endpoint IS NOT NULL)
            SELECT e.key FROM holding h JOIN posthorn_endpoint e ON e.key = h.endpoint WHERE e.state = 'active' ORDER BY e.key
            """
        )
        runLater("SET LOCAL enable_bitmapscan = on")
        return rows.all.map { $0.integer(0) }
    }

    /// How many deliveries of an endpoint with greater numbers than one are pending or held.
    package func waitingDeliveries(ofEndpoint key: Int64, beyond last: Int64) throws(OutboxProblem) -> Int {
        let row = try run("SELECT count(*) FROM posthorn_pending WHERE endpoint = $1 AND id > $2", .integer(key), .integer(last)).first
        return Int(row?.integer(0) ?? 0)
    }

    /// Cancels what waits for some endpoints with greater numbers than one.
    func cancelWaiting(ofEndpoints keys: [Int64], beyond last: Int64) throws(OutboxProblem) {
        clearLanes(ofEndpoints: keys)
        let rows = try run(
            """
            WITH gone AS (
                DELETE FROM posthorn_pending WHERE endpoint = ANY ($1::bigint[]) AND id > $2
                RETURNING id, event, revision, endpoint, state, attempts, round_base),
            kept AS (
                INSERT INTO posthorn_settled (id, event, revision, endpoint, state, attempts, round_base)
                SELECT id, event, revision, endpoint, 'cancelled', attempts, round_base FROM gone)
            SELECT state = 'held', attempts > 0, count(*) FROM gone GROUP BY 1, 2
            """,
            .integers(keys),
            .integer(last)
        )
        for row in rows.all {
            count(Int(row.integer(2)), from: row.boolean(0) ? .held : row.boolean(1) ? .retrying : .ready, to: .cancelled)
        }
    }
}
#endif
