#if PostgreSQL
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornPostgres

/// What the server reads to find deliveries that were held and may go on, whatever it takes their table to hold.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300)) struct HeldPlanTests {
    private static let now = Timestamp(milliseconds: 1_594_816_394_000)
    private static let endpoints = 200

    /// When the server looked last at what there is.
    enum Known: CaseIterable { case nothing, noneHeld, allHeld, allAsItIs }

    private func reads(_ connection: PostgresConnection) throws -> Int {
        try connection.execute("SELECT pg_stat_force_next_flush()")
        let sql = """
            SELECT sum(seq_tup_read)::bigint + (SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes WHERE relname = 'posthorn_pending')
            FROM pg_stat_user_tables WHERE relname = 'posthorn_pending'
            """
        return Int(try connection.runOnce(sql, []).first?.integer(0) ?? 0)
    }

    @Test(arguments: Known.allCases, [false, true])
    func whatIsHeldIsReadAloneAndOfActiveEndpointsAlone(_ known: Known, _ scansNoTable: Bool) throws {
        let store = try PostgresStore(PostgresPlace(PostgresServer.shared().makeDatabase()), sealing: nil, now: Self.now)
        let connection = store.connection
        func run(_ sql: String) throws { try connection.execute(sql) }
        func insert(_ state: String, _ endpoint: String, _ count: Int) throws {
            let columns = "(event, revision, endpoint, shard, state, next_attempt_at)"
            let rows = "SELECT i, 1, \(endpoint), 1, '\(state)', 0 FROM generate_series(1, \(count)) i"
            try run("INSERT INTO posthorn_pending \(columns) \(rows)")
        }
        try run("ALTER TABLE posthorn_pending SET (autovacuum_enabled = off); INSERT INTO posthorn_node (id, level) VALUES ('s1', 'site')")
        try run(
            """
            INSERT INTO posthorn_endpoint (id, node, state, signature, credentials, events, headers, timeout_ms, max_in_flight, retry, created,
                changed)
            SELECT 'e' || i, 's1', CASE WHEN i = 1 THEN 'disabled' ELSE 'active' END, 'none', '{}', '[]', '{}', 1000, 1, '[]', 0, 0
            FROM generate_series(1, \(Self.endpoints)) i; ANALYZE posthorn_endpoint
            """
        )
        if known == .nothing { try run("VACUUM ANALYZE posthorn_pending") }
        if known == .allHeld {
            try insert("held", "1", 50_000)
            for sql in ["VACUUM ANALYZE", "DELETE FROM", "VACUUM"] { try run("\(sql) posthorn_pending") }
        }
        try insert("pending", "1 + i % \(Self.endpoints)", 50_000)
        if known == .noneHeld { try run("VACUUM ANALYZE posthorn_pending") }
        if scansNoTable { try run("SET enable_seqscan = off") }
        func release() throws -> (moved: Int, reads: Int) {
            let before = try reads(connection)
            let moved = try store.write { () throws(OutboxProblem) in try store.releaseActive(limit: 5000, except: [3], at: Self.now) }
            return (moved, try reads(connection) - before)
        }
        // None; then a few beside what is held for an endpoint that is switched off and for one that cannot be used; then many.
        for _ in 0..<6 {
            let none = try release()
            #expect(none.moved == 0 && none.reads < 10, "\(none)")
        }
        for endpoint in [1, 3] { try insert("held", "\(endpoint)", 20_000) }
        for endpoint in [5, 150] { try insert("held", "\(endpoint)", 1) }
        if known == .allAsItIs { try run("VACUUM ANALYZE posthorn_pending") }
        let few = try release()
        #expect(few.moved == 2 && few.reads < 30, "\(few)")
        try insert("held", "9", 12_000)
        let many = try (0..<3).map { _ in try release() }
        #expect(many.map(\.moved) == [5000, 5000, 2000])
        // Each is found, and then moved by its number; the index has those that were moved before for a while, which both statements pass.
        #expect(many.allSatisfy { $0.reads < 3 * $0.moved + 2 * 12_000 }, "\(many)")
    }
}
#endif
