#if PostgreSQL
import CPosthornPostgres
import Posthorn
import PosthornModel
import PosthornStore
import PosthornTestSupport
import Testing

/// `emit(_:inPostgreSQLTransactionOf:)` over a connection of a platform's own, as a role that may do nothing but emit.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300)) struct TransactionalInsertTests {
    private let server: PostgresServer
    private let address: String
    private let outbox: Outbox
    private let platform: OpaquePointer

    init() throws {
        server = try PostgresServer.shared()
        address = try server.makeDatabase()
        outbox = try Outbox(postgreSQL: address)
        try server.run(
            """
            INSERT INTO posthorn_node (id, level) VALUES ('s1', 'site'); CREATE TABLE meeting (id text);
            DO $$ BEGIN CREATE ROLE platform LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
            GRANT INSERT (id, type, node, created, data, traceparent, headers), SELECT (id) ON posthorn_outbox TO platform;
            GRANT ALL ON meeting TO platform
            """,
            in: address
        )
        platform = try #require(PQconnectdb(server.address(of: server.name(of: address), as: "platform")))
        try #require(PQstatus(platform) == CONNECTION_OK)
    }

    private func run(_ sql: String) { PQclear(PQexec(platform, sql)) }

    private func number(_ sql: String) throws -> String { String(try server.run(sql, in: address).dropLast()) }

    private func problem(_ event: NewEvent) -> OutboxError? {
        do throws(OutboxError) { _ = try outbox.emit(event, inPostgreSQLTransactionOf: platform) } catch { return error }
        return nil
    }

    private func store(_ event: NewEvent) -> OutboxProblem? {
        if case .store(let problem)? = problem(event) { return problem }
        return nil
    }

    @Test func anEventIsThereWithThePlatformsDataOrNotAtAll() throws {
        defer { PQfinish(platform) }
        let event = NewEvent(id: "e1", type: "MEETING", node: "s1", data: #"{"name":"Zoë"}"#)
        for (end, count) in [("ROLLBACK", "0"), ("COMMIT", "1")] {
            run("BEGIN; INSERT INTO meeting VALUES ('m1')")
            #expect(try outbox.emit(event, inPostgreSQLTransactionOf: platform) == "e1")
            #expect(try number("SELECT count(*) FROM posthorn_outbox") == "0")
            run(end)
            #expect(try number("SELECT count(*) FROM posthorn_outbox") == count)
            #expect(try number("SELECT count(*) FROM posthorn_arrival") == count && number("SELECT count(*) FROM meeting") == count)
        }
        // The same again changes nothing.
        run("BEGIN")
        #expect(problem(event) == nil)
        run("COMMIT")
        #expect(try number("SELECT count(*), max(data) FROM posthorn_outbox") == #"1|{"name":"Zoë"}"#)
    }

    @Test func aConnectionThatIsNotFitIsRefused() throws {
        defer { PQfinish(platform) }
        let event = NewEvent(type: "MEETING", node: "s1", data: "{}")
        #expect(store(event)?.code == .connection && store(event)?.message.contains("no open transaction") == true)
        run("BEGIN; SELECT 1/0")
        #expect(store(event)?.message.contains("has failed") == true)
        run("ROLLBACK")
        run("BEGIN")
        PQsendQuery(platform, "SELECT 1")
        #expect(store(event)?.message.contains("under way") == true)
        while let result = PQgetResult(platform) { PQclear(result) }
        #expect(PQenterPipelineMode(platform) == 1 && store(event)?.message.contains("pipeline") == true)
        #expect(PQexitPipelineMode(platform) == 1)
        try server.run("SELECT pg_terminate_backend(\(PQbackendPID(platform)))", in: address)
        #expect(store(event)?.code == .unreachable)
        #expect(store(event)?.message.contains("is lost") == true)
        #expect(try number("SELECT count(*) FROM posthorn_outbox") == "0")
    }

    @Test func whatIsRefusedLeavesTheTransactionAsItWas() throws {
        defer { PQfinish(platform) }
        run("BEGIN; INSERT INTO meeting VALUES ('m1')")
        _ = try outbox.emit(NewEvent(id: "e1", type: "MEETING", node: "s1", data: "{}"), inPostgreSQLTransactionOf: platform)
        let wrong: [(NewEvent, String)] = [
            (NewEvent(type: "MEETING", node: "nowhere", data: "{}"), "unknown_node"),
            (NewEvent(id: "e1", type: "MEETING", node: "s1", data: #"{"other":1}"#), "id_in_use"),
            (NewEvent(type: "MEETING", node: "s1", data: "[]"), "not_an_object"),
        ]
        for (event, _) in wrong {
            guard case .input? = problem(event) else {
                Issue.record("\(event): \(String(describing: problem(event)))")
                continue
            }
        }
        run("COMMIT")
        #expect(try number("SELECT (SELECT count(*) FROM posthorn_outbox) + (SELECT count(*) FROM meeting)") == "2")
    }

    @Test func whatMayOnlyBeInAFileIsRefusedHere() throws {
        defer { PQfinish(platform) }
        do throws(OutboxError) {
            _ = try outbox.emit(NewEvent(type: "MEETING", node: "s1", data: "{}"), inTransactionOf: platform)
            Issue.record("taken for a connection to SQLite")
        } catch {
            guard case .store(let problem) = error else { throw error }
            #expect(problem.code == .connection && problem.message.contains("inPostgreSQLTransactionOf"))
        }
    }
}
#endif
