#if PostgreSQL
import Glibc
import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

@testable import PosthornPostgres

/// Engines whose server, or the way to it, is there and does not do what it should (rows 4, 8, 10, 19, 23, 26, 30 and 32 of the table of faults).
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 600)) struct OutageTests {
    private static let now = Timestamp(milliseconds: 1_594_816_394_000)

    /// The folder that an address has for a host.
    private static func host(_ address: String) -> String { String(address.split(separator: "=").last ?? "") }

    // MARK: The way to it (rows 4 and 32)

    @Test func anEngineWhoseConnectionsSayNothingMoreIsReplaced() throws {
        let place = try EnginePlace()
        let proxy = try CuttingProxy(server: Self.host(place.address))
        let cutOff = try place.start(at: proxy.address(of: place.server.name(of: place.address)))
        let other = try place.start()
        var count = 0
        func insert(_ name: String) throws {
            try place.insert(name, 20)
            count += 20
        }
        try insert("before")
        #expect(place.receiver.waitForRequests(count * place.endpoints).count >= count * place.endpoints)
        let members = try place.number("SELECT sum(id) FROM posthorn_dispatcher")
        proxy.stall()
        try insert("meanwhile")
        // Those of the shards that have nobody wait until the other one has them.
        try place.settle()
        #expect(place.received.count == count * place.endpoints)
        #expect(try place.number("SELECT count(*) FROM posthorn_dispatcher") == 1)
        proxy.goOn()
        // It finds out, and joins again as another one.
        try place.wait(for: "SELECT count(*) FROM posthorn_dispatcher") { $0 == 2 }
        #expect(try place.number("SELECT sum(id) FROM posthorn_dispatcher") != members)
        try insert("after")
        try place.settle()
        for engine in [cutOff, other] { #expect(engine.stop() == 0, "\(engine.output)") }
        try place.check(committed: count)
    }

    /// Over TCP, whose other end is gone without a word.
    @Test(.enabled(if: LossyNetwork.isAvailable, "only root can make a network interface, with python3 and /dev/net/tun"))
    func anEngineThatIsCutOffNoticesAndIsReplaced() throws {
        let network = try LossyNetwork(lossPercent: 0)
        let server = try PostgresServer(settings: ["listen_addresses=\(network.near)"])
        let place = try EnginePlace(server)
        try server.run("COPY (SELECT 'host all all all trust') TO PROGRAM 'cat >> pg_hba.conf'", in: place.address)
        try server.run("SELECT pg_reload_conf()", in: place.address)
        let far = "postgresql://postgres@\(network.far)/\(server.name(of: place.address))?sslmode=disable"
        while try Command.run([PostgresServer.psql, far, "-qtAXc", "SELECT 1"]).status != 0 {}
        let session = try PostgresConnection(PostgresPlace(far), session: SessionSettings.writer)
        #expect(try session.execute("SHOW tcp_user_timeout").first?.text(0) == "10000")
        let (cutOff, other) = (try place.start(at: far), try place.start())
        try place.insert("before", 20)
        #expect(place.receiver.waitForRequests(20 * place.endpoints).count >= 20 * place.endpoints)
        network.cut()
        try place.insert("meanwhile", 20)
        try place.settle()
        #expect(try place.number("SELECT count(*) FROM posthorn_dispatcher") == 1)
        #expect(cutOff.wait { $0.contains("the outbox cannot be written") }, "\(cutOff.output)")
        network.mend()
        try place.wait(for: "SELECT count(*) FROM posthorn_dispatcher") { $0 == 2 }
        try place.insert("after", 20)
        try place.settle()
        for engine in [cutOff, other] { #expect(engine.stop() == 0, "\(engine.output)") }
        try place.check(committed: 60)
    }

    @Test func aSlowNetworkCostsNoLease() throws {
        let place = try EnginePlace()
        let proxy = try CuttingProxy(server: Self.host(place.address), delayMilliseconds: 50)
        let engine = try place.start(at: proxy.address(of: place.server.name(of: place.address)))
        let member = try place.number("SELECT id FROM posthorn_dispatcher")
        for number in 0..<10 { try place.insert("e\(number)x", 20) }
        #expect(place.receiver.waitForRequests(200 * place.endpoints, seconds: 120).count == 200 * place.endpoints)
        try place.wait(for: "SELECT count(*) FROM posthorn_pending") { $0 == 0 }
        #expect(try place.number("SELECT id FROM posthorn_dispatcher") == member)
        #expect(engine.stop() == 0, "\(engine.output)")
        try place.check(committed: 200)
        #expect(place.receiver.requests.count == 200 * place.endpoints)
    }

    // MARK: Locks (rows 8, 10 and 26)

    @Test func aTableThatSomebodyLocksHoldsUpRecordingAndCostsNoLease() throws {
        let place = try EnginePlace()
        let engine = try place.start()
        try place.insert("before", 5)
        try place.wait(for: "SELECT count(*) FROM posthorn_settled") { $0 == 5 * place.endpoints }
        let lock = "BEGIN; LOCK TABLE posthorn_settled IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(600)"
        let locker = try BackgroundProgram([PostgresServer.psql, place.address, "-qtAX", "-c", lock])
        let locks = "SELECT count(*) FROM pg_locks WHERE relation = 'posthorn_settled'::regclass AND mode = 'AccessExclusiveLock'"
        try place.wait(for: "\(locks) AND granted") { $0 == 1 }
        try place.insert("meanwhile", 5)
        let (member, beat) = (
            try place.number("SELECT id FROM posthorn_dispatcher"), try place.number("SELECT beat FROM posthorn_dispatcher")
        )
        // For longer than a lease lasts, and than a lock is waited for.
        try place.wait(for: "SELECT beat FROM posthorn_dispatcher") { $0 >= beat + 12 }
        #expect(try place.number("SELECT id FROM posthorn_dispatcher") == member)
        locker.stop(SIGKILL)
        try place.server.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()",
            in: place.address
        )
        try place.settle()
        #expect(engine.stop() == 0, "\(engine.output)")
        try place.check(committed: 10)
        // What was answered is recorded, and not sent again.
        #expect(place.receiver.requests.count == 10 * place.endpoints)
    }

    @Test func aTransactionThatFreezesIsEndedByTheServer() throws {
        let server = try PostgresServer.shared()
        let address = try server.makeDatabase()
        let (first, second) = (try Self.open(address), try Self.open(address))
        #expect(try first.join(alone: false))
        #expect(try first.run("SHOW idle_in_transaction_session_timeout").first?.text(0) == "10s")
        // What matters is that it ends; the test waits for less.
        _ = try first.runOnce("SET idle_in_transaction_session_timeout = '300ms'")
        let process = first.connection.backend
        let removal = "SELECT 1 FROM posthorn_dispatcher FOR UPDATE SKIP LOCKED"
        #expect(throws: OutboxProblem.self) {
            try first.write { () throws(OutboxProblem) in
                try first.run("SELECT 1 FROM posthorn_dispatcher FOR KEY SHARE")
                // Frozen, with the lock that keeps others from taking it for dead.
                #expect(try second.run(removal).all.isEmpty)
                let sessions = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1"
                while try second.run(sessions, .integer(process)).first?.integer(0) == 1 {}
            }
        }
        // But for the moment of a beat.
        while try second.run(removal).all.isEmpty {}
        first.leave()
        #expect(try second.join(alone: true))
    }

    @Test func aDeadlockIsTriedAgain() throws {
        let server = try PostgresServer.shared()
        let address = try server.makeDatabase()
        let store = try Self.open(address)
        try server.run("INSERT INTO posthorn_node (id, level) VALUES ('s1', 'site')", in: address)
        let event = Event(id: "e1", type: "T", node: "s1", created: Self.now, data: Array("{}".utf8))
        let recipients = (1...2).map { Recipient(endpoint: Int64($0), revision: Int64($0), isActive: true) }
        try store.write { () throws(OutboxProblem) in
            _ = try store.accept([NewEventRow(event, createdByProducer: false, recipients: recipients)], at: Self.now)
        }
        // It is the store that gives up: the other one has more patience.
        _ = try store.runOnce("SET deadlock_timeout = '5s'")
        let other = try PostgresConnection(PostgresPlace(address))
        let number = try other.run("SELECT max(id) FROM posthorn_pending", []).first?.integer(0) ?? 0
        try other.execute("SET deadlock_timeout = '300s'; BEGIN; SELECT 1 FROM posthorn_pending WHERE id = \(number) FOR UPDATE")
        let shared = Handed((store, number))
        let outcome = Mutex<OutboxProblem?>(nil)
        let recording = try WorkerThread(name: "recording") {
            do throws(OutboxProblem) { try Self.record(shared) } catch { outcome.withLock { $0 = error } }
        }
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        try server.wait(for: waiting, in: address) { $0 != "0" }
        try other.execute("SELECT 1 FROM posthorn_pending WHERE id = \(number - 1) FOR UPDATE")
        recording.join()
        #expect(outcome.withLock { $0 }?.code == .busy, "\(String(describing: outcome.withLock { $0 }))")
        try other.execute("ROLLBACK")
        try Self.record(shared)
        #expect(try server.run("SELECT count(*) FROM posthorn_settled", in: address) == "2\n")
        #expect(try server.run("SELECT count(*) FROM posthorn_attempt", in: address) == "2\n")
    }

    /// A store that is used by one thread after the other.
    private final class Handed: @unchecked Sendable {
        let store: PostgresStore
        let last: Int64

        init(_ parts: (PostgresStore, Int64)) { (store, last) = parts }
    }

    private static func record(_ handed: Handed) throws(OutboxProblem) {
        let outcome = AttemptOutcome(started: now, durationMicroseconds: 1, status: 200, response: [], address: "")
        let transition = Transition(state: .delivered, attempts: 1, nextAttemptAt: nil)
        try handed.store.write { () throws(OutboxProblem) in
            // One after the other, in the order of their numbers.
            for delivery in [handed.last - 1, handed.last] {
                try handed.store.record([AttemptRecord(delivery: delivery, number: 1, outcome: outcome, transition: transition)])
            }
        }
    }

    private static func open(_ address: String) throws(OutboxProblem) -> PostgresStore {
        try PostgresStore(PostgresPlace(address), sealing: nil, now: now)
    }

    // MARK: The tables (rows 19 and 30)

    @Test func sixteenProgramsThatStartTogetherOnAnEmptyDatabaseShareIt() throws {
        let place = try EnginePlace(endpoints: 64, isApplied: false)
        let engines = try (0..<16).map { _ in try BackgroundProgram(place.run(["--create"])) }
        for engine in engines { #expect(engine.wait { $0.contains("started") }, "\(engine.output)") }
        try place.apply()
        try place.wait(for: "SELECT count(DISTINCT dispatcher) FROM posthorn_shard WHERE dispatcher IS NOT NULL") { $0 == 16 }
        try place.wait(for: "SELECT count(*) FROM posthorn_shard WHERE dispatcher IS NOT NULL") { $0 == 64 }
        try place.wait(for: "SELECT max(n) - min(n) FROM (SELECT count(*) n FROM posthorn_shard GROUP BY dispatcher) s") { $0 == 0 }
        for number in 0..<5 { try place.insert("e\(number)x", 10) }
        try place.settle()
        for engine in engines { #expect(engine.stop() == 0, "\(engine.output)") }
        try place.check(committed: 50)
        #expect(place.receiver.requests.count == 50 * place.endpoints)
    }

    @Test func rowsThatSomebodyRemovesHoldUpNothingElse() throws {
        let isHolding = Gate()
        let place = try EnginePlace(endpoints: 4) { _ in isHolding.value.load(ordering: .acquiring) ? Reply.ok.held : .ok }
        let engine = try place.start()
        isHolding.value.store(true, ordering: .releasing)
        try place.insert("gone", 3)
        #expect(place.receiver.waitForRequests(12).count == 12)
        try place.server.run("TRUNCATE posthorn_pending", in: place.address)
        isHolding.value.store(false, ordering: .releasing)
        place.receiver.release()
        #expect(engine.wait { $0.contains("its result is not stored") }, "\(engine.output)")
        try place.insert("after", 3)
        #expect(place.receiver.waitForRequests(24).count == 24)
        try place.wait(for: "SELECT count(*) FROM posthorn_settled") { $0 == 12 }
        #expect(try place.number("SELECT count(*) FROM posthorn_attempt") == 12)
        #expect(engine.stop() == 0, "\(engine.output)")
    }

    private final class Gate: Sendable {
        let value = Atomic(false)
    }

    /// Where the server does not vacuum (row 34).
    @Test func tablesThatTheServerDoesNotVacuumAreVacuumed() throws {
        let server = try PostgresServer(settings: ["autovacuum=off"])
        let address = try server.makeDatabase()
        _ = try Self.open(address)
        let connection = try PostgresConnection(PostgresPlace(address))
        try connection.execute("INSERT INTO posthorn_arrival SELECT generate_series(1, 3000)")
        try connection.execute("DELETE FROM posthorn_arrival")
        var due: [String] = []
        // What a session has done is told to the others within a second.
        while due.isEmpty {
            try connection.execute("SELECT pg_stat_clear_snapshot()")
            due = try PostgresVacuum.due(connection, deadRows: 2000)
        }
        #expect(due == ["posthorn_arrival"])
        try PostgresVacuum.vacuum(due, connection)
        let done = "SELECT vacuum_count || ' ' || n_dead_tup FROM pg_stat_all_tables WHERE relname = 'posthorn_arrival'"
        try server.wait(for: done, in: address) { $0 == "1 0" }
        // Not again at once.
        #expect(try PostgresVacuum.due(connection, deadRows: -1) == ["posthorn_pending"])
    }

    // MARK: The disk (row 23)

    @Test(.enabled(if: SmallDisk.isAvailable, "only root can mount a file system"))
    func aServerWhoseLogHasNoRoomGoesOnWhenThereIsSome() throws {
        let disk = try SmallDisk(bytes: 40 << 20)
        let log = disk.file("log")
        #expect(mkdir(log, 0o700) == 0)
        let server = try PostgresServer(settings: ["max_wal_size=8MB", "min_wal_size=2MB"], log: log)
        let place = try EnginePlace(server)
        let engine = try place.start()
        try place.insert("before", 5)
        try place.wait(for: "SELECT count(*) FROM posthorn_settled") { $0 == 5 * place.endpoints }
        // Files of the log that are used again would do for a while.
        try server.run("CHECKPOINT", in: place.address)
        disk.fill()
        var (committed, refused) = (5, 0)
        // Until the server has fallen: it ends all sessions and begins anew, for as long as that takes.
        while refused == 0, committed < 5000 {
            do {
                try place.insert("e\(committed)x", 50)
                committed += 50
            } catch { refused += 1 }
        }
        #expect(refused == 1)
        disk.empty()
        // It begins anew by itself, unless it could not even do that.
        while (try? place.number("SELECT count(*) FROM posthorn_outbox")) == nil {
            if try !server.isRunning() { try? server.start() }
        }
        // What was refused may be there: the answer to its commit was lost.
        let found = try place.number("SELECT count(*) FROM posthorn_outbox")
        #expect(found == committed || found == committed + 50)
        committed = found
        try place.settle()
        #expect(engine.stop() == 0, "\(engine.output)")
        try place.check(committed: committed)
    }
}
#endif
