#if PostgreSQL
import PosthornModel
import PosthornPostgres
import PosthornStore
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

/// Connections that are lost, with a server of their own that is stopped and told to withhold its answers.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300)) struct LostConnectionTests {
    private static let now = Timestamp(milliseconds: 1_594_816_394_000)

    private static func accept(_ id: String, in store: any OutboxStore) throws(OutboxProblem) -> InsertResult? {
        let event = Event(id: id, type: "T", node: "n", created: now, data: Array("{}".utf8))
        return try store.write { () throws(OutboxProblem) in
            try store.accept([NewEventRow(event, createdByProducer: false, recipients: [])], at: now).first
        }
    }

    @Test func whatWasCommittedThoughTheAnswerWasLostIsKnownToBe() throws {
        let server = try PostgresServer()
        let address = try server.makeDatabase()
        _ = try PostgresLocation(address).open(sealing: nil, at: Self.now)
        // A commit waits for a standby that there is not: it is on the disk, and its answer never comes.
        try server.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'", in: address)
        try server.run("SELECT pg_reload_conf()", in: address)
        let result = Mutex<Result<InsertResult?, OutboxProblem>?>(nil)
        let thread = try WorkerThread(name: "emitter") {
            do throws(OutboxProblem) {
                let store = try PostgresLocation(address).open(sealing: nil, at: Self.now)
                let stored = try Self.accept("e1", in: store)
                result.withLock { $0 = .success(stored) }
            } catch { result.withLock { $0 = .failure(error) } }
        }
        let isWaiting = "EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep')"
        try server.run(
            """
            DO $$ BEGIN
                FOR i IN 1..3000 LOOP PERFORM pg_stat_clear_snapshot(); EXIT WHEN \(isWaiting); PERFORM pg_sleep(0.01); END LOOP;
            END $$
            """,
            in: address
        )
        #expect(try server.run("SELECT \(isWaiting)", in: address) == "t\n")
        try server.run("ALTER SYSTEM RESET synchronous_standby_names", in: address)
        try server.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'; SELECT pg_reload_conf()",
            in: address
        )
        thread.join()
        #expect(try result.withLock { $0 }?.get() == .stored(deliveries: 0))
        #expect(try server.run("SELECT count(*), sum(c.events) FROM posthorn_outbox, posthorn_count c", in: address) == "64|1\n")
    }

    @Test func aServerThatWasStartedAgainIsConnectedToAgain() throws {
        let server = try PostgresServer()
        let address = try server.makeDatabase()
        let location = try PostgresLocation(address)
        let store = try location.open(sealing: nil, at: Self.now)
        let readers = location.makeReaders(sealing: nil) { Self.now }
        #expect(try Self.accept("e1", in: store) == .stored(deliveries: 0))
        #expect(try readers.read { try $0.knowsEvent("e1") })
        try server.stop("immediate")
        do throws(OutboxProblem) {
            _ = try Self.accept("e2", in: store)
            Issue.record("an event was accepted without a server")
        } catch { #expect(error.code == .unreachable && error.mayPass, "\(error)") }
        #expect(throws: OutboxProblem.self) { try readers.read { try $0.knowsEvent("e1") } }
        try server.start()
        #expect(try Self.accept("e2", in: store) == .stored(deliveries: 0))
        #expect(try readers.read { try $0.knowsEvent("e1") && $0.knowsEvent("e2") })
    }
}
#endif
