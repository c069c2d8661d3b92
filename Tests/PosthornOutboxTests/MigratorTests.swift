import Glibc
import PosthornMigrations
import PosthornModel
import PosthornText
import PosthornTestSupport
import Testing

@testable import PosthornOutbox

@Suite struct MigratorTests {
    private let folder: TemporaryDirectory
    private let now = Timestamp(milliseconds: 1_594_816_394_000)
    private var path: String { folder.file("outbox.db") }

    init() throws { folder = try TemporaryDirectory() }

    private func bytes(_ path: String) -> [UInt8] {
        guard let file = fopen(path, "rb") else { return [] }
        defer { fclose(file) }
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return all }
            all += buffer[..<count]
        }
    }

    private func write(_ bytes: [UInt8]) {
        let file = fopen(path, "wb")
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }

    private func refusal() -> OutboxProblem? {
        do throws(OutboxProblem) {
            _ = try SQLiteStore(path: path, now: now)
            return nil
        } catch {
            return error
        }
    }

    @Test func theListOfMigrationsIsTheFolder() throws {
        #expect(Migrations.sqlite.map(\.number) == Array(1...Migrations.sqlite.count))
    }

    @Test func aSecondOpeningChangesNothing() throws {
        _ = try SQLiteStore(path: path, now: now)
        let before = bytes(path)
        _ = try SQLiteStore(path: path, now: now)
        #expect(bytes(path) == before)
    }

    @Test func aFileThatIsNoDatabaseIsRefusedAndLeftAlone() throws {
        write(Array(repeating: UInt8(ascii: "x"), count: 5000))
        #expect(refusal()?.code == .notADatabase)
        #expect(bytes(path) == Array(repeating: UInt8(ascii: "x"), count: 5000))
    }

    @Test func aDamagedDatabaseIsRefusedAndLeftAlone() throws {
        _ = try SQLiteStore(path: path, now: now)
        var damaged = bytes(path)
        for i in 100..<min(4096, damaged.count) { damaged[i] = 0xFF }
        write(damaged)
        #expect(refusal()?.code == .notADatabase)
        #expect(bytes(path) == damaged)
    }

    @Test func aNewerSchemaIsRefusedWithBothVersions() throws {
        let connection = try { () throws(OutboxProblem) in
            _ = try SQLiteStore(path: path, now: now)
            return try SQLiteConnection(path: path, creating: false)
        }()
        let next = Migrations.sqlite.count + 1
        try connection.execute("INSERT INTO posthorn_migration VALUES (\(next), 'later.sql', 'abc', 0)")
        let problem = try #require(refusal())
        #expect(problem.code == .schema)
        #expect(problem.message.contains("schema \(next)") && problem.message.contains("\(Migrations.sqlite.count)"))
    }

    @Test func aChangedMigrationIsRefused() throws {
        _ = try SQLiteStore(path: path, now: now)
        try SQLiteConnection(path: path, creating: false).execute("UPDATE posthorn_migration SET checksum = 'other' WHERE number = 1")
        #expect(
            refusal()?.message.contains("migration 1 (001_outbox.sql) of the outbox \(path) had another content than this program's;")
                == true
        )
    }

    @Test func tablesOfOurNameThatAreNotOursAreRefused() throws {
        try SQLiteConnection(path: path, creating: true).execute("CREATE TABLE posthorn_outbox (a)")
        #expect(refusal()?.code == .schema)
    }

    @Test func aPlatformsOwnDatabaseKeepsItsTables() throws {
        let platform = try SQLiteConnection(path: path, creating: true)
        try platform.execute("CREATE TABLE customer (name); INSERT INTO customer VALUES ('a'); PRAGMA user_version = 42")
        _ = try SQLiteStore(path: path, now: now)
        #expect(try platform.integer("SELECT count(*) FROM customer") == 1)
        #expect(try platform.integer("PRAGMA user_version") == 42)
    }

    @Test func aMigrationThatFailsLeavesNothingOfItself() throws {
        let connection = try SQLiteConnection(path: path, creating: true)
        let broken = Migrations.Migration(
            number: 1,
            name: "001_broken.sql",
            sql: Array("CREATE TABLE posthorn_a (x); CREATE NONSENSE".utf8)
        )
        #expect(throws: OutboxProblem.self) { try Migrator([broken]).migrate(connection, now: 0) }
        #expect(try connection.integer("SELECT count(*) FROM sqlite_schema") == 0)
    }

    @Test func aMissingFolderIsOneClearLine() throws {
        do throws(OutboxProblem) {
            _ = try SQLiteStore(path: folder.file("no/such/outbox.db"), now: now)
            Issue.record("it opened")
        } catch {
            #expect(error.code == .access)
            #expect(!error.message.contains("\n"))
        }
    }

    @Test func theWordsOfTheStatesAreTheSameInSQL() throws {
        _ = try SQLiteStore(path: path, now: now)
        let connection = try SQLiteConnection(path: path, creating: false)
        let schema = try #require(try connection.text("SELECT sql FROM sqlite_schema WHERE name = 'posthorn_delivery'"))
        for state in DeliveryState.allCases { #expect(schema.contains("state = '\(state.rawValue)'")) }
        for from in DeliveryState.allCases {
            for to in DeliveryState.allCases where from != to {
                try connection.execute("DELETE FROM posthorn_delivery")
                let due = { (state: DeliveryState) in state == .pending ? "1" : "NULL" }
                try connection.execute(
                    """
                    INSERT INTO posthorn_delivery (id, event, revision, state, attempts, next_attempt_at)
                    VALUES (1, 1, 1, '\(from.rawValue)', 1, \(due(from)))
                    """
                )
                func moves(_ more: String = "") -> Bool {
                    let sql = "UPDATE posthorn_delivery SET state = '\(to.rawValue)', next_attempt_at = \(due(to))\(more) WHERE id = 1"
                    return (try? connection.execute(sql)) != nil
                }
                // What was delivered is due again only with a new round of the schedule, as somebody asks for it by hand.
                if from == .delivered { #expect(!moves(), "\(from) to \(to)") }
                #expect(moves(from == .delivered ? ", round_base = 1" : "") == from.legalMoves.contains(to), "\(from) to \(to)")
            }
        }
    }
}
