#if PostgreSQL
package import PosthornModel
package import PosthornStore
package import PosthornText

extension PostgresStore {
    /// Rows that one read of a list covers.
    static let pageRows = 1000
    /// Events are read until their data has so many bytes.
    private static let pageBytes = 8 << 20

    /// Whether there is a node of that id, or was one when an event that is still here was accepted.
    package func knowsNode(_ id: String) throws(OutboxProblem) -> Bool {
        try run(
            "SELECT EXISTS (SELECT 1 FROM posthorn_node WHERE id = $1) OR EXISTS (SELECT 1 FROM posthorn_outbox WHERE node = $1)",
            .text(id)
        ).first?.boolean(0) ?? false
    }

    /// Whether there is an event of that id.
    package func knowsEvent(_ id: String) throws(OutboxProblem) -> Bool {
        try run("SELECT 1 FROM posthorn_outbox WHERE id = $1", .text(id)).count > 0
    }

    /// The event with an id, and whether it waits for its deliveries.
    package func event(id: String) throws(OutboxProblem) -> (event: Event, waitsForFanOut: Bool)? {
        try run(
            """
            SELECT id, type, node, created, data, traceparent, headers, EXISTS (SELECT 1 FROM posthorn_arrival a WHERE a.seq = o.seq)
            FROM posthorn_outbox o WHERE id = $1
            """,
            .text(id)
        ).first.map { (Self.event($0, from: 0), $0.boolean(7)) }
    }

    /// A page of the events of a type (of every type for `nil`) in the order in which they were stored.
    package func events(ofType pattern: EventPattern?, beyond last: Int64) throws(OutboxProblem) -> (page: [Event], last: Int64) {
        // The numbers first: a thousand of the largest events would be four gigabytes.
        let found = try run(
            """
            SELECT seq, octet_length(data) FROM posthorn_outbox WHERE seq > $1 AND ($2::text IS NULL OR type LIKE $2) ORDER BY seq LIMIT $3
            """,
            .integer(last),
            .text(pattern.map { PostgresText.likePattern($0.text) }),
            .integer(Int64(Self.pageRows))
        )
        let seqs = Self.fitting(found.all)
        return (try pageOfEvents(seqs, order: "ASC"), seqs.last ?? last)
    }

    /// The newest events, newest first, of 8 MiB of data at most.
    package func newestEvents(limit: Int) throws(OutboxProblem) -> [Event] {
        let found = try run("SELECT seq, octet_length(data) FROM posthorn_outbox ORDER BY seq DESC LIMIT $1", .integer(Int64(limit)))
        return try pageOfEvents(Self.fitting(found.all), order: "DESC")
    }

    /// The first numbers of rows of numbers and sizes, up to the one that fills a page.
    private static func fitting(_ rows: [PostgresRow]) -> [Int64] {
        var bytes = 0
        return rows.prefix { row in
            defer { bytes += Int(row.integer(1)) }
            return bytes < pageBytes
        }.map { $0.integer(0) }
    }

    private func pageOfEvents(_ seqs: [Int64], order: String) throws(OutboxProblem) -> [Event] {
        if seqs.isEmpty { return [] }
        return try run(
            """
            SELECT id, type, node, created, data, traceparent, headers FROM posthorn_outbox WHERE seq = ANY ($1::bigint[]) ORDER BY seq \(order)
            """,
            .integers(seqs)
        ).all.map { Self.event($0, from: 0) }
    }

    /// The attempts of a delivery, first to last; `nil` when there is no such delivery.
    package func attempts(of delivery: Int64) throws(OutboxProblem) -> [Attempt]? {
        if try run("SELECT 1 FROM posthorn_delivery WHERE id = $1", .integer(delivery)).count == 0 { return nil }
        return try attempts(ofAll: [delivery])[delivery] ?? []
    }

    /// The attempts of deliveries, by their numbers, first to last.
    func attempts(ofAll deliveries: [Int64]) throws(OutboxProblem) -> [Int64: [Attempt]] {
        let rows = try run(
            """
            SELECT number, started, duration_us, status, error, error_text, response, address, delivery
            FROM posthorn_attempt WHERE delivery = ANY ($1::bigint[]) ORDER BY delivery, number
            """,
            .integers(deliveries)
        )
        var attempts: [Int64: [Attempt]] = [:]
        for row in rows.all {
            let outcome = AttemptOutcome(
                started: Timestamp(milliseconds: row.integer(1)),
                durationMicroseconds: row.integer(2),
                status: row.integerOrNil(3).map { Int($0) },
                error: row.textOrNil(4).map { AttemptError(rawValue: $0) ?? .other },
                errorText: row.text(5),
                response: row.bytes(6),
                address: row.text(7)
            )
            attempts[row.integer(8), default: []].append(
                Attempt(delivery: row.integer(8), number: Int(row.integer(0)), outcome: outcome)
            )
        }
        return attempts
    }

