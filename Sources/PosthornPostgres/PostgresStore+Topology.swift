#if PostgreSQL
package import PosthornModel
package import PosthornStore
package import PosthornText

extension PostgresStore {
    /// Reads the nodes and the endpoints.
    package func topology(withCredentials: Bool, withRemoved: Bool) throws(OutboxProblem) -> StoredTopology {
        let generation = try topologyGeneration()
        var nodes: [Node] = []
        for row in try run("SELECT \(Self.nodeColumns) FROM posthorn_node ORDER BY key").all {
            nodes.append(try node(row))
        }
        let which = withRemoved ? "" : "WHERE e.state <> 'removed' "
        let endpoints = try run("\(Self.selectEndpoint) \(which)ORDER BY e.key").all.map { endpoint($0, withCredentials: withCredentials) }
        return StoredTopology(generation: generation, nodes: nodes, endpoints: endpoints)
    }

    /// Reads the node with an id.
    package func node(id: String) throws(OutboxProblem) -> Node? {
        let row = try run("SELECT \(Self.nodeColumns) FROM posthorn_node WHERE id = $1", .text(id)).first
        guard let row else { return nil }
        return try node(row)
    }

    /// Reads the nodes with these ids, in the order in which they were applied.
    func nodes(_ ids: [String]) throws(OutboxProblem) -> [Node] {
        if ids.isEmpty { return [] }
        var found: [Node] = []
        let rows = try run("SELECT \(Self.nodeColumns) FROM posthorn_node WHERE id = ANY ($1::text[]) ORDER BY key", .texts(ids))
        for row in rows.all { found.append(try node(row)) }
        return found
    }

    /// Whether there is a node whose id looks like this one. All are read, but for an id that can be written in one way only.
    package func hasNode(lookingLike id: String) throws(OutboxProblem) -> Bool {
        if id.utf8.allSatisfy({ $0 < 0x80 }) { return try node(id: id) != nil }
        return try run("SELECT id FROM posthorn_node").all.contains { $0.text(0) == id }
    }

    private static let nodeColumns = "id, level, parent, name, notification_email, limits"

