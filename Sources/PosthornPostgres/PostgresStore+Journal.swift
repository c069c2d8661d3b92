#if PostgreSQL
package import PosthornModel
package import PosthornStore
package import PosthornText

/// What an engine writes down about its work.
extension PostgresStore {
    /// Writes down what the engine says of itself.
    package func write(pulse: EngineHeartbeat) throws(OutboxProblem) { keep("pulse", words: pulse.stored) }

    /// What the engine last said of itself.
    package func pulse() throws(OutboxProblem) -> EngineHeartbeat? { try words("pulse").flatMap(EngineHeartbeat.init(stored:)) }

    /// Writes down what the engine deletes.
    package func write(retention: RetentionFacts) throws(OutboxProblem) { keep(RetentionFacts.name, words: retention.stored) }

    /// What is written down of upkeep: copies of a server are made by its own programs.
    package func upkeep() throws(OutboxProblem) -> UpkeepFacts {
        var facts = UpkeepFacts()
        facts.retention = try words(RetentionFacts.name).flatMap(RetentionFacts.init(stored:))
        return facts
    }

    /// Endpoints that are written down: more would say no more.
    private static let faultLimit = 1000

    /// Writes down which endpoints the engine cannot use, and when it found so.
    package func write(faults: [String: String], at now: Timestamp) throws(OutboxProblem) {
        if faults.isEmpty, try writtenFaults().isEmpty { return }
        keep(faults)
        keep("faults_at", value: now.milliseconds)
    }

    /// What an engine found of endpoints that are written again is out of date.
    func strikeFaults(of ids: [String]) throws(OutboxProblem) {
        let written = try writtenFaults()
        let left = written.filter { !ids.contains($0.key) }
        if left.count < written.count { keep(left) }
    }

    /// What the engine that runs, or the last one, could not use.
    package func faultsOfRun() throws(OutboxProblem) -> LastRunFaults {
        let at = try run("SELECT value FROM posthorn_setting WHERE name = 'faults_at'").first?.integer(0)
        return LastRunFaults(engine: try engineProcess(), at: at.map(Timestamp.init(milliseconds:)), reasons: try writtenFaults())
    }

    private func keep(_ faults: [String: String]) {
        let members = faults.sorted { $0.key < $1.key }.prefix(Self.faultLimit).map { JSONValue.Member($0, .string($1)) }
        keep("faults", words: JSONValue.object(members).text)
    }

    private func writtenFaults() throws(OutboxProblem) -> [String: String] {
        guard let text = try words("faults"), case .object(let members)? = try? JSONValue.parse(Array(text.utf8)) else { return [:] }
        return Dictionary(members.map { ($0.key, $0.value.stringValue ?? "") }, uniquingKeysWith: { $1 })
    }

    /// Writes down whether the engine that starts has a mail server.
    package func write(servesMails: Bool) throws(OutboxProblem) { keep("serves_mails", value: servesMails ? 1 : 0) }

    // MARK: Throttles

    /// Writes down until when an endpoint is left alone.
    package func write(throttledUntil until: Timestamp?, ofEndpoint key: Int64) throws(OutboxProblem) {
        guard let until else {
            try run("DELETE FROM posthorn_throttle WHERE endpoint = $1", .integer(key))
            return
        }
        try run(
            """
            INSERT INTO posthorn_throttle (endpoint, until) SELECT key, $2 FROM posthorn_endpoint WHERE key = $1
            ON CONFLICT (endpoint) DO UPDATE SET until = $2
            """,
            .integer(key),
            .integer(until.milliseconds)
        )
    }

