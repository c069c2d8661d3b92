package import PosthornModel
package import PosthornStore
package import PosthornText

extension SQLiteStore {
    /// Whether there is a node of that id, or was one when an event that is still here was accepted.
    package func knowsNode(_ id: String) throws(OutboxProblem) -> Bool {
        let row = try connection.statement(
            """
            SELECT EXISTS (SELECT 1 FROM posthorn_node WHERE id = ?1) OR EXISTS (SELECT 1 FROM posthorn_outbox WHERE node = ?1)
            """
        )
        row.bind(1, id)
        defer { row.reset() }
        return try row.step() && row.integer(0) == 1
    }

    /// Whether there is an event of that id.
    package func knowsEvent(_ id: String) throws(OutboxProblem) -> Bool {
        let row = try connection.statement("SELECT 1 FROM posthorn_outbox WHERE id = ?")
        row.bind(1, id)
        defer { row.reset() }
        return try row.step()
    }

    /// A page of the events of a type (of every type for `nil`) in the order in which they were stored.
    /// - Parameter last: Only events with a greater number than this.
    /// - Returns: The page, which is empty when there are no more, and the number of its last event.
    package func events(ofType pattern: EventPattern?, beyond last: Int64) throws(OutboxProblem) -> (page: [Event], last: Int64) {
        let statement = try connection.statement(
            """
            SELECT id, type, node, created, data, traceparent, headers, seq FROM posthorn_outbox
            WHERE seq > ?1 AND (?2 IS NULL OR type GLOB ?2) ORDER BY seq LIMIT ?3
            """
        )
        statement.bind(1, last)
        statement.bind(2, pattern?.text)
        statement.bind(3, Int64(Self.pageRows))
        defer { statement.reset() }
        var rows: [Event] = []
        var bytes = 0
        var end = last
        // A thousand of the largest events would be four gigabytes.
        while bytes < Self.arrivalBatchLimitBytes, try statement.step() {
            rows.append(Self.event(statement, from: 0))
            bytes += rows[rows.count - 1].data.count
            end = statement.integer(7)
        }
        return (rows, end)
    }

    /// The newest events, newest first, of 8 MiB of data at most.
    package func newestEvents(limit: Int) throws(OutboxProblem) -> [Event] {
        let statement = try connection.statement(
            "SELECT id, type, node, created, data, traceparent, headers FROM posthorn_outbox ORDER BY seq DESC LIMIT ?"
        )
        statement.bind(1, Int64(limit))
        defer { statement.reset() }
        var rows: [Event] = []
        var bytes = 0
        while bytes < Self.arrivalBatchLimitBytes, try statement.step() {
            rows.append(Self.event(statement, from: 0))
            bytes += rows[rows.count - 1].data.count
        }
        return rows
    }

    /// The attempts of a delivery, first to last; `nil` when there is no such delivery.
    package func attempts(of delivery: Int64) throws(OutboxProblem) -> [Attempt]? {
        let known = try connection.statement("SELECT 1 FROM posthorn_delivery WHERE id = ?")
        known.bind(1, delivery)
        defer { known.reset() }
        guard try known.step() else { return nil }
        let rows = try connection.statement(
            """
            SELECT number, started, duration_us, status, error, error_text, response, address
            FROM posthorn_attempt WHERE delivery = ? ORDER BY number
            """
        )
        rows.bind(1, delivery)
        defer { rows.reset() }
        var attempts: [Attempt] = []
        while try rows.step() {
            let outcome = AttemptOutcome(
                started: Timestamp(milliseconds: rows.integer(1)),
                durationMicroseconds: rows.integer(2),
                status: rows.integerOrNil(3).map { Int($0) },
                error: rows.textOrNil(4).map { AttemptError(rawValue: $0) ?? .other },
                errorText: rows.text(5),
                response: rows.bytes(6),
                address: rows.text(7)
            )
            attempts.append(Attempt(delivery: delivery, number: Int(rows.integer(0)), outcome: outcome))
        }
        return attempts
    }