    // MARK: Status

    /// Counts and ages at a time.
    package func status(at now: Timestamp, countsTopology: Bool) throws(OutboxProblem) -> OutboxStatus {
        var status = OutboxStatus()
        let counts = try counts()
        let limit = PostgresValue.integer(OutboxStatus.arrivalLimit + 1)
        let arrivals = try run("SELECT count(*) FROM (SELECT 1 FROM posthorn_arrival LIMIT $1) few", limit).first?.integer(0)
        status.count(routed: counts.events, arrivals: arrivals ?? 0)
        if countsTopology { status.nodes = try run("SELECT count(*) FROM posthorn_node").first?.integer(0) ?? 0 }
        status.deliveries = counts.byState
        status.endpoints = try endpointsByState(onlyRemoved: !countsTopology)
        // An event that says it happens later has waited since it was accepted.
        status.oldestReady = try run(
            """
            SELECT least(o.created, d.next_attempt_at) FROM posthorn_pending d JOIN posthorn_outbox o ON o.seq = d.event WHERE d.id = (
                SELECT id FROM posthorn_pending WHERE state = 'pending' AND attempts = 0 ORDER BY id LIMIT 1)
            """
        ).first.map { Timestamp(milliseconds: $0.integer(0)) }
        status.nextRetry = try nextRetry(after: Timestamp(milliseconds: .min))
        try countOverdue(in: &status, ready: counts[.ready], at: now)
        status.engine = try engineProcess()
        status.pulse = try pulse()
        status.upkeep = try upkeep()
        status.mails = try mailStatus()
        return status
    }

    private func endpointsByState(onlyRemoved: Bool = false) throws(OutboxProblem) -> [EndpointState: Int64] {
        let some = onlyRemoved ? "WHERE state = 'removed' " : ""
        let rows = try run("SELECT state, count(*) FROM posthorn_endpoint \(some)GROUP BY state").all
        return Dictionary(
            rows.compactMap { row in EndpointState(rawValue: row.text(0)).map { ($0, row.integer(1)) } },
            uniquingKeysWith: { first, _ in first }
        )
    }

    private func countOverdue(in status: inout OutboxStatus, ready: Int64, at now: Timestamp) throws(OutboxProblem) {
        let row = try run(
            """
            SELECT (SELECT count(*) FROM (SELECT 1 FROM posthorn_pending
                    WHERE state = 'pending' AND attempts > 0 AND next_attempt_at <= $1 LIMIT $2) due),
                (SELECT next_attempt_at FROM posthorn_pending WHERE state = 'pending' AND attempts = 0 ORDER BY id LIMIT 1),
                (SELECT min(next_attempt_at) FROM posthorn_pending WHERE state = 'pending' AND attempts > 0 AND next_attempt_at <= $1)
            """,
            .integer(now.milliseconds),
            .integer(OutboxStatus.overdueLimit + 1)
        ).first
        guard let row else { return }
        status.count(ready: ready, retries: row.integer(0))
        let times = [1, 2].compactMap { row.integerOrNil($0).map(Timestamp.init(milliseconds:)) }
        status.overdueSince = status.overdue > 0 ? times.min() : nil
    }

    /// A few rows, and the sizes of Posthorn's tables.
    package func gauges() throws(OutboxProblem) -> OutboxGauges {
        var gauges = OutboxGauges()
        gauges.deliveries = try counts().byState
        gauges.endpoints = try endpointsByState()
        let ready = try run("SELECT next_attempt_at FROM posthorn_pending WHERE state = 'pending' AND attempts = 0 ORDER BY id LIMIT 1")
            .first?.integerOrNil(0)
        let retry = try nextRetry(after: Timestamp(milliseconds: .min))
        gauges.firstDue = [ready.map(Timestamp.init(milliseconds:)), retry].compactMap { $0 }.min()
        gauges.bytes = try run(
            """
            SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class
            WHERE relkind = 'r' AND relname LIKE 'posthorn\\_%' AND pg_table_is_visible(oid)
            """
        ).first?.integer(0)
        return gauges
    }
}
#endif
