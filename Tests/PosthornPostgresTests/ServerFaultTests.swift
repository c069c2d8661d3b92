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

/// What a store does when its server, the way to it or its role fail: with the fault itself.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300)) struct ServerFaultTests {
    private static let now = Timestamp(milliseconds: 1_594_816_394_000)
    private let server: PostgresServer
    private let address: String
    private var database: String { server.name(of: address) }

    init() throws {
        server = try PostgresServer.shared()
        address = try server.makeDatabase()
        _ = try Self.open(address)
        try server.run("INSERT INTO posthorn_node (id, level) VALUES ('s1', 'site')", in: address)
    }

    private static func open(_ address: String) throws(OutboxProblem) -> PostgresStore {
        try PostgresStore(PostgresPlace(address), sealing: nil, now: now)
    }

    /// Emits one event, as the library does.
    @discardableResult
    private func emit(_ id: String, _ store: PostgresStore, bytes: Int = 2) throws(OutboxProblem) -> InsertResult? {
        let data = Array("{".utf8) + [UInt8](repeating: UInt8(ascii: " "), count: bytes - 2) + Array("}".utf8)
        let event = Event(id: id, type: "T", node: "s1", created: Self.now, data: data)
        return try store.write { () throws(OutboxProblem) in
            try store.accept([NewEventRow(event, createdByProducer: false, recipients: [])], at: Self.now)
        }.first
    }

    private func code(_ body: () throws(OutboxProblem) -> Void) -> OutboxProblem.Code? {
        do throws(OutboxProblem) { try body() } catch { return error.code }
        return nil
    }

    private func number(_ sql: String, in server: PostgresServer? = nil) throws -> Int {
        Int(try (server ?? self.server).run(sql, in: address).dropLast()) ?? -1
    }

    /// A role of its own that owns the tables; an outbox of it is opened before anything is wrong.
    private func makeRole(_ name: String) throws -> PostgresStore {
        try server.run("CREATE ROLE \(name) LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO \(name)", in: address)
        try server.run("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO \(name)", in: address)
        return try Self.open(server.address(of: database, as: name))
    }

    // MARK: The connection (rows 2, 3 and 29 of the table in <doc:PostgreSQL>)

    @Test func aConnectionThatIsCutAtAnyByteLosesNothingAndStoresNothingTwice() throws {
        let host = String(address.split(separator: "=").last ?? "")
        let proxy = try CuttingProxy(server: host)
        let store = try Self.open(proxy.address(of: database))
        try emit("first", store)
        let before = proxy.sent
        try emit("second", store)
        let length = proxy.sent - before
        // A step that is no divisor of anything, so that cuts fall within messages and between them.
        for (number, byte) in stride(from: 1, through: length, by: 13).enumerated() {
            proxy.cut(after: byte)
            // As long as the one that was measured, so that the last bytes are there to be cut.
            let id = "e\(10_000 + number)"
            var results: [InsertResult?] = []
            // A caller who is told that nothing is known, or nothing was stored, does it again.
            for _ in 0..<4 where results.isEmpty {
                do throws(OutboxProblem) { results.append(try emit(id, store)) } catch {
                    #expect([.unreachable, .inDoubt, .fenced, .busy].contains(error.code), "\(byte): \(error)")
                }
            }
            #expect(results == [.stored(deliveries: 0)] || results == [.known], "\(byte): \(results)")
        }
        #expect(proxy.cuts == (length + 12) / 13)
        #expect(try number("SELECT count(*) FROM posthorn_outbox") == 2 + proxy.cuts)
        #expect(try number("SELECT sum(events) FROM posthorn_count") == 2 + proxy.cuts)
    }

    @Test func aCommitInDoubtThatTheServerHasIsTakenForDone() throws {
        let own = try PostgresServer(settings: ["synchronous_standby_names=nowhere"])
        let there = own.address(of: "postgres")
        let quiet = "\(there)&options=-csynchronous_commit%3Dlocal"
        let store = try Self.open(quiet)
        try own.run("INSERT INTO posthorn_node (id, level) VALUES ('s1', 'site')", in: quiet)
        _ = store
        let outcome = Mutex<Result<InsertResult?, OutboxProblem>?>(nil)
        let emitting = try WorkerThread(name: "emitting") {
            let result: Result<InsertResult?, OutboxProblem>
            // It waits for a standby that never comes.
            do throws(OutboxProblem) { result = .success(try emit("doubtful", Self.open(there))) } catch { result = .failure(error) }
            outcome.withLock { $0 = result }
        }
        let waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        var process = ""
        while process.isEmpty { process = String(try own.run(waiting, in: quiet).prefix { $0.isNumber }) }
        // Its session goes, and the commit stays: it is on this server's disk.
        try own.run("SELECT pg_terminate_backend(\(process))", in: quiet)
        emitting.join()
        #expect(try outcome.withLock { $0 }?.get() == .stored(deliveries: 0))
        #expect(try own.run("SELECT count(*) FROM posthorn_outbox", in: quiet) == "1\n")
    }

    @Test func aStatementThatTheServerHasForgottenIsPreparedAgain() throws {
        let store = try Self.open(address)
        try emit("e1", store)
        _ = try store.runOnce("DEALLOCATE ALL")
        #expect(code { () throws(OutboxProblem) in try emit("e2", store) } == .busy)
        #expect(try emit("e2", store) == .stored(deliveries: 0))
        // The plan of one is out of date once its table has another column.
        try server.run("ALTER TABLE posthorn_outbox ADD COLUMN platforms_own text", in: address)
        #expect(try emit("e3", store) == .stored(deliveries: 0) && emit("e3", store) == .known)
    }

    /// A process that dies takes all sessions of the server along (row 1).
    @Test func aProcessOfTheServerThatIsKilledTakesNoCommitAlong() throws {
        let own = try PostgresServer()
        let there = try own.makeDatabase()
        let store = try Self.open(there)
        try own.run("INSERT INTO posthorn_node (id, level) VALUES ('s1', 'site')", in: there)
        var stored = 0
        for round in 0..<3 {
            let victim = try PostgresConnection(PostgresPlace(there))
            #expect(kill(pid_t(victim.backend), SIGKILL) == 0)
            for number in 0..<20 {
                var result: InsertResult?
                // Until the server is there again.
                while result == nil {
                    do throws(OutboxProblem) { result = try emit("e\(round)x\(number)", store) } catch {
                        #expect(error.mayPass, "\(error)")
                    }
                }
                stored += 1
            }
        }
        let counts = "SELECT count(*), (SELECT sum(events) FROM posthorn_count) FROM posthorn_outbox"
        #expect(try own.run(counts, in: there) == "\(stored)|\(stored)\n")
    }

    /// The server forgets numbers of transactions that it had not written to its disk, and gives them out again.
    @Test func aCommitThatIsLostInACrashIsNotTakenForAnother() throws {
        // By itself it writes nothing to its disk for as long as the test lasts.
        let own = try PostgresServer(settings: ["wal_writer_delay=10s", "bgwriter_delay=10s"])
        let there = try own.makeDatabase()
        let store = try Self.open(there)
        try own.run("INSERT INTO posthorn_node (id, level) VALUES ('s1', 'site')", in: there)
        let event = Event(id: "lost", type: "T", node: "s1", created: Self.now, data: Array("{}".utf8))
        let refusal = code { () throws(OutboxProblem) in
            _ = try store.write { () throws(OutboxProblem) in
                _ = try store.accept([NewEventRow(event, createdByProducer: false, recipients: [])], at: Self.now)
                try? own.stop("immediate")
                try? own.start()
                // Others are given its number.
                for _ in 0..<20 { _ = try? own.run("UPDATE posthorn_setting SET value = value WHERE name = 'untold'", in: there) }
            }
        }
        #expect(refusal == .inDoubt || refusal == .unreachable, "\(String(describing: refusal))")
        #expect(try own.run("SELECT count(*) FROM posthorn_outbox", in: there) == "0\n")
        #expect(try emit("lost", store) == .stored(deliveries: 0))
    }

    // MARK: Transactions of platforms (rows 13 to 15)

    @Test func anArrivalFarBehindOthersIsFoundBesideASessionThatKeepsDeletedRows() throws {
        let store = try Self.open(address)
        let late = try PostgresConnection(PostgresPlace(address))
        let insert = "INSERT INTO posthorn_outbox (id, type, node, data)"
        try late.execute("BEGIN; \(insert) VALUES ('late', 'T', 's1', '{}')")
        let holder = try PostgresConnection(PostgresPlace(address))
        try holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM posthorn_setting")
        let count = 3 * Int(ArrivalFloor.margin)
        try server.run("\(insert) SELECT 'e' || i, 'T', 's1', '{}' FROM generate_series(1, \(count)) i", in: address)
        func fanOut() throws(OutboxProblem) -> [String] {
            try store.write { () throws(OutboxProblem) in
                _ = try store.topologyGeneration()
                let arrivals = try store.arrivals(limit: 1000)
                try store.fanOut(arrivals.map { ($0.seq, []) }, at: Self.now)
                return arrivals.map(\.event.id)
            }
        }
        var done = 0
        while done < count { done += try fanOut().count }
        // As if a look at all had taken a minute.
        store.arrivalFloor.looked(from: 0, microseconds: 60_000_000, at: MonotonicClock.nanoseconds())
        try late.execute("COMMIT")
        func sees() throws -> Bool {
            try store.turn { () throws(OutboxProblem) in
                _ = try store.commitsByOthers()
                return try store.hasArrivals()
            }
        }
        #expect(try !sees())
        // What comes after is seen at once.
        try server.run("\(insert) VALUES ('next', 'T', 's1', '{}')", in: address)
        #expect(try sees())
        #expect(try fanOut() == ["next"])
        // Who asks until there is nothing more is told of all.
        #expect(try fanOut() == ["late"])
        store.arrivalFloor.looked(from: 0, microseconds: 0, at: 0)
        #expect(try !sees())
        try holder.execute("ROLLBACK")
    }

    // MARK: The role (rows 21, 24, 25, 27)

    @Test func aStatementThatTakesTooLongIsTriedAgain() throws {
        let store = try makeRole("hurried")
        let holder = try BackgroundProgram([
            PostgresServer.psql, address, "-qtAX", "-c", "BEGIN; LOCK TABLE posthorn_count; SELECT 'held'; SELECT pg_sleep(600)",
        ])
        let lock = "SELECT count(*) FROM pg_locks WHERE relation = 'posthorn_count'::regclass AND mode = 'AccessExclusiveLock' AND granted"
        try server.wait(for: lock, in: address) { $0 != "0" }
        _ = try store.runOnce("SET statement_timeout = '50ms'")
        #expect(code { () throws(OutboxProblem) in try emit("e1", store) } == .busy)
        holder.stop(SIGKILL)
        try server.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid() AND datname = current_database()",
            in: address
        )
        _ = try store.runOnce("SET statement_timeout = 0")
        #expect(try emit("e1", store) == .stored(deliveries: 0))
    }

    @Test func aServerWithoutRoomForAnotherSessionIsBusyAndGoesOnByItself() throws {
        let store = try makeRole("crowded")
        try server.run("ALTER ROLE crowded CONNECTION LIMIT 1", in: address)
        let place = server.address(of: database, as: "crowded")
        #expect(code { () throws(OutboxProblem) in _ = try Self.open(place) } == .busy)
        // What is open needs no other.
        #expect(try emit("e1", store) == .stored(deliveries: 0))
        try server.run("ALTER ROLE crowded CONNECTION LIMIT -1", in: address)
        #expect(code { () throws(OutboxProblem) in _ = try Self.open(place) } == nil)
    }

    @Test func aServerThatTakesNoChangesIsBusyUntilItDoes() throws {
        let store = try makeRole("reading")
        _ = try store.runOnce("SET default_transaction_read_only = on")
        #expect(code { () throws(OutboxProblem) in try emit("e1", store) } == .busy)
        _ = try store.runOnce("SET default_transaction_read_only = off")
        #expect(try emit("e1", store) == .stored(deliveries: 0))
    }

    @Test func aRightThatIsTakenAwayIsNamedAndNothingIsStored() throws {
        let store = try makeRole("lacking")
        for (right, table) in [("INSERT", "posthorn_outbox"), ("UPDATE", "posthorn_count")] {
            try server.run("REVOKE \(right) ON \(table) FROM lacking", in: address)
            do throws(OutboxProblem) {
                try emit("e1", store)
                Issue.record("stored without \(right)")
            } catch {
                #expect(error.code == .access && error.message.contains(table), "\(error)")
            }
            try server.run("GRANT \(right) ON \(table) TO lacking", in: address)
        }
        #expect(try emit("e1", store) == .stored(deliveries: 0))
        #expect(try number("SELECT count(*) FROM posthorn_outbox") == 1)
    }

    // MARK: The disk (row 22)

    @Test(.enabled(if: SmallDisk.isAvailable, "only root can mount a file system")) func aFullDiskStoresNothingUntilThereIsRoom() throws {
        let disk = try SmallDisk(bytes: 24 << 20)
        let place = disk.file("space")
        #expect(mkdir(place, 0o700) == 0)
        if let owner = getpwnam("postgres") { for path in [disk.path, place] { chown(path, owner.pointee.pw_uid, owner.pointee.pw_gid) } }
        try server.run("CREATE TABLESPACE small\(getpid()) LOCATION '\(place)'", in: address)
        try server.run("ALTER TABLE posthorn_outbox SET TABLESPACE small\(getpid())", in: address)
        let store = try Self.open(address)
        try emit("before", store)
        disk.fill()
        // Some pages are there already.
        var stored = 1
        var refusal: OutboxProblem.Code?
        while refusal == nil, stored < 1000 {
            refusal = code { () throws(OutboxProblem) in try emit("e\(stored)", store, bytes: 100_000) }
            if refusal == nil { stored += 1 }
        }
        #expect(refusal == .full)
        #expect(try number("SELECT count(*) FROM posthorn_outbox") == stored)
        disk.empty()
        #expect(try emit("after", store, bytes: 100_000) == .stored(deliveries: 0))
        try server.run("ALTER TABLE posthorn_outbox SET TABLESPACE pg_default", in: address)
        try server.run("DROP TABLESPACE small\(getpid())", in: address)
    }
}
#endif
