#if PostgreSQL
import PosthornMigrations
import PosthornStore
import PosthornTestSupport
import Synchronization
import PosthornSystem
import Testing

@testable import PosthornPostgres

/// Connections and the schema, over a real server.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited()) struct PostgresConnectionTests {
    private let server: PostgresServer

    init() throws { server = try PostgresServer.shared() }

    private func connect(_ address: String) throws(OutboxProblem) -> PostgresConnection {
        try PostgresConnection(PostgresPlace(address))
    }

    private func code(_ body: () throws(OutboxProblem) -> Void) -> OutboxProblem? {
        do throws(OutboxProblem) { try body() } catch { return error }
        return nil
    }

    @Test func valuesComeBackAsTheyWere() throws {
        let connection = try connect(try server.makeDatabase())
        let row = try #require(
            try connection.run(
                "SELECT $1::bigint, $2::text, $3::bytea, $4::bigint[], ($5::text[])[1], ($6::bytea[])[1], $7::double precision, $8::bigint",
                [
                    .integer(.min), .text("a'\"\\é"), .bytes([0, 1, 255]), .integers([1, nil]), .texts([#"x"y\z"#]), .bytesList([[0, 92]]),
                    .double(0.1), .integer(nil),
                ]
            ).first
        )
        #expect(row.integer(0) == .min && row.text(1) == "a'\"\\é" && row.bytes(2) == [0, 1, 255] && row.text(3) == "{1,NULL}")
        #expect(row.text(4) == #"x"y\z"# && row.bytes(5) == [0, 92] && row.double(6) == 0.1 && row.integerOrNil(7) == nil)
    }

    @Test func noMessageHasThePassword() throws {
        let addresses = [
            "postgresql://someone:s3cret@127.0.0.1:1/x", "postgresql://someone:s3cret@[::1:1/x",
            "postgresql://someone:s3c ret@127.0.0.1:1x/y",
            server.address(of: "nowhere", as: "nobody:s3cret"),
        ]
        for address in addresses {
            let problem = try #require(code { () throws(OutboxProblem) in _ = try connect(address) })
            #expect(!problem.description.contains("s3c"), "\(problem)")
        }
        let place = try PostgresPlace(server.address(of: "x", as: "someone:s3cret"))
        #expect(place.name.hasPrefix("postgresql://someone@/x?host=/tmp/"))
    }

    @Test func aConnectionThatIsRefusedSaysWhy() throws {
        #expect(code { () throws(OutboxProblem) in _ = try connect("postgresql://127.0.0.1:1/x") }?.code == .unreachable)
        #expect(code { () throws(OutboxProblem) in _ = try connect(server.address(of: "nowhere")) }?.code == .access)
        let latin = try server.makeDatabase("ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        let problem = try #require(code { () throws(OutboxProblem) in _ = try connect(latin) })
        #expect(problem.code == .access && problem.message.contains("LATIN1"))
    }

    @Test func aSessionThatTheServerEndsIsLost() throws {
        let address = try server.makeDatabase()
        let connection = try connect(address)
        try server.run("SELECT pg_terminate_backend(\(connection.backend))", in: address)
        #expect(code { () throws(OutboxProblem) in try connection.execute("SELECT 1") }?.code == .unreachable)
        #expect(connection.isLost)
    }

    @Test func programsThatStartTogetherMigrateOnce() throws {
        let address = try server.makeDatabase()
        let outcomes = Mutex<[OutboxProblem?]>([])
        let threads = try (0..<16).map { _ in
            try WorkerThread(name: "migrator") {
                let problem = code { () throws(OutboxProblem) in
                    let connection = try connect(address)
                    try PostgresMigrator("x").migrate(connection, now: 1)
                }
                outcomes.withLock { $0.append(problem) }
            }
        }
        threads.forEach { $0.join() }
        #expect(outcomes.withLock { $0 } == [OutboxProblem?](repeating: nil, count: 16))
        #expect(try server.run("SELECT count(*) FROM posthorn_migration", in: address) == "\(Migrations.postgreSQL.count)\n")
    }

    @Test func whatIsNotPosthornsIsRefusedAndNotTouched() throws {
        let (foreign, newer, edited) = (try server.makeDatabase(), try server.makeDatabase(), try server.makeDatabase())
        try server.run("CREATE TABLE posthorn_outbox (id int)", in: foreign)
        for address in [newer, edited] { try PostgresMigrator("x").migrate(connect(address), now: 1) }
        try server.run("INSERT INTO posthorn_migration VALUES (999, '999_later.sql', 'x', 1)", in: newer)
        try server.run("UPDATE posthorn_migration SET checksum = 'x'", in: edited)
        for (address, word) in [(foreign, "did not make"), (newer, "newer than this program's"), (edited, "another content")] {
            let problem = code { () throws(OutboxProblem) in try PostgresMigrator("x").migrate(connect(address), now: 2) }
            #expect(problem?.code == .schema && problem?.message.contains(word) == true, "\(String(describing: problem))")
        }
        #expect(try server.run("SELECT count(*) FROM pg_class WHERE relname = 'posthorn_migration'", in: foreign) == "0\n")
    }

    @Test func everyFileIsInTheList() throws {
        let folder = try Command.run(["ls", "\(Command.top)/Migrations/PostgreSQL"]).output.split(separator: "\n").map { String($0) }
        #expect(Migrations.postgreSQL.map(\.name) == folder)
        #expect(Migrations.postgreSQL.map(\.number) == Array(1...folder.count))
    }
}
#endif
