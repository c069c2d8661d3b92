import PosthornMigrations
import PosthornModel
import PosthornText
import PosthornTestSupport
import Testing

@testable import PosthornSQLite
import PosthornStore

/// What other programs' INSERTs may say without an event being lost or taking another one's place.
@Suite struct InsertClauseTests {
    private let folder: TemporaryDirectory
    private let now = Timestamp(milliseconds: 1_594_816_394_000)
    private var path: String { folder.file("outbox.db") }

    private static let verbs = [
        "INSERT", "INSERT OR ABORT", "INSERT OR FAIL", "INSERT OR IGNORE", "INSERT OR REPLACE", "INSERT OR ROLLBACK", "REPLACE",
    ]
    private static let upserts = ["", "ON CONFLICT DO NOTHING", "ON CONFLICT (seq) DO UPDATE SET data = '{\"other\": 1}'"]
    private static let keys = ["seq", "rowid", "oid", "_rowid_"]

    init() throws { folder = try TemporaryDirectory() }

    private func platform() throws -> SQLiteConnection {
        _ = try SQLiteStore(path: path, now: now)
        let platform = try SQLiteConnection(path: path, creating: false)
        try platform.execute("INSERT INTO posthorn_node (id, level) VALUES ('s1', 'site')")
        try platform.execute("INSERT INTO posthorn_outbox (id, type, node, created, data) VALUES ('first', 'T', 's1', 1594816394000, '{}')")
        return platform
    }

    /// All that the outbox holds, as one text.
    private func contents(_ connection: SQLiteConnection) throws -> String {
        let rows = try connection.prepare("SELECT seq, id, type, node, created, origin, data FROM posthorn_outbox ORDER BY seq")
        var lines: [String] = []
        while try rows.step() { lines.append((0..<7).map { rows.text($0) }.joined(separator: "|")) }
        return lines.joined(separator: "\n")
    }

    @Test(arguments: verbs, ["seq", "id", "created", "origin"])
    func aNullAsksForTheDefaultWhateverTheClause(_ verb: String, _ column: String) throws {
        let platform = try platform()
        var values = ["id": "'k'", "type": "'T'", "node": "'s1'", "created": "1594816394001", "origin": "0", "data": "'{}'"]
        values[column] = "NULL"
        let columns = values.keys.sorted()
        let list = columns.map { values[$0] ?? "" }.joined(separator: ", ")
        try platform.execute("\(verb) INTO posthorn_outbox (\(columns.joined(separator: ", "))) VALUES (\(list))")
        #expect(try platform.integer("SELECT last_insert_rowid()") == 2)
        let store = try SQLiteStore(path: path, now: now)
        let arrival = try #require(try store.arrivals(limit: 10).last)
        #expect(arrival.seq == 2)
        try EventID.check(arrival.event.id)
        #expect((arrival.event.id == "k") == (column != "id"))
        #expect((arrival.event.created.milliseconds == 1_594_816_394_001) == (column != "created"))
        #expect(arrival.event.created.milliseconds >= 1_594_816_394_001)
        #expect(try store.event(2)?.isChecked == false)
        #expect(try platform.integer("SELECT origin FROM posthorn_outbox WHERE seq = 2") == 0)
        #expect(try platform.integer("SELECT length(id) FROM posthorn_outbox WHERE seq = 2") == (column == "id" ? 24 : 1))
    }

    @Test(arguments: verbs, ["type", "node", "data"])
    func aNullWithoutADefaultIsRefusedByNameWhateverTheClause(_ verb: String, _ column: String) throws {
        let platform = try platform()
        var values = ["type": "'T'", "node": "'s1'", "data": "'{}'"]
        values[column] = "NULL"
        let columns = values.keys.sorted()
        let list = columns.map { values[$0] ?? "" }.joined(separator: ", ")
        let before = try contents(platform)
        do throws(OutboxProblem) {
            try platform.execute("\(verb) INTO posthorn_outbox (\(columns.joined(separator: ", "))) VALUES (\(list))")
            Issue.record("it was passed over without a word")
        } catch {
            #expect(error.message.contains("posthorn_outbox.\(column) "), "\(error.message)")
        }
        #expect(try contents(platform) == before)
    }

    private static let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test(arguments: verbs)
    func aTraceIsKeptOrRefusedByNameWhateverTheClause(_ verb: String) throws {
        let platform = try platform()
        let columns = "(id, type, node, data, traceparent)"
        for (id, trace) in [("traced", "'\(Self.traceparent)'"), ("untraced", "NULL")] {
            try platform.execute("\(verb) INTO posthorn_outbox \(columns) VALUES ('\(id)', 'T', 's1', '{}', \(trace))")
        }
        let store = try SQLiteStore(path: path, now: now)
        #expect(try store.arrivals(limit: 9).map(\.event.traceparent) == [nil, Self.traceparent, nil])
        let before = try contents(platform)
        let zeros = String(repeating: "0", count: 32)
        for wrong in [
            "''", "7", "'\(Self.traceparent) '", "'\(Self.traceparent.uppercased())'", "x'00'", "'01\(Self.traceparent.dropFirst(2))'",
            "'00-\(zeros)-00f067aa0ba902b7-01'", "'00-4bf92f3577b34da6a3ce929d0e0e4736-\(zeros.prefix(16))-01'",
            "'00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0' || char(10)",
            "'00-4bf92f3577b34da6a3ce929d0e0e4736x00f067aa0ba902b7-01'",
        ] {
            do throws(OutboxProblem) {
                try platform.execute("\(verb) INTO posthorn_outbox \(columns) VALUES ('other', 'T', 's1', '{}', \(wrong))")
                Issue.record("accepted: \(wrong)")
            } catch {
                #expect(error.message.contains("posthorn_outbox.traceparent must be a W3C traceparent"), "\(wrong): \(error.message)")
            }
        }
        #expect(try contents(platform) == before)
    }