    /// Counts and ages at a time.
    package func status(at now: Timestamp, countsTopology: Bool) throws(OutboxProblem) -> OutboxStatus {
        var status = OutboxStatus()
        let counts = try counts()
        status.count(routed: counts.events, arrivals: try arrivalCount(limit: OutboxStatus.arrivalLimit + 1))
        status.nodes = countsTopology ? try connection.integer("SELECT count(*) FROM posthorn_node") ?? 0 : 0
        status.deliveries = counts.byState
        let some = countsTopology ? "" : "WHERE state = 'removed' "
        let endpoints = try connection.prepare("SELECT state, count(*) FROM posthorn_endpoint \(some)GROUP BY state")
        while try endpoints.step() {
            if let state = EndpointState(rawValue: endpoints.text(0)) { status.endpoints[state] = endpoints.integer(1) }
        }
        // An event that says it happens later has waited since it was accepted.
        status.oldestReady = try connection.integer(
            """
            SELECT min(o.created, d.next_attempt_at) FROM posthorn_delivery d JOIN posthorn_outbox o ON o.seq = d.event WHERE d.id = (
                SELECT id FROM posthorn_delivery WHERE state = 'pending' AND attempts = 0 ORDER BY id LIMIT 1)
            """
        ).map(Timestamp.init(milliseconds:))
        status.nextRetry = try nextRetry(after: Timestamp(milliseconds: .min))
        try countOverdue(in: &status, ready: counts[.ready], at: now)
        let owner = OwnerSight(databasePath: path)
        status.engine = owner.process
        status.engineTrouble = owner.trouble
        status.pulse = try pulse()
        status.upkeep = try upkeep()
        status.mails = try mailStatus()
        return status
    }

    private func arrivalCount(limit: Int64) throws(OutboxProblem) -> Int64 {
        let row = try connection.statement("SELECT count(*) FROM (SELECT 1 FROM posthorn_arrival LIMIT ?)")
        row.bind(1, limit)
        defer { row.reset() }
        return try row.step() ? row.integer(0) : 0
    }

    private func countOverdue(in status: inout OutboxStatus, ready: Int64, at now: Timestamp) throws(OutboxProblem) {
        let row = try connection.statement(
            """
            SELECT (SELECT count(*) FROM (SELECT 1 FROM posthorn_delivery
                    WHERE state = 'pending' AND attempts > 0 AND next_attempt_at <= ?1 LIMIT ?2)),
                (SELECT next_attempt_at FROM posthorn_delivery WHERE state = 'pending' AND attempts = 0 ORDER BY id LIMIT 1),
                (SELECT min(next_attempt_at) FROM posthorn_delivery
                    WHERE state = 'pending' AND attempts > 0 AND next_attempt_at <= ?1)
            """
        )
        row.bind(1, now.milliseconds)
        row.bind(2, OutboxStatus.overdueLimit + 1)
        defer { row.reset() }
        guard try row.step() else { return }
        status.count(ready: ready, retries: row.integer(0))
        let times = [1, 2].filter { !row.isNull($0) }.map { Timestamp(milliseconds: row.integer($0)) }
        status.overdueSince = status.overdue > 0 ? times.min() : nil
    }

    /// Writes down what the engine says of itself.
    package func write(pulse: EngineHeartbeat) throws(OutboxProblem) {
        try Self.write(pulse.stored, as: "pulse", connection)
    }

    /// What the engine last said of itself.
    package func pulse() throws(OutboxProblem) -> EngineHeartbeat? {
        try connection.text("SELECT value FROM posthorn_setting WHERE name = 'pulse'").flatMap(EngineHeartbeat.init(stored:))
    }

    /// Writes down what the engine deletes.
    package func write(retention: RetentionFacts) throws(OutboxProblem) {
        try Self.write(retention.stored, as: RetentionFacts.name, connection)
    }

    static func write(_ text: String, as name: String, _ connection: SQLiteConnection) throws(OutboxProblem) {
        let statement = try connection.statement("INSERT OR REPLACE INTO posthorn_setting (name, value) VALUES (?, ?)")
        statement.bind(1, name)
        statement.bind(2, text)
        try statement.run()
    }

    /// What is written down of upkeep.
    package func upkeep() throws(OutboxProblem) -> UpkeepFacts {
        var facts = UpkeepFacts()
        let rows = try connection.statement(
            "SELECT name, value FROM posthorn_setting WHERE name IN ('note_retention', 'note_backup')"
        )
        defer { rows.reset() }
        while try rows.step() {
            if rows.text(0) == RetentionFacts.name {
                facts.retention = RetentionFacts(stored: rows.text(1))
            } else {
                facts.backup = BackupFacts(stored: rows.text(1))
            }
        }
        return facts
    }

    /// What SQLite's own check of the whole file says; empty when all is well. Takes long on a large file.
    package func integrityProblems() throws(OutboxProblem) -> [String] {
        let rows = try connection.prepare("PRAGMA integrity_check(20)")
        var problems: [String] = []
        while try rows.step() { if rows.text(0) != "ok" { problems.append(rows.text(0)) } }
        return problems
    }

    /// The version of the SQLite library that is loaded, such as `3.40.1`.
    package func databaseVersion() throws(OutboxProblem) -> String { try connection.text("SELECT sqlite_version()") ?? "" }
}
