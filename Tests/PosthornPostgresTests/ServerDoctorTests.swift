#if PostgreSQL
import Glibc
import PosthornPostgres
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

/// `posthorn doctor` on a real server, and a password through every way that an address takes.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300)) struct ServerDoctorTests {
    private static let binary = Command.product("posthorn")
    private let server: PostgresServer

    init() throws { server = try PostgresServer.shared() }

    /// An outbox whose tables a role of its own has made.
    private func makeOutbox(_ role: String) throws -> String {
        let database = try server.makeDatabase()
        try server.run(
            """
            CREATE ROLE \(role) LOGIN; GRANT CREATE ON SCHEMA public TO \(role); GRANT CREATE ON DATABASE \(server.name(of: database)) TO \(role)
            """,
            in: database
        )
        let address = server.address(of: server.name(of: database), as: role)
        let folder = try TemporaryDirectory()
        let topology = try #require(fopen(folder.file("topology.json"), "w"))
        fputs(#"{"nodes": [{"id": "s1", "level": "site"}], "endpoints": []}"#, topology)
        fclose(topology)
        let applied = try Command.run([Self.binary, "apply", "--db", address, folder.file("topology.json")])
        try #require(applied.status == 0, "\(applied.output)")
        return address
    }

    private func doctor(_ address: String) throws -> [Substring] {
        try Command.run([Self.binary, "doctor", "--db", address]).output.split(separator: "\n")
    }

    private func line(_ check: String, _ lines: [Substring]) -> String {
        lines.first { $0.dropFirst(9).hasPrefix(check) }.map { String($0) } ?? "no line of \(check): \(lines)"
    }

    @Test func aSchemaWhoseNameNeedsQuotesIsCompared() throws {
        let database = try server.makeDatabase()
        try server.run(
            """
            CREATE SCHEMA "Post horn"; ALTER DATABASE \(server.name(of: database)) SET search_path = "Post horn"
            """,
            in: database
        )
        let location = try PostgresLocation(database)
        let now = Timestamp(milliseconds: 0)
        _ = try location.open(sealing: nil, at: now)
        let readers = location.makeReaders(sealing: nil) { now }
        #expect(try readers.read { try $0.schemaDifferences() }.isEmpty)
        try server.run("DROP INDEX posthorn_pending_held", in: database)
        #expect(try readers.read { try $0.schemaDifferences() }.map(\.name) == ["posthorn_pending_held"])
        readers.close()
    }

    @Test func aServerOfTheTestsIsWellButForWhatItsDatabaseSays() throws {
        let address = try makeOutbox("doctored")
        let lines = try doctor(address)
        for check in ["server", "version", "encoding", "durability", "replication", "role", "tls", "sessions", "vacuum", "schema"] {
            #expect(line(check, lines).hasPrefix("ok "), "\(line(check, lines))")
        }
        // Sessions of others are hidden from a role that was given nothing.
        #expect(line("old rows", lines).contains("GRANT pg_read_all_stats TO doctored"))
        let json = try Command.run([Self.binary, "doctor", "--json", "--db", address]).output.split(separator: "\n")
        #expect(
            json.contains { $0.hasPrefix(#"{"severity":"ok","check":"durability","message":"fsync on, full_page_writes on"#) },
            "\(json)"
        )
        let database = server.name(of: address)
        try server.run(
            """
            ALTER DATABASE \(database) SET synchronous_commit = off; ALTER ROLE doctored CONNECTION LIMIT 9;
            ALTER TABLE posthorn_pending SET (autovacuum_enabled = off); REVOKE UPDATE ON posthorn_count FROM doctored;
            REVOKE CREATE ON DATABASE \(database) FROM doctored
            """,
            in: server.address(of: database)
        )
        let worse = try doctor(address)
        #expect(line("durability", worse).hasPrefix("warn"))
        #expect(worse.contains { $0.hasPrefix("warn") && $0.contains("of the role doctored") }, "\(worse)")
        #expect(line("vacuum", worse).hasPrefix("problem"))
        #expect(line("schema", worse).contains("GRANT CREATE ON DATABASE"))
        #expect(line("role", worse).contains("lacks UPDATE on posthorn_count"))
    }

    @Test func whoHoldsALockAndWhoMayDoEverythingAreNamed() throws {
        let address = try makeOutbox("locked")
        let all = server.address(of: server.name(of: address))
        let holder = try BackgroundProgram(
            [
                PostgresServer.psql, "\(all)&application_name=holder", "-qtAX", "-c",
                "BEGIN; LOCK TABLE posthorn_pending; SELECT 'locked'; SELECT pg_sleep(600)",
            ]
        )
        let sessions = "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE relname = 'posthorn_pending'"
        try server.wait(for: "\(sessions) AND granted", in: all) { $0 != "0" }
        let waiter = try BackgroundProgram([PostgresServer.psql, all, "-qtAX", "-c", "SELECT count(*) FROM posthorn_pending"])
        try server.wait(for: "\(sessions) AND NOT granted", in: all) { $0 != "0" }
        let facts = try ServerFacts.read(all)
        #expect(facts.lockWaits.map(\.table) == ["posthorn_pending"] && facts.lockWaits.first?.application == "holder")
        #expect(facts.isSuperuser && !facts.hidesSessions && facts.holders.contains { $0.who.contains("holder") })
        holder.stop(SIGKILL)
        waiter.stop(SIGKILL)
        let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'holder'"
        try server.run(ended, in: all)
    }

    @Test func anotherEnginesRoleWhoseSessionsCannotBeEndedIsNamed() throws {
        let address = try makeOutbox("ending")
        let all = server.address(of: server.name(of: address))
        try server.run(
            "CREATE ROLE elsewhere LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO elsewhere",
            in: all
        )
        let other = server.address(of: server.name(of: address), as: "elsewhere")
        let session = try BackgroundProgram([
            PostgresServer.psql, "\(other)&application_name=posthorn", "-qtAX", "-c", "SELECT pg_sleep(600)",
        ])
        defer { session.stop(SIGKILL) }
        try server.wait(for: "SELECT count(*) FROM pg_stat_activity WHERE usename = 'elsewhere'", in: all) { $0 == "1" }
        #expect(try ServerFacts.read(address).unendableRoles == ["elsewhere"])
        #expect(try doctor(address).contains { $0.hasPrefix("warn") && $0.contains("GRANT elsewhere TO ending") })
        // Without seeing what they wait for, the right to end them is of no use.
        try server.run("GRANT pg_signal_backend TO ending", in: all)
        #expect(try ServerFacts.read(address).unendableRoles == ["elsewhere"])
        try server.run("GRANT pg_read_all_stats TO ending", in: all)
        #expect(try ServerFacts.read(address).unendableRoles.isEmpty)
    }

    @Test func aSlotThatNobodyReadsIsNamed() throws {
        let address = try makeOutbox("slotted")
        let all = server.address(of: server.name(of: address))
        try server.run("SELECT pg_create_physical_replication_slot('forgotten', true)", in: all)
        defer { _ = try? server.run("SELECT pg_drop_replication_slot('forgotten')", in: all) }
        #expect(line("slot", try doctor(address)).contains("pg_drop_replication_slot('forgotten')"))
    }

    @Test func anOutboxThatCannotBeOpenedIsExplainedInOneLine() throws {
        let latin = try server.makeDatabase("ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        #expect(line("server", try doctor(latin)).contains("LATIN1"))
        #expect(line("server", try doctor("postgresql://127.0.0.1:1/x")).hasPrefix("problem"))
        #expect(line("server", try doctor(server.address(of: "nowhere"))).contains("nowhere"))
        // The server is looked at all the same.
        let lines = try doctor(try server.makeDatabase())
        #expect(line("server", lines).contains("there is no outbox in") && line("durability", lines).hasPrefix("ok"))
    }

    @Test func aPasswordIsShownNowhere() throws {
        let address = try makeOutbox("secretive")
        let canary = "canary-p4ssw0rd"
        let known = String(address.prefix { $0 != "@" }) + ":\(canary)" + address.drop { $0 != "@" }
        let wrong = [
            "postgresql://u:\(canary)@127.0.0.1:1/x", "postgresql://u:\(canary)@[::1:1/x", server.address(of: "x", as: "who:\(canary)"),
        ]
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        for words in [
            ["doctor"], ["doctor", "--json"], ["status"], ["status", "--json"], ["run", "--check"], ["run", "--until-settled"],
            ["deliveries"],
            ["backup", "x"], ["emit"],
        ] {
            for address in [known] + wrong {
                let result = try Command.run(["env", "-i", "PATH=\(path)", "POSTHORN_DB=\(address)", Self.binary] + words)
                #expect(!result.output.contains(canary), "\(words): \(result.output)")
            }
            if words[0] == "backup" { continue }
            // On the command line, where all can read it, it is refused without being repeated.
            let refused = try Command.run([Self.binary] + words + ["--db", known])
            #expect(!refused.output.contains(canary) && refused.output.contains("PGPASSFILE"), "\(words): \(refused.output)")
        }
        let engine = try BackgroundProgram([Self.binary, "run"], environment: ["PATH": path, "POSTHORN_DB": known])
        #expect(engine.wait { $0.contains("started") }, "\(engine.output)")
        let listed = try Command.run(["cat", "/proc/\(engine.process)/cmdline"])
        #expect(listed.status == 0 && !listed.output.contains(canary), "\(listed.output)")
        let sessions = try server.run("SELECT string_agg(a::text, ' ') FROM pg_stat_activity a", in: server.address(of: "postgres"))
        #expect(sessions.contains("posthorn") && !sessions.contains(canary))
        #expect(engine.stop() == 0 && !engine.output.contains(canary), "\(engine.output)")
    }
}
#endif