    @Test(arguments: verbs, keys)
    func aNumberIsNeverTheInsertersWhateverItIsCalled(_ verb: String, _ key: String) throws {
        let platform = try platform()
        let before = try contents(platform)
        for number in ["1", "2", "0", "-1", "-2", "9223372036854775807", "-9223372036854775808", "'1'"] {
            for upsert in Self.upserts {
                let values = "(\(key), id, type, node, data) VALUES (\(number), 'other', 'T', 's1', '{}')"
                let sql = "\(verb) INTO posthorn_outbox \(values) \(upsert)"
                do throws(OutboxProblem) {
                    try platform.execute(sql)
                    Issue.record("accepted: \(sql)")
                } catch {
                    #expect(error.message.contains("posthorn_outbox.seq is Posthorn's own column"), "\(sql): \(error.message)")
                }
            }
        }
        #expect(try contents(platform) == before)
        #expect(try platform.integer("SELECT count(*) FROM posthorn_arrival") == 1)
    }

    @Test(arguments: verbs + ["INSERT …"])
    func anIdThatIsTakenChangesNothingWhateverTheClause(_ verb: String) throws {
        let platform = try platform()
        let before = try contents(platform)
        let isUpsert = verb.hasSuffix("…")
        let start = isUpsert ? "INSERT" : verb
        let end = isUpsert ? "ON CONFLICT (id) DO UPDATE SET type = 'U', data = '{\"other\": 1}'" : ""
        try platform.execute("\(start) INTO posthorn_outbox (id, type, node, data) VALUES ('first', 'T', 's1', '{}') \(end)")
        #expect(throws: OutboxProblem.self) {
            try platform.execute("\(start) INTO posthorn_outbox (id, type, node, data) VALUES ('first', 'U', 's1', '{}') \(end)")
        }
        #expect(try contents(platform) == before)
    }

    @Test(arguments: ["ABORT", "FAIL", "IGNORE", "REPLACE", "ROLLBACK"])
    func noUpdateChangesWhatWasAcceptedWhateverTheClause(_ clause: String) throws {
        let platform = try platform()
        try platform.execute("INSERT INTO posthorn_outbox (id, type, node, data) VALUES (NULL, 'T', 's1', '{}')")
        let before = try contents(platform)
        for change in ["seq = 1", "id = NULL", "id = 'first'", "created = NULL", "origin = 1", "origin = NULL", "data = '[]'"] {
            #expect(throws: OutboxProblem.self) { try platform.execute("UPDATE OR \(clause) posthorn_outbox SET \(change) WHERE seq = 2") }
        }
        #expect(try contents(platform) == before)
    }

    /// An outbox of the first release, with a number that nobody can be given any more.
    @Test(arguments: ["", "-2, -3,", "-9223372036854775808,"])
    func anOutboxOfTheFirstReleaseGoesOnAfterTheUpgrade(_ others: String) throws {
        let old = try SQLiteConnection(path: path, creating: true)
        try Migrator(Array(Migrations.sqlite.prefix(2))).migrate(old, now: 0)
        try old.execute("INSERT INTO posthorn_node (id, level) VALUES ('s1', 'site')")
        let numbers = (others + "-1, 5").split(separator: ",").compactMap { Int64($0.filter { $0 != " " }) }
        for number in numbers {
            try old.execute("INSERT INTO posthorn_outbox (seq, id, type, node, data) VALUES (\(number), 'e\(number)', 'T', 's1', '{}')")
            try old.execute("INSERT INTO posthorn_delivery (event, revision, state, next_attempt_at) VALUES (\(number), 1, 'pending', 1)")
        }
        let store = try SQLiteStore(path: path, now: now)
        #expect(try store.integrityProblems().isEmpty)
        var events: [String] = []
        _ = try store.scanReady(after: 0, limit: 100) { (row) throws(OutboxProblem) in
            events.append(try store.event(row.event)?.event.id ?? "none")
            return true
        }
        #expect(events == numbers.map { "e\($0)" })
        #expect(try store.arrivals(limit: 100).count == numbers.count)
        #expect(try store.event(-1) == nil)
        // The connection that was open all the while, too.
        try old.execute("INSERT OR IGNORE INTO posthorn_outbox (id, type, node, created, data) VALUES (NULL, 'T', 's1', NULL, '{}')")
        #expect(try store.event(6)?.event.id.utf8.count == 24)
        #expect(throws: OutboxProblem.self) {
            try old.execute("INSERT OR REPLACE INTO posthorn_outbox (seq, id, type, node, data) VALUES (-1, 'z', 'T', 's1', '{}')")
        }
    }
}