    /// The endpoints that are left alone, and until when.
    package func throttles(after now: Timestamp) throws(OutboxProblem) -> [Int64: Timestamp] {
        let rows = try run("SELECT endpoint, until FROM posthorn_throttle WHERE until > $1", .integer(now.milliseconds))
        return Dictionary(
            rows.all.map { ($0.integer(0), Timestamp(milliseconds: $0.integer(1))) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The same by the endpoints' ids, removed ones left out.
    package func throttledEndpoints(
        after now: Timestamp,
        among ids: [String]?,
        limit: Int
    ) throws(OutboxProblem) -> [String: Timestamp] {
        let rows = try run(
            """
            SELECT e.id, t.until FROM posthorn_throttle t JOIN posthorn_endpoint e ON e.key = t.endpoint
            WHERE t.until > $1 AND e.state <> 'removed' AND ($2::bigint = 1 OR e.id = ANY ($3::text[])) LIMIT $4
            """,
            .integer(now.milliseconds),
            .integer(ids == nil ? 1 : 0),
            .texts(ids ?? []),
            .integer(Int64(limit))
        )
        return Dictionary(
            rows.all.map { ($0.text(0), Timestamp(milliseconds: $0.integer(1))) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    // MARK: Health

    /// Writes down how an endpoint does; nothing of one that was deleted meanwhile.
    package func write(health: EndpointHealth?, ofEndpoint key: Int64) throws(OutboxProblem) {
        guard let health, health.state != .healthy else {
            try run("DELETE FROM posthorn_health WHERE endpoint = $1", .integer(key))
            return
        }
        try run(
            """
            INSERT INTO posthorn_health (
                endpoint, state, reason, since, until, failures, probes, actor, failing_since, gone_since, noticed, disables_at)
            SELECT key, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM posthorn_endpoint WHERE key = $1
            ON CONFLICT (endpoint) DO UPDATE SET state = $2, reason = $3, since = $4, until = $5, failures = $6, probes = $7, actor = $8,
                failing_since = $9, gone_since = $10, noticed = $11, disables_at = $12
            """,
            .integer(key),
            .text(health.state.rawValue),
            .text(health.reason),
            .integer(health.since.milliseconds),
            .integer(health.until?.milliseconds),
            .integer(Int64(health.failures)),
            .integer(Int64(health.probes)),
            .text(health.actor.rawValue),
            .integer(health.failingSince?.milliseconds),
            .integer(health.goneSince?.milliseconds),
            .integer(Int64(health.noticedPercent)),
            .integer(health.disablesAt?.milliseconds)
        )
    }

    /// The endpoints that are not healthy.
    package func health() throws(OutboxProblem) -> [Int64: EndpointHealth] {
        let rows = try run(
            """
            SELECT endpoint, state, since, until, reason, failures, probes, actor, failing_since, gone_since, noticed, disables_at
            FROM posthorn_health
            """
        )
        var health: [Int64: EndpointHealth] = [:]
        for row in rows.all { health[row.integer(0)] = try endpointHealth(row) }
        return health
    }

    /// The same by the endpoints' ids, removed ones left out.
    package func endpointHealth(among ids: [String]?, limit: Int) throws(OutboxProblem) -> [String: EndpointHealth] {
        let rows = try run(
            """
            SELECT e.id, h.state, h.since, h.until, h.reason, h.failures, h.probes, h.actor, h.failing_since,
                h.gone_since, h.noticed, h.disables_at
            FROM posthorn_health h JOIN posthorn_endpoint e ON e.key = h.endpoint
            WHERE e.state <> 'removed' AND ($1::bigint = 1 OR e.id = ANY ($2::text[])) LIMIT $3
            """,
            .integer(ids == nil ? 1 : 0),
            .texts(ids ?? []),
            .integer(Int64(limit))
        )
        var health: [String: EndpointHealth] = [:]
        for row in rows.all { health[row.text(0)] = try endpointHealth(row) }
        return health
    }

    private func endpointHealth(_ row: PostgresRow) throws(OutboxProblem) -> EndpointHealth {
        guard let state = EndpointHealth.State(rawValue: row.text(1)), let actor = EndpointHealth.Actor(rawValue: row.text(7)) else {
            throw damaged("posthorn_health", row.text(0))
        }
        return EndpointHealth(
            state: state,
            since: Timestamp(milliseconds: row.integer(2)),
            until: row.integerOrNil(3).map(Timestamp.init(milliseconds:)),
            reason: row.text(4),
            actor: actor,
            failures: Int(row.integer(5)),
            probes: Int(row.integer(6)),
            failingSince: row.integerOrNil(8).map(Timestamp.init(milliseconds:)),
            goneSince: row.integerOrNil(9).map(Timestamp.init(milliseconds:)),
            noticedPercent: Int(row.integer(10))
        ).with(disablesAt: row.integerOrNil(11).map(Timestamp.init(milliseconds:)))
    }
}
#endif
