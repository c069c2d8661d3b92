import Glibc
import PosthornTestSupport
import Testing

/// Examples/api/relay.py with a real PostgreSQL: what a platform commits there arrives once, whatever is killed.
@Suite(.limited(seconds: 300)) struct RelayTests {
    private static let examples = Command.top + "/Examples/api"
    private static let binaries = ["15", "16", "17", "14", "13"].map { "/usr/lib/postgresql/\($0)/bin" }.first {
        access("\($0)/initdb", X_OK) == 0
    }
    /// The Python that has the driver: Debian's own, where another one comes first on the PATH.
    private static let python = ["python3", "/usr/bin/python3"].first { (try? Command.run([$0, "-c", "import psycopg2"]).status) == 0 }

    /// A PostgreSQL of its own in a folder, reached over a Unix socket alone.
    private final class PostgreSQL {
        let folder: TemporaryDirectory
        private let program: BackgroundProgram
        /// How `psql` and psycopg2 reach it.
        var source: String { "host=\(folder.path) dbname=postgres user=postgres" }

        init(_ binaries: String) throws {
            folder = try TemporaryDirectory()
            // It does not run as root.
            let isRoot = getuid() == 0
            let user = isRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] : []
            if isRoot, let postgres = getpwnam("postgres") { chown(folder.path, postgres.pointee.pw_uid, postgres.pointee.pw_gid) }
            let data = folder.file("data")
            let made = try Command.run(user + ["\(binaries)/initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync"])
            try #require(made.status == 0, "\(made.output)")
            program = try BackgroundProgram(
                user + ["\(binaries)/postgres", "-D", data, "-k", folder.path, "-c", "listen_addresses=", "-c", "fsync=off"]
            )
            try #require(program.wait { $0.contains("ready to accept connections") }, "\(program.output)")
        }

        /// Runs SQL in one transaction, and returns the rows without decoration.
        func run(_ sql: String) throws -> String {
            let result = try Command.run([PostgresServer.psql, source, "-v", "ON_ERROR_STOP=1", "-qtAX", "-c", sql])
            try #require(result.status == 0, "\(result.output)")
            return result.output
        }

        func load(_ file: String) throws {
            let result = try Command.run([PostgresServer.psql, source, "-v", "ON_ERROR_STOP=1", "-q", "-f", file])
            try #require(result.status == 0, "\(result.output)")
        }

        deinit { program.stop(SIGINT) }
    }

    @Test(.enabled(if: binaries != nil && python != nil, "postgresql or python3-psycopg2 is not installed"))
    func rowsArriveOnceThoughTheRelayIsKilledAndOneThatIsRefusedHoldsUpNoOther() throws {
        let database = try PostgreSQL(try #require(Self.binaries))
        try database.load("\(Self.examples)/outbox.sql")
        let receiver = try MisbehavingReceiver { _ in .ok }
        let server = try LiveServer(topology: LiveServer.topology(receiver.url), keys: [["--can", "emit"]])
        let insert = "INSERT INTO webhook_outbox (id, type, node, data) SELECT"
        let events = 3000
        try #require(
            try database.run(
                """
                \(insert) 'e' || i, 'MEETING_STARTED', 's1', json_build_object('id', i, 'note', E'two\\nlines') FROM generate_series(1, \(events)) i;
                INSERT INTO webhook_outbox (id, type, node, data) VALUES ('lost', 'MEETING_STARTED', 'nowhere', '{}')
                """
            ).isEmpty
        )
        // A transaction that was rolled back leaves a gap in the numbers and nothing else.
        _ = try database.run("BEGIN; \(insert) 'never', 'MEETING_STARTED', 's1', '{}'; ROLLBACK")
        let words = [
            "env", "API_KEY=\(server.keys[0])", try #require(Self.python), "\(Self.examples)/relay.py", server.url, database.source,
        ]
        for round in 1...5 {
            let relay = try BackgroundProgram(words)
            _ = receiver.waitForRequests(receiver.requests.count + 1 + round * 37)
            relay.stop(SIGKILL)
        }
        let last = try Command.run(words + ["--once"])
        #expect(last.status == 0 && last.output.contains("handed on "), "\(last.output)")
        #expect(try database.run("SELECT count(*) FROM webhook_outbox WHERE relayed IS NULL").trimmed == "1")
        let refusal = try database.run("SELECT refusal FROM webhook_outbox WHERE id = 'lost'")
        #expect(refusal.contains("nowhere") && refusal.contains("no node of the hierarchy"), "\(refusal)")

        let requests = receiver.waitForRequests(events)
        let ids = requests.map { request in
            String(decoding: request.body, as: UTF8.self).split(separator: "\"").dropFirst(3).first.map { String($0) } ?? ""
        }
        #expect(Set(ids).count == events && !ids.contains("never"))
        let status = try server.posthorn("status", "--json").output
        #expect(status.contains(#""events":\#(events),"#), "no event is stored twice: \(status)")
        #expect(requests.allSatisfy { String(decoding: $0.body, as: UTF8.self).contains(#""note" : "two\nlines""#) })
        #expect(server.program.stop() == 0)
        #expect(receiver.requests.count == events, "no event was sent twice")
    }

    @Test(.enabled(if: python != nil, "python3-psycopg2 is not installed"))
    func itExplainsItself() throws {
        let help = try Command.run([try #require(Self.python), "\(Self.examples)/relay.py", "--help"])
        #expect(help.status == 0 && help.output.contains("API_KEY"))
    }
}

extension String {
    fileprivate var trimmed: String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
