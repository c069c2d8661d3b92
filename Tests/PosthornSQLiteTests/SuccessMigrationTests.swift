import PosthornMigrations
import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornSQLite
import PosthornStore

/// The migration that lets a taken attempt have any status: it writes a table's stored statement anew and touches no row.
@Suite struct SuccessMigrationTests {
    private let folder: TemporaryDirectory
    private var path: String { folder.file("outbox.db") }
    private let taken = "INSERT INTO posthorn_attempt (delivery, number, started, duration_us, status) VALUES (9, 1, 0, 0, 204)"

    init() throws { folder = try TemporaryDirectory() }

    /// An outbox of the program before, with attempts.
    private func old() throws -> SQLiteConnection {
        let old = try SQLiteConnection(path: path, creating: true)
        _ = try old.text("PRAGMA journal_mode = WAL")
        try Migrator(Array(Migrations.sqlite.prefix(26))).migrate(old, now: 0)
        try old.execute(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
            INSERT INTO posthorn_attempt (delivery, number, started, duration_us, status, error, error_text, response)
            SELECT 100 + i, 1, 0, 0, iif(i % 2, 200, 503), iif(i % 2, NULL, 'http_status'), '', zeroblob(500) FROM n
            """
        )
        return old
    }

    @Test func aTakenAttemptHasAnyStatusAfterwards() throws {
        let other = try old()
        #expect(throws: OutboxProblem.self) { try other.execute(taken) }
        let pages = try other.integer("PRAGMA page_count")
        let store = try SQLiteStore(path: path, now: Timestamp(milliseconds: 0))
        // A connection that was open before sees it, and so does the one that migrated.
        try other.execute(taken)
        try other.execute("DELETE FROM posthorn_attempt WHERE delivery = 9")
        #expect(try other.integer("SELECT count(*) FROM posthorn_attempt") == 2000)
        // One is that of an index that a later migration makes.
        #expect(try other.integer("PRAGMA page_count") == pages.map { $0 + 1 })
        #expect(try other.text("PRAGMA integrity_check") == "ok")
        #expect(try store.schemaDifferences().isEmpty)
        // Neither an error nor a status is no result.
        #expect(throws: OutboxProblem.self) {
            try other.execute("INSERT INTO posthorn_attempt VALUES (9, 1, 0, 0, NULL, NULL, NULL, NULL, NULL)")
        }
        #expect(try other.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'posthorn_read_again'") == 0)
    }

    /// Where the statement could not be written anew, nothing is changed and the file stays one of the program before.
    @Test func aTableThatIsNotAsItWasIsLeftAlone() throws {
        let connection = try old()
        try connection.execute(
            """
            ALTER TABLE posthorn_attempt RENAME TO aside; CREATE TABLE posthorn_attempt (
                delivery INTEGER NOT NULL, number INTEGER NOT NULL, started INTEGER NOT NULL, duration_us INTEGER NOT NULL, status INTEGER,
                error TEXT, error_text TEXT, response BLOB, address TEXT, PRIMARY KEY (delivery, number), CHECK (status = 200)
            ) WITHOUT ROWID
            """
        )
        #expect(throws: OutboxProblem.self) { try SQLiteStore(path: path, now: Timestamp(milliseconds: 0)) }
        #expect(try connection.integer("SELECT max(number) FROM posthorn_migration") == 26)
        #expect(throws: OutboxProblem.self) { try connection.execute(taken) }
    }
}
