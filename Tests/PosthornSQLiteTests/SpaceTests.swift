import Glibc
import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornSQLite
import PosthornStore

/// Space that deleted rows leave.
@Suite struct SpaceTests {
    private let folder: TemporaryDirectory
    private let now = Timestamp(milliseconds: 1_594_816_394_000)

    init() throws { folder = try TemporaryDirectory() }

    @Test func aTenthOfTheFileStaysForWhatIsStoredNext() {
        #expect(SQLiteStore.pagesToGiveBack(free: 1000, total: 1_000_000) == 0)
        #expect(SQLiteStore.pagesToGiveBack(free: 1500, total: 5000) == 476)
        #expect(SQLiteStore.pagesToGiveBack(free: 500_000, total: 1_000_000) == 400_000)
    }

    private func fill(_ connection: SQLiteConnection) throws {
        try connection.execute(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
            INSERT INTO posthorn_outbox (type, node, data, origin) SELECT 'T', 'n', '{"a":"' || hex(zeroblob(2000)) || '"}', 1 FROM n
            """
        )
    }

    @Test func aNewFileIsCutInStepsAfterRowsHaveGone() throws {
        let store = try SQLiteStore(path: folder.file("outbox.db"), now: now)
        try store.write { () throws(OutboxProblem) in
            try store.connection.execute("INSERT INTO posthorn_node (id, level) VALUES ('n', 'site')")
        }
        try fill(store.connection)
        let full = try #require(try store.connection.integer("PRAGMA page_count"))
        try store.connection.execute("DELETE FROM posthorn_outbox")
        var steps = 0
        while true {
            let count = try store.write { () throws(OutboxProblem) in try store.giveBackSpace(limit: 200) }
            #expect(count <= 200)
            if count == 0 { break }
            steps += 1
        }
        let left = try #require(try store.connection.integer("PRAGMA page_count"))
        #expect(steps > 5 && left < full / 2)
        #expect(try store.integrityProblems().isEmpty)
    }

    @Test func aFileThatAnotherProgramHasMadeIsLeftAsItIs() throws {
        let path = folder.file("platform.db")
        try SQLiteConnection(path: path, creating: true).execute("CREATE TABLE meeting (id)")
        let store = try SQLiteStore(path: path, now: now)
        try fill(store.connection)
        try store.connection.execute("DELETE FROM posthorn_outbox")
        #expect(try store.connection.integer("PRAGMA auto_vacuum") == 0)
        #expect(try store.write { () throws(OutboxProblem) in try store.giveBackSpace(limit: 200) } == 0)
    }
}
