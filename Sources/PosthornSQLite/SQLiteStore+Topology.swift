package import PosthornModel
package import PosthornStore
package import PosthornText

extension SQLiteStore {
    /// Reads the nodes and the endpoints.
    package func topology(withCredentials: Bool, withRemoved: Bool) throws(OutboxProblem) -> StoredTopology {
        let generation = try topologyGeneration()
        var nodes: [Node] = []
        let nodeRows = try connection.statement("SELECT id, level, parent, name, notification_email FROM posthorn_node ORDER BY key")
        defer { nodeRows.reset() }
        while try nodeRows.step() { nodes.append(try node(nodeRows)) }
        var endpoints: [StoredEndpoint] = []
        let which = withRemoved ? "" : "WHERE e.state <> 'removed' "
        let rows = try connection.prepare("\(Self.selectEndpoint) \(which)ORDER BY e.key")
        while try rows.step() { endpoints.append(endpoint(rows, withCredentials: withCredentials)) }
        return StoredTopology(generation: generation, nodes: nodes, endpoints: endpoints)
    }

    /// Reads the node with an id.
    package func node(id: String) throws(OutboxProblem) -> Node? {
        let row = try connection.statement("SELECT id, level, parent, name, notification_email FROM posthorn_node WHERE id = ?")
        row.bind(1, id)
        defer { row.reset() }
        return try row.step() ? try node(row) : nil
    }

    /// Whether there is a node whose id looks like this one. All are read, but for an id that can be written in one way only.
    package func hasNode(lookingLike id: String) throws(OutboxProblem) -> Bool {
        if id.utf8.allSatisfy({ $0 < 0x80 }) { return try node(id: id) != nil }
        let rows = try connection.statement("SELECT id FROM posthorn_node")
        defer { rows.reset() }
        while try rows.step() { if rows.text(0) == id { return true } }
        return false
    }

    private func node(_ row: SQLiteStatement) throws(OutboxProblem) -> Node {
        guard let level = Level(rawValue: row.text(1)) else { throw damaged("posthorn_node", row.text(0)) }
        return Node(
            id: row.text(0),
            level: level,
            parent: row.textOrNil(2),
            name: row.textOrNil(3),
            notificationEmail: row.textOrNil(4)
        )
    }

    func damaged(_ table: String, _ id: String) -> OutboxProblem {
        OutboxProblem(.damaged, "\(table) row \(InputProblem.printable(id)) of \(path) holds a value that this program cannot read")
    }

    /// What deliveries of a revision are pinned to.
    package func revision(_ key: Int64) throws(OutboxProblem) -> StoredRevision? {
        let row = try connection.statement("SELECT endpoint, url, method, envelope FROM posthorn_endpoint_revision WHERE key = ?")
        row.bind(1, key)
        defer { row.reset() }
        guard try row.step() else { return nil }
        let method = RequestMethod(rawValue: row.text(2))
        let envelope = Envelope(rawValue: row.text(3))
        return StoredRevision(
            key: key,
            endpoint: row.integer(0),
            url: row.text(1),
            method: method ?? .post,
            envelope: envelope ?? .raw,
            isDamaged: method == nil || envelope == nil
        )
    }

    /// Carries out a plan and counts the topology's generation up.
    package func change(_ plan: TopologyPlan, at now: Timestamp) throws(OutboxProblem) {
        for node in plan.nodes { try upsert(node) }
        for endpoint in plan.added {
            let key = try write(endpoint.settings, to: endpoint.revives, state: endpoint.state, at: now)
            if endpoint.revives != nil { try write(throttledUntil: nil, ofEndpoint: key) }
            try addRevision(of: key, endpoint.settings, at: now)
        }
        for endpoint in plan.changed {
            _ = try write(endpoint.settings, to: endpoint.key, state: endpoint.state, at: now)
            if endpoint.needsRevision { try liftThrottle(of: endpoint.key, movingTo: endpoint.settings.url) }
            if endpoint.needsRevision { try addRevision(of: endpoint.key, endpoint.settings, at: now) }
        }
        for key in plan.removedEndpoints {
            try setState(.removed, reason: "no longer in the topology", ofEndpoint: key, at: now)
        }
        if !plan.removedEndpoints.isEmpty { try cancelWaiting(ofEndpoints: plan.removedEndpoints) }
        let delete = try connection.statement("DELETE FROM posthorn_node WHERE id = ?")
        for id in plan.removedNodes {
            delete.bind(1, id)
            try delete.run()
        }
        try strikeFaults(of: plan.added.map(\.settings.id) + plan.changed.map(\.settings.id))
        try countUp("topology")
    }

