import PosthornMigrations
import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornSQLite
import PosthornStore

/// Outboxes of earlier builds: opened, upgraded step by step, whole afterwards.
@Suite struct UpgradeTests {
    private let folder: TemporaryDirectory
    private let now = Timestamp(milliseconds: 1_594_816_394_000)
    private var path: String { folder.file("outbox.db") }

    init() throws { folder = try TemporaryDirectory() }

    /// An outbox as a program with the first `count` migrations left it: two endpoints, `events` events for both, in every state.
    private func old(_ count: Int, events: Int) throws -> SQLiteConnection {
        let old = try SQLiteConnection(path: path, creating: true)
        _ = try old.text("PRAGMA journal_mode = WAL")
        try Migrator(Array(Migrations.sqlite.prefix(count))).migrate(old, now: 0)
        try old.execute(
            """
            INSERT INTO posthorn_node (id, level) VALUES ('n', 'company');
            INSERT INTO posthorn_endpoint (id, node, state, signature, credentials, events, headers, timeout_ms, max_in_flight, retry,
                created, changed) VALUES ('a', 'n', 'active', 'none', '{}', '[]', '{}', 1000, 1, '[0]', 1, 1),
                ('b', 'n', 'active', 'none', '{}', '[]', '{}', 1000, 1, '[0]', 1, 1);
            INSERT INTO posthorn_endpoint_revision (endpoint, url, method, envelope, created)
                VALUES (1, 'https://a.example/', 'POST', 'raw', 1), (2, 'https://b.example/', 'POST', 'raw', 1);
            """
        )
        let states: [(state: String, attempts: Int, due: String)] = [
            ("pending", 0, "1"), ("pending", 2, "1"), ("held", 0, "NULL"), ("delivered", 1, "NULL"), ("exhausted", 5, "NULL"),
            ("cancelled", 0, "NULL"),
        ]
        for i in 1...events {
            try old.execute("INSERT INTO posthorn_outbox (id, type, node, data) VALUES ('e\(i)', 'T', 'n', '{}')")
            for revision in 1...2 {
                let (state, attempts, due) = states[(i + revision) % states.count]
                try old.execute(
                    """
                    INSERT INTO posthorn_delivery (event, revision, state, attempts, next_attempt_at)
                    VALUES (\(i), \(revision), '\(state)', \(attempts), \(due))
                    """
                )
            }
        }
        try old.execute("DELETE FROM posthorn_arrival")
        return old
    }

    private func endpointDeliveries(_ id: String, in store: SQLiteStore) throws -> Int {
        var filter = DeliveryFilter()
        filter.endpoint = id
        return try store.deliveries(filter, beyond: nil).page.count
    }

    @Test(arguments: [2, 7])
    func anOutboxOfAnEarlierBuildIsWholeAfterwards(_ migrations: Int) throws {
        _ = try old(migrations, events: 30)
        let store = try SQLiteStore(path: path, now: now)
        #expect(try store.integrityProblems().isEmpty)
        #expect(try store.schemaDifferences().isEmpty)
        #expect(try store.connection.integer("SELECT count(*) FROM posthorn_delivery WHERE endpoint IS NOT revision") == 0)
        #expect(try endpointDeliveries("a", in: store) == 30)
        #expect(try store.uncounted() == OutboxCounts())
        let status = try store.status(at: now)
        #expect(status.events == 30 && status.deliveries.values.reduce(0, +) == 60)
        #expect(status.deliveries == [.pending: 20, .held: 10, .delivered: 10, .exhausted: 10, .cancelled: 10])
    }

    @Test func eventsOfAnEarlierBuildHaveNoTraceAndNewOnesMay() throws {
        let connection = try old(9, events: 1)
        let store = try SQLiteStore(path: path, now: now)
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        // By a statement that the program made before.
        try connection.execute("INSERT INTO posthorn_outbox (id, type, node, data) VALUES ('as-before', 'T', 'n', '{}')")
        try connection.execute("INSERT INTO posthorn_outbox (id, type, node, data, traceparent) VALUES ('new', 'T', 'n', '{}', '\(trace)')")
        let traces = try ["e1", "as-before", "new"].map { try store.event(id: $0)?.event.traceparent }
        #expect(traces == [nil, nil, trace])
    }

