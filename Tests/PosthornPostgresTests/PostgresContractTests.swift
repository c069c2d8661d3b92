#if PostgreSQL
import PosthornModel
import PosthornPostgres
import PosthornStore
import PosthornStoreContract
import PosthornTestSupport
import PosthornText
import Testing

/// The store over a real server, which several engines share.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300)) struct PostgresContractTests {
    @Test(arguments: StoreContract.rules)
    func keepsTheContract(_ rule: StoreContract.Rule) throws {
        let address = try PostgresServer.shared().makeDatabase()
        try check(rule, at: address, address)
    }

    /// Where each transaction may have another session of the server's (row 18 of the table in <doc:PostgreSQL>).
    @Test(.enabled(if: Pooler.isInstalled, "pgbouncer is not installed (Debian: pgbouncer)"), arguments: StoreContract.sessionRules)
    func keepsTheContractByWayOfAPooler(_ rule: StoreContract.Rule) throws {
        let server = try PostgresServer.shared()
        let address = try server.makeDatabase()
        // A setting that a session of the store's own would put right.
        try server.run("ALTER DATABASE \(server.name(of: address)) SET bytea_output = 'escape'", in: address)
        try check(rule, at: Pooler.shared().address(of: server.name(of: address)), address)
    }

    private func check(_ rule: StoreContract.Rule, at place: String, _ address: String) throws {
        let server = try PostgresServer.shared()
        try rule.check(
            StoreContract(
                location: PostgresLocation(place),
                insert: { try server.run(Self.insert($0), in: address) },
                expel: { _ in
                    _ = try? server.run("UPDATE posthorn_shard SET dispatcher = NULL; DELETE FROM posthorn_dispatcher", in: address)
                }
            )
        )
    }

    /// As a platform does, over a session of its own.
    private static func insert(_ event: Event) -> String {
        func quoted(_ text: String) -> String {
            "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
        }
        let trace = event.traceparent.map(quoted) ?? "NULL"
        let headers = EventHeaders.text(event.headers).map(quoted) ?? "NULL"
        return """
            INSERT INTO posthorn_outbox (id, type, node, created, data, traceparent, headers)
            VALUES (\(quoted(event.id)), \(quoted(event.type)), \(quoted(event.node)), \(event.created.milliseconds),
                \(quoted(String(decoding: event.data, as: UTF8.self))), \(trace), \(headers))
            """
    }
}
#endif