    private func node(_ row: PostgresRow) throws(OutboxProblem) -> Node {
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

    /// What deliveries of a revision are pinned to.
    package func revision(_ key: Int64) throws(OutboxProblem) -> StoredRevision? {
        let row = try run("SELECT endpoint, url, method, envelope FROM posthorn_endpoint_revision WHERE key = $1", .integer(key)).first
        guard let row else { return nil }
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
        let generation = try nextTopologyGeneration()
        for node in plan.nodes {
            upsert(node)
            try sendMany()
        }
        if !plan.nodes.isEmpty || !plan.removedNodes.isEmpty {
            try noteNodes(changed: plan.nodes.map(\.id), removed: plan.removedNodes, at: generation)
        }
        for endpoint in plan.added {
            try write(endpoint.settings, to: endpoint.revives, state: endpoint.state, generation, at: now)
            addRevision(of: endpoint.revives, endpoint.settings, at: now)
            try sendMany()
        }
        let revived = plan.added.compactMap(\.revives)
        if !revived.isEmpty { runLater("DELETE FROM posthorn_throttle WHERE endpoint = ANY ($1::bigint[])", .integers(revived)) }
        if !plan.changed.isEmpty { try change(plan.changed, generation, at: now) }
        if !plan.removedEndpoints.isEmpty {
            write(.asked(.removed, reason: "no longer in the topology"), ofEndpoints: plan.removedEndpoints, generation, at: now)
            try cancelWaiting(ofEndpoints: plan.removedEndpoints, beyond: plan.cancelledThrough)
        }
        if !plan.removedNodes.isEmpty {
            try run("DELETE FROM posthorn_node WHERE id = ANY ($1::text[])", .texts(plan.removedNodes))
        }
        try strikeFaults(of: plan.added.map(\.settings.id) + plan.changed.map(\.settings.id))
        countTopologyUp()
    }

    private func change(_ endpoints: [TopologyPlan.ChangedEndpoint], _ generation: Int64, at now: Timestamp) throws(OutboxProblem) {
        try clearLanes(ofEndpoints: endpoints.map { ($0.key, $0.settings.order?.json.text) })
        for endpoint in endpoints {
            try write(endpoint.settings, to: endpoint.key, state: endpoint.state, generation, at: now)
            if endpoint.needsRevision {
                liftThrottle(of: endpoint.key, movingTo: endpoint.settings.url)
                addRevision(of: endpoint.key, endpoint.settings, at: now)
            }
            try sendMany()
        }
    }

    /// Everything that others record and accept waits for as long as a change takes, so the server is waited for once for many statements.
    private static let statementsAtOnce = 500

    private func sendMany() throws(OutboxProblem) { if waiting.count >= Self.statementsAtOnce { _ = try send([]).get() } }

    private func upsert(_ node: Node) {
        runLater(
            """
            INSERT INTO posthorn_node (id, level, parent, name, notification_email, limits) VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (id) DO UPDATE SET level = $2, parent = $3, name = $4, notification_email = $5, limits = $6
            """,
            .text(node.id),
            .text(node.level.rawValue),
            .text(node.parent),
            .text(node.name),
            .text(node.notificationEmail),
            .text(node.limits?.json.text)
        )
    }

    private func write(
        _ settings: EndpointSettings,
        to key: Int64?,
        state: EndpointState?,
        _ generation: Int64,
        at now: Timestamp
    ) throws(OutboxProblem) {
        runLater(
            """
            INSERT INTO posthorn_endpoint (key, id, node, state, signature, credentials, events, headers, timeout_ms,
                max_in_flight, rate_per_second, retry, created, changed, generation, lanes, on_exhausted, health)
            VALUES (coalesce($1::bigint, nextval(pg_get_serial_sequence('posthorn_endpoint', 'key'))), $2, $3,
                coalesce($4::text, 'active'), $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $15, $16, $17)
            ON CONFLICT (key) DO UPDATE SET node = $3, state = coalesce($4::text, posthorn_endpoint.state),
                state_reason = CASE WHEN $4::text IS NULL THEN posthorn_endpoint.state_reason END, signature = $5, credentials = $6,
                events = $7, headers = $8, timeout_ms = $9, max_in_flight = $10, rate_per_second = $11, retry = $12, changed = $13,
                generation = $14, lanes = $15, on_exhausted = $16, health = $17
            """,
            .integer(key),
            .text(settings.id),
            .text(settings.node),
            .text(state?.rawValue),
            .text(settings.signature.rawValue),
            .text(try secrets.stored(settings.credentials, ofEndpoint: settings.id)),
            .text(JSONValue.array(settings.events.map { .string($0.text) }).text),
            .text(try secrets.stored(settings.headers, ofEndpoint: settings.id)),
            .integer(Int64(settings.timeoutMilliseconds)),
            .integer(Int64(settings.inFlightLimit)),
            .double(settings.ratePerSecond),
            .text(JSONValue.array(settings.retry.offsetsMilliseconds.map { .number(String($0)) }).text),
            .integer(now.milliseconds),
            .integer(generation),
            .text(settings.order?.json.text),
            .text(settings.order?.onExhausted.rawValue),
            .text(settings.health?.json.text)
        )
    }

    /// - Parameter endpoint: `nil` of one that was added just now.
    private func addRevision(of endpoint: Int64?, _ settings: EndpointSettings, at now: Timestamp) {
        runLater(
            """
            INSERT INTO posthorn_endpoint_revision (endpoint, url, method, envelope, created)
            VALUES (coalesce($1::bigint, (SELECT key FROM posthorn_endpoint WHERE id = $6)), $2, $3, $4, $5)
            """,
            .integer(endpoint),
            .text(settings.url),
            .text(settings.method.rawValue),
            .text(settings.envelope.rawValue),
            .integer(now.milliseconds),
            .text(settings.id)
        )
    }

    /// What the receiver at one address has asked for is no wish of the one at another, and how it does says nothing of that. One that is
    /// disabled stays so until it is enabled.
    private func liftThrottle(of endpoint: Int64, movingTo url: String) {
        runLater(
            """
            WITH former AS (SELECT url FROM posthorn_endpoint_revision WHERE endpoint = $1 ORDER BY key DESC LIMIT 1),
            lifted AS (DELETE FROM posthorn_throttle WHERE endpoint = $1 AND $2 <> (SELECT url FROM former))
            DELETE FROM posthorn_health WHERE endpoint = $1 AND state <> 'disabled' AND $2 <> (SELECT url FROM former)
            """,
            .integer(endpoint),
            .text(url)
        )
    }
}
#endif