    private func upsert(_ node: Node) throws(OutboxProblem) {
        let statement = try connection.statement(
            """
            INSERT INTO posthorn_node (id, level, parent, name, notification_email) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (id) DO UPDATE SET level = ?2, parent = ?3, name = ?4, notification_email = ?5
            """
        )
        statement.bind(1, node.id)
        statement.bind(2, node.level.rawValue)
        statement.bind(3, node.parent)
        statement.bind(4, node.name)
        statement.bind(5, node.notificationEmail)
        try statement.run()
    }

    private func write(
        _ settings: EndpointSettings,
        to key: Int64?,
        state: EndpointState?,
        at now: Timestamp
    ) throws(OutboxProblem) -> Int64 {
        let statement = try connection.statement(
            """
            INSERT INTO posthorn_endpoint (key, id, node, state, signature, credentials, events, headers, timeout_ms,
                max_in_flight, rate_per_second, retry, created, changed)
            VALUES (?1, ?2, ?3, coalesce(?4, 'active'), ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13)
            ON CONFLICT (key) DO UPDATE SET node = ?3, state = coalesce(?4, state),
                state_reason = CASE WHEN ?4 IS NULL THEN state_reason END, signature = ?5, credentials = ?6, events = ?7,
                headers = ?8, timeout_ms = ?9, max_in_flight = ?10, rate_per_second = ?11, retry = ?12, changed = ?13
            """
        )
        statement.bind(1, key)
        statement.bind(2, settings.id)
        statement.bind(3, settings.node)
        statement.bind(4, state?.rawValue)
        statement.bind(5, settings.signature.rawValue)
        statement.bind(6, try stored(settings.credentials, ofEndpoint: settings.id))
        statement.bind(7, JSONValue.array(settings.events.map { .string($0.text) }).text)
        statement.bind(8, try stored(settings.headers, ofEndpoint: settings.id))
        statement.bind(9, Int64(settings.timeoutMilliseconds))
        statement.bind(10, Int64(settings.inFlightLimit))
        statement.bind(11, settings.ratePerSecond)
        statement.bind(12, JSONValue.array(settings.retry.offsetsMilliseconds.map { .number(String($0)) }).text)
        statement.bind(13, now.milliseconds)
        try statement.run()
        return key ?? connection.lastInsertRowID
    }

    private func addRevision(of endpoint: Int64, _ settings: EndpointSettings, at now: Timestamp) throws(OutboxProblem) {
        let statement = try connection.statement(
            "INSERT INTO posthorn_endpoint_revision (endpoint, url, method, envelope, created) VALUES (?, ?, ?, ?, ?)"
        )
        statement.bind(1, endpoint)
        statement.bind(2, settings.url)
        statement.bind(3, settings.method.rawValue)
        statement.bind(4, settings.envelope.rawValue)
        statement.bind(5, now.milliseconds)
        try statement.run()
    }

    /// What the receiver at one address has asked for is no wish of the one at another.
    private func liftThrottle(of endpoint: Int64, movingTo url: String) throws(OutboxProblem) {
        let delete = try connection.statement(
            """
            DELETE FROM posthorn_throttle WHERE endpoint = ?1
                AND ?2 <> (SELECT url FROM posthorn_endpoint_revision WHERE endpoint = ?1 ORDER BY key DESC LIMIT 1)
            """
        )
        delete.bind(1, endpoint)
        delete.bind(2, url)
        try delete.run()
    }

