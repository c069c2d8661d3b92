#if PostgreSQL
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornPostgres

/// Events that other programs insert, in transactions of their own.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300)) struct PlainInsertTests {
    private let server: PostgresServer
    private let address: String
    private let now = Timestamp(milliseconds: 1_594_816_394_000)

    init() throws {
        server = try PostgresServer.shared()
        address = try server.makeDatabase()
        let store = try PostgresLocation(address).open(sealing: nil, at: now)
        let topology = try Topology(
            nodes: [Node(id: "n", level: .company)],
            endpoints: [EndpointSettings(id: "a", node: "n", url: "https://a.example/")]
        )
        let plan = try TopologyPlan(making: topology, of: try store.topology(), prune: false) { _, new in new.credentials }
        try store.write { () throws(OutboxProblem) in try store.change(plan, at: now) }
    }

    private func refusal(_ sql: String, as user: String = "postgres") -> String {
        let database = address.split(separator: "/").last?.split(separator: "?").first ?? ""
        do {
            try server.run(sql, in: server.address(of: String(database), as: user))
            return ""
        } catch { return "\(error)" }
    }

    @Test(
        arguments: [
            ("(type, node, data, origin) VALUES ('T', 'n', '{}', 1)", "posthorn_outbox.origin is Posthorn's own column"),
            ("(id, type, node, data) VALUES ('a b', 'T', 'n', '{}')", "posthorn_outbox.id must be a text of 1 to 64"),
            ("(id, type, node, data) VALUES (repeat('x', 65), 'T', 'n', '{}')", "posthorn_outbox.id must be a text of 1 to 64"),
            ("(id, type, node, data) VALUES (E'x\\n', 'T', 'n', '{}')", "posthorn_outbox.id must be a text of 1 to 64"),
            ("(type, node, data) VALUES ('é', 'n', '{}')", "posthorn_outbox.type must be a text of 1 to 128"),
            ("(type, node, data) VALUES (NULL, 'n', '{}')", "posthorn_outbox.type must be a text of 1 to 128"),
            ("(type, node, data, created) VALUES ('T', 'n', '{}', 1594816394)", "milliseconds since 1970 UTC, not seconds"),
            ("(type, node, data) VALUES ('T', 'n', '[]')", "one valid JSON object"),
            ("(type, node, data) VALUES ('T', 'n', '{')", "one valid JSON object"),
            ("(type, node, data) VALUES ('T', 'n', NULL)", "one valid JSON object"),
            ("(type, node, data) VALUES ('T', 'n', '{\"a\": \"' || repeat('x', 4194304) || '\"}')", "at most 4194304 bytes"),
            ("(type, node, data) VALUES ('T', 'elsewhere', '{}')", "posthorn_outbox.node names no node of the hierarchy"),
            ("(type, node, data, traceparent) VALUES ('T', 'n', '{}', '00-0-0-00')", "must be a W3C traceparent"),
            ("(seq, type, node, data) VALUES (7, 'T', 'n', '{}')", "non-DEFAULT value into column \"seq\""),
        ]
    )
    func whatIsWrongIsRefusedInTheSameWords(_ row: String, _ words: String) throws {
        #expect(refusal("INSERT INTO posthorn_outbox \(row)").contains(words))
        #expect(try server.run("SELECT count(*) FROM posthorn_outbox", in: address) == "0\n")
    }

    @Test func theSameEventAgainChangesNothingAndAnotherOfItsIdIsRefused() throws {
        let insert = "INSERT INTO posthorn_outbox (id, type, node, data)"
        for _ in 1...2 { try server.run("\(insert) VALUES ('e1', 'T', 'n', '{}')", in: address) }
        #expect(refusal("\(insert) VALUES ('e1', 'T', 'n', '{\"a\": 1}')").contains("is the id of another event with other content"))
        // Whatever asks for a default by NULL gets it.
        try server.run("INSERT INTO posthorn_outbox (id, type, node, data, created) VALUES (NULL, 'T', 'n', '{}', NULL)", in: address)
        #expect(try server.run("SELECT count(*), count(id), count(created) FROM posthorn_outbox", in: address) == "2|2|2\n")
        #expect(try server.run("SELECT count(*) FROM posthorn_arrival", in: address) == "2\n")
        #expect(refusal("UPDATE posthorn_outbox SET data = '{}'").contains("a row is never changed"))
        #expect(refusal("DELETE FROM posthorn_outbox").contains("until it is delivered"))
    }

    @Test func aRoleThatMayOnlyEmitCanDoNothingElse() throws {
        let role = "emitter_\(address.split(separator: "/").last?.split(separator: "?").first ?? "")"
        try server.run(
            """
            CREATE ROLE \(role) LOGIN;
            GRANT INSERT (id, type, node, created, data, traceparent), SELECT (id) ON posthorn_outbox TO \(role)
            """,
            in: address
        )
        let insert = "INSERT INTO posthorn_outbox (type, node, data) VALUES ('T', 'n', '{}') RETURNING id"
        #expect(refusal(insert, as: role) == "")
        for sql in [
            "INSERT INTO posthorn_outbox (type, node, data, origin) VALUES ('T', 'n', '{}', 1)", "SELECT data FROM posthorn_outbox",
            "DELETE FROM posthorn_outbox", "SELECT * FROM posthorn_endpoint", "INSERT INTO posthorn_arrival VALUES (1)",
        ] {
            #expect(refusal(sql, as: role).contains("permission denied"), "\(sql)")
        }
        // What the library's own sessions set gives it nothing.
        let pretended = "SET posthorn.writer = 'on'; INSERT INTO posthorn_outbox (type, node, data) VALUES ('T', 'elsewhere', '{}')"
        #expect(refusal(pretended, as: role).contains("names no node of the hierarchy"))
        #expect(try server.run("SELECT count(*) FROM posthorn_arrival", in: address) == "1\n")
    }

    @Test func anEventOfATransactionThatCommitsLateIsNotPassedBy() throws {
        let store = try PostgresLocation(address).open(sealing: nil, at: now)
        let insert = "INSERT INTO posthorn_outbox (id, type, node, data) VALUES"
        // The first is given its number before the second, and commits after it.
        let platform = try PostgresConnection(PostgresPlace(address))
        try platform.execute("BEGIN; \(insert) ('late', 'T', 'n', '{}')")
        try server.run("\(insert) ('early', 'T', 'n', '{}')", in: address)
        func fanOut() throws -> [String] {
            try store.write { () throws(OutboxProblem) in
                let arrivals = try store.arrivals(limit: 10)
                for arrival in arrivals { try store.fanOut(arrival.seq, to: [], at: now) }
                return arrivals.map(\.event.id)
            }
        }
        #expect(try fanOut() == ["early"])
        #expect(try fanOut() == [])
        try platform.execute("COMMIT")
        #expect(try fanOut() == ["late"])
        #expect(try !store.hasArrivals())
    }

    private static let python = ["python3", "/usr/bin/python3"].first { (try? Command.run([$0, "-c", "import psycopg2"]).status) == 0 }

    @Test(.enabled(if: python != nil, "python3-psycopg2 is not installed"))
    func theExampleEmitsInThePlatformsTransaction() throws {
        let python = try #require(Self.python)
        let program = "\(Command.top)/Examples/outbox-inserts/insert-postgresql.py"
        for _ in 1...2 {
            let result = try Command.run([python, program, address, "--node", "n"])
            #expect(result.status == 0 && result.output == "committed with event meeting-m1-started\n", "\(result.output)")
        }
        #expect(try server.run("SELECT (SELECT count(*) FROM meeting), count(*) FROM posthorn_outbox", in: address) == "1|1\n")
        let refused = try Command.run([python, program, address, "--node", "elsewhere"])
        #expect(refused.status != 0 && refused.output.contains("names no node of the hierarchy"), "\(refused.output)")
    }
}
#endif
