#if PostgreSQL
import PosthornMigrations
import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

@testable import PosthornPostgres

/// What a store does when other sessions and its transactions get into each other's way (row 26 of the table in <doc:PostgreSQL>).
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300)) struct ContentionTests {
    private static let now = Timestamp(milliseconds: 1_594_816_394_000)
    private let server: PostgresServer
    private let address: String

    init() throws {
        server = try PostgresServer.shared()
        address = try server.makeDatabase()
    }

    private func open(as user: String = "postgres") throws(OutboxProblem) -> PostgresStore {
        try PostgresStore(PostgresPlace(server.address(of: server.name(of: address), as: user)), sealing: nil, now: Self.now)
    }

    /// Two deliveries, recorded as delivered.
    private func record(_ store: PostgresStore) throws(OutboxProblem) -> RecordConflicts {
        let outcome = AttemptOutcome(
            started: Self.now,
            durationMicroseconds: 1500,
            status: 200,
            error: nil,
            errorText: "",
            response: [],
            address: "192.0.2.1:443"
        )
        let transition = Transition(state: .delivered, attempts: 1, nextAttemptAt: nil)
        return try store.write { () throws(OutboxProblem) in
            try store.record([1, 2].map { AttemptRecord(delivery: $0, number: 1, outcome: outcome, transition: transition) })
        }
    }

    @Test func aDeadlockWithAnotherSessionStoresNothingAndIsOverAtTheNextTry() throws {
        _ = try open()
        let rows = "INSERT INTO posthorn_pending (id, event, revision, endpoint, shard, state, next_attempt_at)"
        try server.run("\(rows) SELECT i, 1, 1, 1, 1, 'pending', 0 FROM generate_series(1, 2) i", in: address)
        try server.run("UPDATE posthorn_count SET ready = 2 WHERE slot = 0", in: address)
        // It is the store's session that finds the circle, and so the one that gives way.
        try server.run("ALTER DATABASE \(server.name(of: address)) SET deadlock_timeout = '2s'", in: address)
        let rival = try PostgresConnection(PostgresPlace(address))
        try rival.execute("SET deadlock_timeout = '10min'; BEGIN")
        try rival.execute("SELECT 1 FROM posthorn_pending WHERE id = 2 FOR UPDATE")
        let refusal = Mutex<OutboxProblem?>(nil)
        let recording = try WorkerThread(name: "recording") {
            do throws(OutboxProblem) { _ = try record(open()) } catch { refusal.withLock { $0 = error } }
        }
        let waits = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT granted AND datname = current_database()"
        try server.wait(for: waits, in: address) { $0 == "1" }
        // The store holds the first one, and waits for the second.
        try rival.execute("SELECT 1 FROM posthorn_pending WHERE id = 1 FOR UPDATE")
        recording.join()
        let found = try #require(refusal.withLock { $0 })
        #expect(found.code == .busy && found.message.hasSuffix("(40P01)"), "\(found)")
        #expect(try server.run("SELECT count(*), (SELECT count(*) FROM posthorn_attempt) FROM posthorn_pending", in: address) == "2|0\n")
        try rival.execute("COMMIT")
        #expect(try record(open()).isEmpty)
        let counts = "SELECT sum(delivered), sum(ready), (SELECT count(*) FROM posthorn_attempt) FROM posthorn_count"
        #expect(try server.run(counts, in: address) == "2|0|2\n")
    }

    /// Engines that take or give up shards lock these before they lock the engines.
    @Test func aMigrationThatADeadlockHasEndedIsTriedAgain() throws {
        _ = try open()
        let number = Migrations.postgreSQL.count + 1
        let later = Migrations.Migration(number: number, name: "later.sql", sql: Array("CREATE TABLE posthorn_later (a int);".utf8))
        let rival = try PostgresConnection(PostgresPlace(address))
        try rival.execute("SET deadlock_timeout = '10min'; BEGIN; LOCK TABLE posthorn_shard IN ROW EXCLUSIVE MODE")
        let refusal = Mutex<OutboxProblem?>(nil)
        let migrating = try WorkerThread(name: "migrating") { [address] in
            do throws(OutboxProblem) {
                try PostgresMigrator("x", later: [later]).migrate(PostgresConnection(PostgresPlace(address)), now: 1)
            } catch { refusal.withLock { $0 = error } }
        }
        let waits = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT granted AND datname = current_database()"
        try server.wait(for: waits, in: address) { $0 == "1" }
        // It has the engines, and waits for the shards.
        try rival.execute("LOCK TABLE posthorn_dispatcher IN ROW SHARE MODE; COMMIT")
        migrating.join()
        #expect(refusal.withLock { $0 } == nil)
        #expect(try server.run("SELECT count(*) FROM posthorn_later", in: address) == "0\n")
        #expect(try server.run("SELECT deadlocks > 0 FROM pg_stat_database WHERE datname = current_database()", in: address) == "t\n")
    }

    /// As two replays with current recipients do.
    @Test func anEventThatTwoSessionsGiveToAnEndpointAtOnceIsGivenOnce() throws {
        let first = try open()
        try server.run("INSERT INTO posthorn_node (id, level) VALUES ('s1', 'site')", in: address)
        let event = Event(id: "e", type: "T", node: "s1", created: Self.now, data: Array("{}".utf8))
        try first.write { () throws(OutboxProblem) in
            _ = try first.accept([NewEventRow(event, createdByProducer: false, recipients: [])], at: Self.now)
        }
        let seq = Int64(try server.run("SELECT seq FROM posthorn_outbox", in: address).dropLast()) ?? 0
        @Sendable func add(_ store: PostgresStore) throws(OutboxProblem) -> Int {
            try store.addDeliveries(ofEvent: seq, to: [Recipient(endpoint: 1, revision: 1, isActive: true)], at: Self.now).count
        }
        let waits = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT granted AND datname = current_database()"
        let added = Mutex(0)
        var thread: WorkerThread?
        try first.write { () throws(OutboxProblem) in
            #expect(try add(first) == 1)
            // Before the first one has ended.
            let (server, address) = (server, address)
            let started = Result {
                let started = try WorkerThread(name: "second") {
                    do throws(OutboxProblem) {
                        let store = try open()
                        try store.write { () throws(OutboxProblem) in
                            let count = try add(store)
                            added.withLock { $0 += count }
                        }
                    } catch { Issue.record("\(error)") }
                }
                try server.wait(for: waits, in: address) { $0 == "1" }
                return started
            }
            thread = try? started.get()
        }
        try #require(thread).join()
        #expect(added.withLock { $0 } == 0)
        #expect(try server.run("SELECT count(*), (SELECT sum(ready) FROM posthorn_count) FROM posthorn_pending", in: address) == "1|1\n")
    }

    /// An administrator's choice for a role is not what this store's transactions are written for.
    @Test func aRoleWhoseTransactionsAreSerializableRecordsBesideOthers() throws {
        _ = try open()
        try server.run("CREATE ROLE strict LOGIN SUPERUSER", in: address)
        try server.run("ALTER ROLE strict SET default_transaction_isolation = serializable", in: address)
        let stores = [try open(as: "strict"), try open(as: "strict")]
        try server.run("INSERT INTO posthorn_node (id, level) VALUES ('s1', 'site')", in: address)
        // Both have begun before either has ended.
        let inner = Event(id: "inner", type: "T", node: "s1", created: Self.now, data: Array("{}".utf8))
        let outer = Event(id: "outer", type: "T", node: "s1", created: Self.now, data: Array("{}".utf8))
        try stores[0].write { () throws(OutboxProblem) in
            _ = try stores[0].accept([NewEventRow(outer, createdByProducer: false, recipients: [])], at: Self.now)
            try stores[1].write { () throws(OutboxProblem) in
                _ = try stores[1].accept([NewEventRow(inner, createdByProducer: false, recipients: [])], at: Self.now)
            }
        }
        #expect(try stores[0].runOnce("SHOW transaction_isolation").first?.text(0) == "read committed")
        #expect(try server.run("SELECT count(*), (SELECT sum(events) FROM posthorn_count) FROM posthorn_outbox", in: address) == "2|2\n")
    }
}
#endif