    @Test func whatAnEarlierBuildCountedHasNoLagAndIsAddedTo() throws {
        let start = StatisticsSpan.minutes.start(of: now)
        try old(21, events: 1).execute(
            "INSERT INTO posthorn_statistics VALUES (1, 300, \(start.milliseconds), 4, 1, 'timeout:1', '3:5')"
        )
        let store = try SQLiteStore(path: path, now: now)
        func tally() throws -> AttemptTally? { try store.tallies(ofEndpoint: 1, .minutes, since: start, until: now).first?.tally }
        let before = try #require(try tally())
        #expect(before.attempts == 5 && before.delivered == 4 && before.lags.percentile(99) == nil)
        var more = AttemptTally()
        more.count(nil, durationMicroseconds: 1000, lagMilliseconds: 40, state: .delivered)
        try store.write { () throws(OutboxProblem) in try store.add([(1, more)], at: now) }
        let after = try #require(try tally())
        #expect(after.attempts == 6 && after.delivered == 5 && after.lags.count == 1)
    }

    @Test func aNewOutboxHasNothingToBringUpToDate() throws {
        let store = try SQLiteStore(path: path, now: now)
        #expect(try !store.needsRecount())
        #expect(try store.connection.integer("SELECT count(*) FROM posthorn_setting WHERE name = 'placing'") == 0)
        #expect(try store.write { () throws(OutboxProblem) in try !store.bringRowsUpToDate(beyond: 0, limit: 10) })
    }

    @Test func rowsOfThisVersionAreFoundToBeUpToDateByAReader() throws {
        _ = try old(7, events: 5)
        let store = try SQLiteStore(path: path, now: now)
        try store.connection.execute("UPDATE posthorn_setting SET value = 0 WHERE name = 'placed'")
        let first = try store.rowsUpToDate(beyond: 0, limit: 4)
        #expect(first.through == 4 && first.goesOn)
        let last = try store.rowsUpToDate(beyond: first.through, limit: 100)
        #expect(last.through == 10 && !last.goesOn)
        #expect(try store.write { () throws(OutboxProblem) in try !store.bringRowsUpToDate(beyond: last.through, limit: 1) })
        #expect(try store.connection.integer("SELECT value FROM posthorn_setting WHERE name = 'placed'") == 10)
    }

    @Test func anUpgradeThatWasCutOffGoesOnWhereItWas() throws {
        let connection = try old(7, events: 10)
        try Migrator().migrate(connection, now: 0)
        // As far as a program came that was killed in the middle.
        let store = SQLiteStore(connection, path: path, sealing: nil, isReadOnly: false, snapshot: nil)
        #expect(try store.write { () throws(OutboxProblem) in try store.bringRowsUpToDate(beyond: 0, limit: 7) })
        #expect(try connection.integer("SELECT count(*) FROM posthorn_delivery WHERE endpoint IS NULL") == 13)
        #expect(try store.integrityProblems().isEmpty)
        let opened = try SQLiteStore(path: path, now: now)
        #expect(try endpointDeliveries("b", in: opened) == 10)
        #expect(try opened.uncounted() == OutboxCounts())
    }

    /// A program of the build before that had the file open when it was upgraded stores deliveries without their endpoint.
    @Test func rowsOfAnOldProgramAreBroughtUpToDateByTheNextEngine() throws {
        let connection = try old(7, events: 3)
        let store = try SQLiteStore(path: path, now: now)
        try connection.execute("INSERT INTO posthorn_outbox (id, type, node, data) VALUES ('late', 'T', 'n', '{}')")
        try connection.execute("INSERT INTO posthorn_delivery (event, revision, state, next_attempt_at) VALUES (4, 1, 'pending', 1)")
        try connection.execute("DELETE FROM posthorn_arrival")
        #expect(try endpointDeliveries("a", in: store) == 3)
        #expect(try store.needsRecount())
        // What a reader has looked at is not looked at again, and it stops in front of the old program's row.
        let found = try store.rowsUpToDate(beyond: 0, limit: 100)
        #expect(found.through == 6 && !found.goesOn)
        try store.write { () throws(OutboxProblem) in
            #expect(try !store.bringRowsUpToDate(beyond: found.through, limit: 100))
            try store.correct(counts: try store.uncounted())
        }
        #expect(try endpointDeliveries("a", in: store) == 4)
        #expect(try !store.needsRecount())
        #expect(try store.uncounted() == OutboxCounts())
    }

    @Test func adeliveryWithoutARevisionIsOfNoEndpoint() throws {
        let connection = try old(7, events: 1)
        try connection.execute("INSERT INTO posthorn_delivery (event, revision, state, next_attempt_at) VALUES (1, 99, 'pending', 1)")
        let store = try SQLiteStore(path: path, now: now)
        #expect(try store.connection.integer("SELECT endpoint FROM posthorn_delivery WHERE revision = 99") == 0)
        #expect(try store.strayDeliveries().count == 1)
        let report = try store.write { () throws(OutboxProblem) in try store.cancel([3], at: now) }
        #expect(report.cancelled == 1)
    }
}