    /// Sets an endpoint's state and counts the topology's generation up. One that is enabled or removed is throttled no more.
    package func setState(
        _ state: EndpointState,
        reason: String?,
        ofEndpoint key: Int64,
        at now: Timestamp
    ) throws(OutboxProblem) {
        let statement = try connection.statement(
            "UPDATE posthorn_endpoint SET state = ?, state_reason = ?, changed = ? WHERE key = ?"
        )
        statement.bind(1, state.rawValue)
        statement.bind(2, reason)
        statement.bind(3, now.milliseconds)
        statement.bind(4, key)
        try statement.run()
        if state != .disabled { try write(throttledUntil: nil, ofEndpoint: key) }
        try countUp("topology")
    }

    /// Each condition is a partial index's own, so that what was delivered is not read.
    private static let waiting = ["state = 'pending' AND attempts = 0", "state = 'pending' AND attempts > 0", "state = 'held'"]

    /// How many deliveries of an endpoint are pending or held.
    package func waitingDeliveries(ofEndpoint key: Int64) throws(OutboxProblem) -> Int {
        var count: Int64 = 0
        for condition in Self.waiting {
            let row = try connection.prepare(
                """
                SELECT count(*) FROM posthorn_delivery
                WHERE \(condition) AND revision IN (SELECT key FROM posthorn_endpoint_revision WHERE endpoint = ?)
                """
            )
            row.bind(1, key)
            if try row.step() { count += row.integer(0) }
        }
        return Int(count)
    }

    /// All at once: each reads everything that waits.
    private func cancelWaiting(ofEndpoints keys: [Int64]) throws(OutboxProblem) {
        for condition in Self.waiting {
            let statement = try connection.prepare(
                """
                UPDATE posthorn_delivery SET state = 'cancelled', next_attempt_at = NULL, scheduled_at = NULL
                WHERE \(condition) AND revision IN (
                    SELECT key FROM posthorn_endpoint_revision WHERE endpoint IN (SELECT value FROM json_each(?)))
                """
            )
            statement.bind(1, JSONValue.array(keys.map { .number(String($0)) }).text)
            try statement.run()
        }
    }

    /// Moves pending deliveries to held.
    package func hold(_ deliveries: [Int64]) throws(OutboxProblem) {
        let update = try connection.statement("UPDATE posthorn_delivery SET state = 'held' WHERE id = ? AND state = 'pending'")
        for id in deliveries {
            update.bind(1, id)
            try update.run()
        }
    }

    /// Moves pending deliveries of endpoints that are disabled or unverified to held.
    package func holdInactive(limit: Int) throws(OutboxProblem) -> Int {
        var moved = 0
        // Each of the two conditions is a partial index's own, so neither reads the whole table.
        for condition in ["state = 'pending' AND attempts = 0", "state = 'pending' AND attempts > 0"] {
            let hold = try connection.prepare(
                """
                UPDATE posthorn_delivery SET state = 'held' WHERE id IN (
                    SELECT id FROM posthorn_delivery WHERE \(condition) AND revision IN (
                        SELECT r.key FROM posthorn_endpoint e JOIN posthorn_endpoint_revision r ON r.endpoint = e.key
                        WHERE e.state IN ('disabled', 'unverified')) LIMIT ?)
                """
            )
            hold.bind(1, Int64(limit - moved))
            try hold.run()
            moved += connection.changes
        }
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
            """
        )
        release.bind(1, now.milliseconds)
        release.bind(2, Int64(limit))
        release.bind(3, JSONValue.array(endpoints.map { .number(String($0)) }).text)
        try release.run()
        let moved = connection.changes
        if moved > 0 { try countUp("queue") }
        return moved
    }
}

extension JSONValue {
    /// The text of a string; `nil` for every other value.
    var stringValue: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}
