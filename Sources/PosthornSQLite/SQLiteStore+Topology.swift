package import PosthornModel
package import PosthornStore
package import PosthornText

extension SQLiteStore {
    /// Reads the nodes and the endpoints.
    package func topology(withCredentials: Bool, withRemoved: Bool) throws(OutboxProblem) -> StoredTopology {
        let generation = try topologyGeneration()
        var nodes: [Node] = []
        let nodeRows = try connection.statement(
            "SELECT id, level, parent, name, notification_email, limits FROM posthorn_node ORDER BY key"
        )
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
        let row = try connection.statement(
            "SELECT id, level, parent, name, notification_email, limits FROM posthorn_node WHERE id = ?"
        )
        row.bind(1, id)
        defer { row.reset() }
        return try row.step() ? try node(row) : nil
    }

    /// Reads the nodes with these ids, in the order in which they were applied.
    func nodes(_ ids: [String]) throws(OutboxProblem) -> [Node] {
        if ids.isEmpty { return [] }
        let row = try connection.statement(
            "SELECT id, level, parent, name, notification_email, limits, key FROM posthorn_node WHERE id = ?"
        )
        defer { row.reset() }
        var found: [(key: Int64, node: Node)] = []
        for id in ids {
            row.bind(1, id)
            if try row.step() { found.append((row.integer(6), try node(row))) }
            row.reset()
        }
        return found.sorted { $0.key < $1.key }.map(\.node)
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
            notificationEmail: row.textOrNil(4),
            // One that cannot be read limits nothing: prefer sending too much over stopping everybody.
            limits: row.textOrNil(5).flatMap(DeliveryLimits.init(stored:))
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
        if !plan.nodes.isEmpty || !plan.removedNodes.isEmpty {
            try noteNodes(changed: plan.nodes.map(\.id), removed: plan.removedNodes)
        }
        for endpoint in plan.added {
            let key = try write(endpoint.settings, to: endpoint.revives, state: endpoint.state, at: now)
            if endpoint.revives != nil { try write(throttledUntil: nil, ofEndpoint: key) }
            try addRevision(of: key, endpoint.settings, at: now)
        }
        for endpoint in plan.changed {
            try clearLanes(ofEndpoint: endpoint.key, unless: endpoint.settings.order?.json.text)
            _ = try write(endpoint.settings, to: endpoint.key, state: endpoint.state, at: now)
            if endpoint.needsRevision { try liftThrottle(of: endpoint.key, movingTo: endpoint.settings.url) }
            if endpoint.needsRevision { try addRevision(of: endpoint.key, endpoint.settings, at: now) }
        }
        for key in plan.removedEndpoints {
            try setState(.removed, reason: "no longer in the topology", ofEndpoint: key, at: now)
        }
        for key in plan.removedEndpoints { try cancelWaiting(ofEndpoint: key, beyond: plan.cancelledThrough) }
        let delete = try connection.statement("DELETE FROM posthorn_node WHERE id = ?")
        for id in plan.removedNodes {
            delete.bind(1, id)
            try delete.run()
        }
        try strikeFaults(of: plan.added.map(\.settings.id) + plan.changed.map(\.settings.id))
        try countTopologyUp()
    }

