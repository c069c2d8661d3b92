#if PostgreSQL
import Glibc
import PosthornMigrations
import PosthornStore
import PosthornTestSupport
import Testing

@testable import PosthornPostgres

/// A newer version opens an outbox from which engines of this one deliver.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300)) struct RollingUpgradeTests {
    private static let schema = Migrations.postgreSQL.count

    /// What a newer version would bring.
    private func migrator(worksFrom oldest: Int) -> PostgresMigrator {
        let number = Self.schema + 1
        let later = Migrations.Migration(
            number: number,
            name: "\(number)_later.sql",
            sql: Array("CREATE TABLE posthorn_later (a int);".utf8),
            oldest: oldest
        )
        return PostgresMigrator("x", later: [later])
    }

    private func problem(_ body: () throws(OutboxProblem) -> Void) -> OutboxProblem? {
        do throws(OutboxProblem) { try body() } catch { return error }
        return nil
    }

    private func isMigrated(_ place: EnginePlace) throws -> Bool {
        try place.number("SELECT count(*) FROM pg_class WHERE relname = 'posthorn_later'") == 1
    }

    @Test func oneThatWouldBreakEnginesIsRefusedUntilTheyHaveEnded() throws {
        let place = try EnginePlace()
        let engine = try place.start()
        let refused = problem { () throws(OutboxProblem) in
            try migrator(worksFrom: Self.schema + 1).migrate(PostgresConnection(PostgresPlace(place.address)), now: 1)
        }
        let message = refused?.message ?? ""
        #expect(refused?.code == .busy && message.contains("process \(engine.process) on "), "\(message)")
        #expect(try !isMigrated(place))
        try place.insert("before", 10)
        try place.wait(for: "SELECT count(*) FROM posthorn_settled") { $0 == 10 * place.endpoints }
        #expect(engine.stop() == 0, "\(engine.output)")
        try migrator(worksFrom: Self.schema + 1).migrate(PostgresConnection(PostgresPlace(place.address)), now: 1)
        #expect(try isMigrated(place))
        // This version is the old one now.
        let late = try Command.run(place.run(["--until-settled"]))
        #expect(late.status != 0 && late.output.contains("newer than this program's"), "\(late.output)")
        try place.check(committed: 10)
    }

    /// One that sleeps gives no sign of life, and is not to go on with a schema that it does not know.
    @Test func anEngineThatWasPausedMeanwhileIsRefusedWhenItWakes() throws {
        let place = try EnginePlace()
        let engine = try place.start()
        kill(engine.process, SIGSTOP)
        // Instead of ten seconds.
        let database = place.server.address(of: place.server.name(of: place.address))
        try place.server.run("UPDATE posthorn_dispatcher SET beaten = beaten - interval '1 minute'", in: database)
        try migrator(worksFrom: Self.schema + 1).migrate(PostgresConnection(PostgresPlace(place.address)), now: 1)
        #expect(try place.number("SELECT count(*) FROM posthorn_shard WHERE dispatcher IS NOT NULL") == 0)
        try place.insert("late", 10)
        kill(engine.process, SIGCONT)
        // By itself: no further try would help, and a supervisor is to see it.
        #expect(engine.waitForEnd() == 1, "\(engine.output)")
        #expect(engine.output.contains("newer than this program's"), "\(engine.output)")
        #expect(try place.number("SELECT count(*) FROM posthorn_dispatcher") == 0)
        #expect(place.receiver.requests.isEmpty)
    }

    /// Tables that are missing or strange may be a backup that is on its way back.
    @Test func onlyANewerSchemaEndsAnEngine() {
        let verdict = SchemaVerdict()
        func look(_ found: OutboxProblem?) -> OutboxProblem? {
            try? verdict.noting { () throws(OutboxProblem) in if let found { throw found } }
            return verdict.problem
        }
        let newer = PostgresMigrator.newer(18, than: 17, "x")
        for other in [OutboxProblem(.schema, "strange tables"), .init(.schema, "no such table (42P01)"), .init(.unreachable, "gone"), nil] {
            #expect(look(newer) == newer)
            #expect(look(other) == nil)
        }
    }

    @Test func oneThatOnlyAddsLetsThemGoOnAndConnectAgain() throws {
        let place = try EnginePlace()
        let first = try place.start()
        try migrator(worksFrom: Self.schema).migrate(PostgresConnection(PostgresPlace(place.address)), now: 1)
        #expect(try isMigrated(place))
        try place.insert("beside", 10)
        try place.wait(for: "SELECT count(*) FROM posthorn_settled") { $0 == 10 * place.endpoints }
        // Connected again, and started anew, they find a schema that they do not know.
        try place.server.stop("fast")
        try place.server.start()
        try place.insert("again", 10)
        try place.wait(for: "SELECT count(*) FROM posthorn_settled") { $0 == 20 * place.endpoints }
        let second = try place.start()
        try place.insert("both", 10)
        try place.wait(for: "SELECT count(*) FROM posthorn_settled") { $0 == 30 * place.endpoints }
        // What the newer one has added is no fault of the outbox's.
        let doctor = try Command.run([Command.product("posthorn"), "doctor", "--db", place.address])
        #expect(!doctor.output.contains("posthorn_later"), "\(doctor.output)")
        for engine in [first, second] { #expect(engine.stop() == 0, "\(engine.output)") }
        try place.check(committed: 30)
    }
}
#endif
