#if PostgreSQL
import CPosthornPostgres
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornPostgres

/// A writer that is stopped, or cut off, while it sends a message (rows 4 and 8 of the table of faults).
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300)) struct StuckSessionTests {
    @Test func aSessionInTheMiddleOfAMessageDoesNotKeepItsEngineFromBeingRemoved() throws {
        let server = try PostgresServer.shared()
        let address = try server.makeDatabase()
        _ = try PostgresStore(PostgresPlace(address), sealing: nil, now: Timestamp(milliseconds: 1_594_816_394_000))
        try server.run("INSERT INTO posthorn_dispatcher (id, alone, process, host, schema) VALUES (1, false, 1, 'gone', 16)", in: address)
        let session = PQconnectdb(address)
        defer { PQfinish(session) }
        #expect(PQenterPipelineMode(session) == 1)
        for sql in ["BEGIN", "SELECT 1 FROM posthorn_dispatcher FOR KEY SHARE"] {
            #expect(PQsendQueryParams(session, sql, 0, nil, nil, nil, nil, 0) == 1)
        }
        // The end of the pipeline is never sent.
        #expect(PQflush(session) == 0)
        let process = PQbackendPID(session)
        let stuck = """
            SELECT count(DISTINCT pid) FROM pg_stat_activity a JOIN pg_locks l USING (pid)
            WHERE pid = \(process) AND a.state = 'active' AND a.wait_event = 'ClientRead' AND l.mode = 'RowShareLock'
            """
        try server.wait(for: stuck, in: address) { $0 == "1" }
        let heart = try PostgresConnection(PostgresPlace(address), session: SessionSettings.heart)
        let dead = [BeatObserver.Beat(engine: 1, beat: 0)]
        func engines() throws -> Int64? { try heart.execute("SELECT count(*) FROM posthorn_dispatcher").first?.integer(0) }
        // It may only be slow as yet.
        try PostgresHeart.remove(dead, heart, stuckSeconds: 3600)
        #expect(try engines() == 1)
        #expect(try heart.execute(stuck).first?.integer(0) == 1)
        try PostgresHeart.remove(dead, heart, stuckSeconds: 0)
        try server.wait(for: "SELECT count(*) FROM pg_stat_activity WHERE pid = \(process)", in: address) { $0 == "0" }
        try PostgresHeart.remove(dead, heart)
        #expect(try engines() == 0)
    }
}
#endif
