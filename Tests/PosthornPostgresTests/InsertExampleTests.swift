#if PostgreSQL
import PosthornTestSupport
import Testing

/// Examples/outbox-inserts for PostgreSQL, against a real server, as a role that may do nothing but emit.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300)) struct InsertExampleTests {
    private static let folder = "\(Command.top)/Examples/outbox-inserts"
    private let server: PostgresServer
    private let address: String
    private let platform: String

    init() throws {
        server = try PostgresServer.shared()
        address = try server.makeDatabase()
        let applied = try Command.run([
            Command.product("posthorn"), "apply", "--db", address, "\(Command.top)/Examples/topologies/weseedo.json",
        ])
        try #require(applied.status == 0, "\(applied.output)")
        try server.run(
            """
            DO $$ BEGIN CREATE ROLE inserter LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
            GRANT INSERT (id, type, node, created, data, traceparent, headers), SELECT (id) ON posthorn_outbox TO inserter;
            CREATE TABLE meeting (id text PRIMARY KEY, title text NOT NULL); GRANT ALL ON meeting TO inserter;
            GRANT CREATE ON SCHEMA public TO inserter
            """,
            in: address
        )
        platform = server.address(of: server.name(of: address), as: "inserter")
    }

    private func check(_ words: [String], wrongNode: [String]) throws {
        // The second time the event is known.
        for _ in 0..<2 {
            let result = try Command.run(words)
            #expect(result.status == 0 && result.output == "committed with event meeting-m1-started\n", "\(result.output)")
        }
        #expect(try server.run("SELECT count(*) FROM posthorn_arrival", in: address) == "1\n")
        let wrong = try Command.run(wrongNode)
        #expect(wrong.status != 0 && wrong.output.contains("posthorn_outbox.node names no node of the hierarchy"), "\(wrong.output)")
        #expect(try server.run("SELECT count(*) FROM posthorn_outbox", in: address) == "1\n")
    }

    private static let hasPsycopg = (try? Command.run(["/usr/bin/python3", "-c", "import psycopg2"]).status) == 0
    private static let hasNodePostgres = (try? Command.run(["node", "-e", "require('pg')"]).status) == 0

    @Test(.enabled(if: hasPsycopg, "psycopg2 is not installed (Debian: python3-psycopg2)")) func psycopg() throws {
        let words = ["/usr/bin/python3", "\(Self.folder)/insert-postgresql.py", platform]
        try check(words, wrongNode: words + ["--node", "nowhere"])
    }

    @Test(.enabled(if: hasNodePostgres, "node-postgres is not installed (npm install pg, and NODE_PATH)")) func nodePostgres() throws {
        let words = ["node", "\(Self.folder)/insert-postgresql.js", platform]
        try check(words, wrongNode: words + ["nowhere"])
    }

    @Test(.enabled(if: Command.exists("node"), "node is not installed")) func theExampleForNodeIsWellFormed() throws {
        let result = try Command.run(["node", "--check", "\(Self.folder)/insert-postgresql.js"])
        #expect(result.status == 0, "\(result.output)")
        let help = try Command.run(["node", "\(Self.folder)/insert-postgresql.js", "--help"])
        #expect(help.status == 0 && help.output.hasPrefix("usage: insert-postgresql.js"))
    }

    @Test(.enabled(if: Command.exists("gofmt"), "gofmt is not installed (Debian: golang-go)")) func theExampleForGoIsWellFormed() throws {
        let result = try Command.run(["gofmt", "-l", "\(Self.folder)/insert-postgresql.go"])
        #expect(result.status == 0 && result.output.isEmpty, "\(result.output)")
    }
}
#endif
