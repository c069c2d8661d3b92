#if PostgreSQL
import PosthornMigrations
import PosthornStore
import PosthornSystem
import PosthornTestSupport
import Synchronization
import Testing

@testable import PosthornPostgres

/// A newer version opens an outbox from which engines of this one deliver.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300)) struct RollingUpgradeTests {
    private static let schema = Migrations.postgreSQL.count

    /// What a newer version would bring.
    private func migrator(worksFrom oldest: Int, patience: Int = 12_000) -> PostgresMigrator {
        let number = Self.schema + 1
        let later = Migrations.Migration(
            number: number,
            name: "\(number)_later.sql",
            sql: Array("CREATE TABLE posthorn_later (a int);".utf8),
            oldest: oldest
        )
        return PostgresMigrator("x", migrations: Migrations.postgreSQL + [later], patience: patience)
    }

    private func problem(_ body: () throws(OutboxProblem) -> Void) -> OutboxProblem? {
        do throws(OutboxProblem) { try body() } catch { return error }
        return nil
    }

    private func isMigrated(_ place: EnginePlace) throws -> Bool {
        try place.number("SELECT count(*) FROM pg_class WHERE relname = 'posthorn_later'") == 1
    }

    @Test func oneThatWouldBreakEnginesWaitsUntilTheyHaveEnded() throws {
        let place = try EnginePlace()
        let engine = try place.start()
        let refused = problem { () throws(OutboxProblem) in
            try migrator(worksFrom: Self.schema + 1, patience: 0).migrate(PostgresConnection(PostgresPlace(place.address)), now: 1)
        }
        let message = refused?.message ?? ""
        #expect(refused?.code == .busy && message.contains("process \(engine.process) on "), "\(message)")
        #expect(try !isMigrated(place))
        try place.insert("before", 10)
        try place.wait(for: "SELECT count(*) FROM posthorn_settled") { $0 == 10 * place.endpoints }
        let outcome = Mutex<OutboxProblem?>(nil)
        // The migrator looks four times a second; the engine ends when it likes.
        let patient = migrator(worksFrom: Self.schema + 1, patience: 240_000)
        let thread = try WorkerThread(name: "newer") {
            let found = problem { () throws(OutboxProblem) in
                try patient.migrate(PostgresConnection(PostgresPlace(place.address)), now: 1)
            }
            outcome.withLock { $0 = found }
        }
        #expect(engine.stop() == 0, "\(engine.output)")
        thread.join()
        #expect(outcome.withLock { $0 } == nil)
        #expect(try isMigrated(place))
        // This version is the old one now.
        let late = try Command.run(place.run(["--until-settled"]))
        #expect(late.status != 0 && late.output.contains("newer than this program's"), "\(late.output)")
        try place.check(committed: 10)
    }

    @Test func oneThatOnlyAddsLetsThemGoOnAndConnectAgain() throws {
        let place = try EnginePlace()
        let first = try place.start()
        try migrator(worksFrom: Self.schema, patience: 0).migrate(PostgresConnection(PostgresPlace(place.address)), now: 1)
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
        for engine in [first, second] { #expect(engine.stop() == 0, "\(engine.output)") }
        try place.check(committed: 30)
    }
}
#endif