    private func upsert(_ node: Node) throws(OutboxProblem) {
        let statement = try connection.statement(
            """
            INSERT INTO posthorn_node (id, level, parent, name, notification_email, limits) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (id) DO UPDATE SET level = ?2, parent = ?3, name = ?4, notification_email = ?5, limits = ?6
            """
        )
        statement.bind(1, node.id)
        statement.bind(2, node.level.rawValue)
        statement.bind(3, node.parent)
        statement.bind(4, node.name)
        statement.bind(5, node.notificationEmail)
        statement.bind(6, node.limits?.json.text)
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
                max_in_flight, rate_per_second, retry, created, changed, generation, lanes, on_exhausted, health)
            VALUES (?1, ?2, ?3, coalesce(?4, 'active'), ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13, ?14, ?15, ?16, ?17)
            ON CONFLICT (key) DO UPDATE SET node = ?3, state = coalesce(?4, state),
                state_reason = CASE WHEN ?4 IS NULL THEN state_reason END, signature = ?5, credentials = ?6, events = ?7,
                headers = ?8, timeout_ms = ?9, max_in_flight = ?10, rate_per_second = ?11, retry = ?12, changed = ?13,
                generation = ?14, lanes = ?15, on_exhausted = ?16, health = ?17
            """
        )
        statement.bind(1, key)
        statement.bind(2, settings.id)
        statement.bind(3, settings.node)
        statement.bind(4, state?.rawValue)
        statement.bind(5, settings.signature.rawValue)
        statement.bind(6, try secrets.stored(settings.credentials, ofEndpoint: settings.id))
        statement.bind(7, JSONValue.array(settings.events.map { .string($0.text) }).text)
        statement.bind(8, try secrets.stored(settings.headers, ofEndpoint: settings.id))
        statement.bind(9, Int64(settings.timeoutMilliseconds))
        statement.bind(10, Int64(settings.inFlightLimit))
        statement.bind(11, settings.ratePerSecond)
        statement.bind(12, JSONValue.array(settings.retry.offsetsMilliseconds.map { .number(String($0)) }).text)
        statement.bind(13, now.milliseconds)
        statement.bind(14, try nextTopologyGeneration())
        statement.bind(15, settings.order?.json.text)
        statement.bind(16, settings.order?.onExhausted.rawValue)
        statement.bind(17, settings.health?.json.text)
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

    /// What the receiver at one address has asked for is no wish of the one at another, and how it does says nothing of that. One that is
    /// disabled stays so until it is enabled.
    private func liftThrottle(of endpoint: Int64, movingTo url: String) throws(OutboxProblem) {
        try run(
            """
            DELETE FROM posthorn_throttle WHERE endpoint = ?1
                AND ?2 <> (SELECT url FROM posthorn_endpoint_revision WHERE endpoint = ?1 ORDER BY key DESC LIMIT 1)
            """,
            endpoint,
            url
        )
        try run(
            """
            DELETE FROM posthorn_health WHERE endpoint = ?1 AND state <> 'disabled'
                AND ?2 <> (SELECT url FROM posthorn_endpoint_revision WHERE endpoint = ?1 ORDER BY key DESC LIMIT 1)
            """,
            endpoint,
            url
        )
    }

    private func run(_ sql: StaticString, _ endpoint: Int64, _ url: String) throws(OutboxProblem) {
        let statement = try connection.statement(sql)
        statement.bind(1, endpoint)
        statement.bind(2, url)
        try statement.run()
    }

    /// How many deliveries of an endpoint with greater numbers than one are pending or held.
    package func waitingDeliveries(ofEndpoint key: Int64, beyond last: Int64) throws(OutboxProblem) -> Int {
        let row = try connection.statement(
            """
            SELECT count(*) FROM posthorn_delivery INDEXED BY posthorn_delivery_endpoint
            WHERE endpoint = ? AND id > ? AND (state = 'pending' OR state = 'held')
            """
        )
        row.bind(1, key)
        row.bind(2, last)
        defer { row.reset() }
        return try row.step() ? Int(row.integer(0)) : 0
    }

    /// Cancels what waits for an endpoint with greater numbers than one.
    private func cancelWaiting(ofEndpoint key: Int64, beyond last: Int64) throws(OutboxProblem) {
        try clearLanes(ofEndpoint: key)
        for (condition, from) in Self.waiting {
            let statement = try connection.prepare(
                """
                UPDATE posthorn_delivery INDEXED BY posthorn_delivery_endpoint
                SET state = 'cancelled', next_attempt_at = NULL, scheduled_at = NULL
                WHERE endpoint = ? AND id > ? AND \(condition)
                """
            )
            statement.bind(1, key)
            statement.bind(2, last)
            try statement.run()
            count(connection.changes, from: from, to: .cancelled)
        }
    }
}
