import CPosthornSQLite
import Glibc
import PosthornModel
import PosthornText
import PosthornTestSupport
import Testing

@testable import PosthornSQLite
import PosthornStore

@Suite(.limited()) struct SQLiteStoreTests {
    private let folder: TemporaryDirectory
    private let now = Timestamp(milliseconds: 1_594_816_394_000)
    private var path: String { folder.file("outbox.db") }

    init() throws { folder = try TemporaryDirectory() }

    /// What was delivered is most of the table, and none of it is read to find what can be tried again.
    @Test func retryingAnEndpointReadsOnlyWhatWaitsOrIsExhausted() throws {
        let store = try SQLiteStore(path: path, now: now)
        var filter = DeliveryFilter()
        filter.endpoint = "a"
        filter.since = now
        let selection = try store.selection([.pending, .exhausted], DeliveryConditions(filter))
        let plan = try store.connection.prepare("EXPLAIN QUERY PLAN SELECT d.id \(selection) ORDER BY d.id LIMIT 9")
        var lines: [String] = []
        while try plan.step() { lines.append(plan.text(3)) }
        let deliveries = lines.filter { $0.contains("posthorn_delivery") }
        #expect(deliveries.count == 3 && deliveries.allSatisfy { $0.contains("INDEX posthorn_delivery_") }, "\(lines)")
        #expect(lines.contains { $0.contains("SEARCH o USING INTEGER PRIMARY KEY") }, "\(lines)")
    }

    @Test func theEndpointsOfANodeAreFoundByAnIndex() throws {
        let store = try SQLiteStore(path: path, now: now)
        let plan = try store.connection.prepare("EXPLAIN QUERY PLAN \(SQLiteStore.selectEndpointsOfNode)")
        var lines: [String] = []
        while try plan.step() { lines.append(plan.text(3)) }
        #expect(lines.contains { $0.hasPrefix("SEARCH e USING INDEX posthorn_endpoint_node") }, "\(lines)")
        #expect(!lines.contains { $0.hasPrefix("SCAN") }, "\(lines)")
    }

    /// Those that fail or are throttled are few, and what asks for them goes through those alone.
    @Test func endpointsInTroubleAreFoundWithoutTheOthers() throws {
        let store = try SQLiteStore(path: path, now: now)
        for ids in [nil, ["a"]] {
            for sql in [SQLiteStore.selectHealth(ids), SQLiteStore.selectThrottled(ids)] {
                let plan = try store.connection.prepare("EXPLAIN QUERY PLAN \(sql)")
                var lines: [String] = []
                while try plan.step() { lines.append(plan.text(3)) }
                #expect(lines.count == 2 && !lines.contains { $0.hasPrefix("SCAN e") }, "\(lines)")
            }
        }
    }

    private func platform() throws -> SQLiteConnection {
        let store = try SQLiteStore(path: path, now: now)
        let topology = try Topology(nodes: [Node(id: "s1", level: .site)], endpoints: [])
        let plan = try TopologyPlan(making: topology, of: try store.topology(), prune: false) { _, new in new.credentials }
        try store.write { () throws(OutboxProblem) in try store.change(plan, at: now) }
        return try SQLiteConnection(path: path, creating: false)
    }

    @Test func aPlainInsertIsAnEvent() throws {
        let platform = try platform()
        try platform.execute("INSERT INTO posthorn_outbox (type, node, data) VALUES ('MEETING_STARTED', 's1', '{\"id\": 1.10}')")
        let arrivals = try SQLiteStore(path: path, now: now).arrivals(limit: 10)
        let event = try #require(arrivals.first?.event)
        #expect(String(decoding: event.data, as: UTF8.self) == #"{"id": 1.10}"#)
        try EventID.check(event.id)
        #expect(event.id.utf8.count == 24)
        let seconds = Int64(time(nil))
        #expect(abs(event.created.unixSeconds - seconds) < 60)
        #expect(abs((Int64(event.id.prefix(8), radix: 16) ?? 0) - seconds) < 60)
    }

    @Test(arguments: [
        ("type, node, data", "'T', 'nobody', '{}'", "posthorn_outbox.node"), ("type, node, data", "'T', 's1', '{'", "posthorn_outbox.data"),
        ("type, node, data", "'T', 's1', '[]'", "posthorn_outbox.data"), ("type, node, data", "'T', 's1', x'7b7d'", "posthorn_outbox.data"),
        ("type, node, data", "'T T', 's1', '{}'", "posthorn_outbox.type"), ("type, node, data", "'', 's1', '{}'", "posthorn_outbox.type"),
        ("id, type, node, data", "'a b', 'T', 's1', '{}'", "posthorn_outbox.id"),
        ("created, type, node, data", "'today', 'T', 's1', '{}'", "posthorn_outbox.created"),
        ("created, type, node, data", "1594816394, 'T', 's1', '{}'", "posthorn_outbox.created"),
        ("node, data", "'s1', '{}'", "posthorn_outbox.type"), ("type, data", "'T', '{}'", "posthorn_outbox.node"),
        ("origin, type, node, data", "2, 'T', 's1', '{}'", "posthorn_outbox.origin"),
    ])
    func aBadInsertFailsInItsOwnTransactionAndSaysWhy(_ columns: String, _ values: String, _ reason: String) throws {
        let platform = try platform()
        do throws(OutboxProblem) {
            try platform.execute("INSERT INTO posthorn_outbox (\(columns)) VALUES (\(values))")
            Issue.record("it was accepted")
        } catch {
            #expect(error.code == .constraint)
            #expect(error.message.contains(reason), "\(error.message)")
        }
    }

    @Test(arguments: ["INSERT", "INSERT OR IGNORE", "INSERT OR REPLACE"])
    func theSameEventAgainChangesNothingAndAnotherOneIsRefused(_ insert: String) throws {
        let platform = try platform()
        let columns = "posthorn_outbox (id, type, node, data) VALUES"
        try platform.execute("INSERT INTO \(columns) ('a', 'T', 's1', '{}')")
        try platform.execute("\(insert) INTO \(columns) ('a', 'T', 's1', '{}')")
        #expect(try platform.integer("SELECT seq FROM posthorn_outbox") == 1)
        #expect(throws: OutboxProblem.self) { try platform.execute("\(insert) INTO \(columns) ('a', 'T', 's1', '{\"v\": 2}')") }
        #expect(throws: OutboxProblem.self) { try platform.execute("\(insert) INTO \(columns) ('b', 'T', 's1', '[]')") }
        #expect(try platform.integer("SELECT count(*) FROM posthorn_arrival") == 1)
    }

    @Test func anExplicitNullAsksForTheDefault() throws {
        let platform = try platform()
        try platform.execute("INSERT INTO posthorn_outbox (id, type, node, created, data) VALUES (NULL, 'T', 's1', NULL, '{}')")
        #expect(try platform.integer("SELECT length(id) FROM posthorn_outbox") == 24)
    }

    @Test func acceptedEventsCannotBeChangedOrDeleted() throws {
        let platform = try platform()
        try platform.execute("INSERT INTO posthorn_outbox (type, node, data) VALUES ('T', 's1', '{}')")
        #expect(throws: OutboxProblem.self) { try platform.execute("UPDATE posthorn_outbox SET data = '{\"a\":1}'") }
        #expect(throws: OutboxProblem.self) { try platform.execute("DELETE FROM posthorn_outbox") }
    }

    @Test func theScansFollowTheirIndexAndSortNothing() throws {
        let connection = try platform()
        func plan(_ sql: String) throws -> String {
            let rows = try connection.prepare("EXPLAIN QUERY PLAN " + sql)
            var text = ""
            while try rows.step() { text += rows.text(3) + "\n" }
            return text
        }
        let ready = try plan(
            """
            SELECT id, revision, event FROM posthorn_delivery INDEXED BY posthorn_delivery_ready
            WHERE state = 'pending' AND attempts = 0 AND id > 5 ORDER BY id
            """
        )
        #expect(ready.contains("USING INDEX posthorn_delivery_ready (id>?)"), "\(ready)")
        #expect(!ready.contains("TEMP B-TREE"), "\(ready)")
        let retry = try plan(
            """
            SELECT next_attempt_at, id, revision, event FROM posthorn_delivery INDEXED BY posthorn_delivery_retry
            WHERE state = 'pending' AND attempts > 0 AND (next_attempt_at, id) > (1, 2) AND next_attempt_at <= 3
            ORDER BY next_attempt_at, id
            """
        )
        #expect(retry.contains("USING INDEX posthorn_delivery_retry"), "\(retry)")
        #expect(!retry.contains("TEMP B-TREE"), "\(retry)")
    }

    @Test func noCommitHappensDuringACheckpoint() throws {
        let store = try SQLiteStore(path: path, now: now)
        #expect(try store.join(alone: false))
        for i in 0..<40 {
            try store.write { () throws(OutboxProblem) in
                for k in 0..<100 {
                    let event = Event(id: "e\(i)-\(k)", type: "T", node: "n", created: now, data: Array("{}".utf8))
                    _ = try store.accept([NewEventRow(event, createdByProducer: false, recipients: [])], at: now)
                }
            }
        }
        try store.checkpointer.run()
        #expect(store.checkpointer.bytesHeldBack == 0)
        #expect(try store.connection.integer("PRAGMA wal_autocheckpoint") == 0)
        #expect(try store.integrityProblems().isEmpty)
    }

    @Test func aLongReaderIsReportedAndBlocksNobody() throws {
        let store = try SQLiteStore(path: path, now: now)
        #expect(try store.join(alone: false))
        let reader = try SQLiteConnection(path: path, creating: false)
        try reader.execute("BEGIN")
        _ = try reader.integer("SELECT count(*) FROM posthorn_outbox")
        for i in 0..<20 {
            try store.write { () throws(OutboxProblem) in
                let event = Event(id: "e\(i)", type: "T", node: "n", created: now, data: Array("{}".utf8))
                _ = try store.accept([NewEventRow(event, createdByProducer: false, recipients: [])], at: now)
            }
        }
        try store.checkpointer.run()
        #expect(store.checkpointer.bytesHeldBack > 0)
        try reader.execute("COMMIT")
        try store.checkpointer.run()
        #expect(store.checkpointer.bytesHeldBack == 0)
    }

    @Test func aLongListOfEndpointsThatCannotBeUsedIsCutOff() throws {
        let store = try SQLiteStore(path: path, now: now)
        func write(_ faults: [String: String], at time: Timestamp) throws {
            try store.write { () throws(OutboxProblem) in try store.write(faults: faults, at: time) }
        }
        try write([:], at: now)
        #expect(try store.connection.integer("SELECT count(*) FROM posthorn_setting WHERE name LIKE 'faults%'") == 0)
        // However many there are, a reader of the status can bear it.
        try write(Dictionary(uniqueKeysWithValues: (0..<2000).map { ("e\($0)", "no key") }), at: now)
        #expect(try store.faultsOfRun().reasons.count == 1000)
    }
}
