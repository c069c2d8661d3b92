import Glibc
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornSQLite

/// Connections for reading, and what one reading sees.
@Suite(.limited()) struct SQLiteReadersTests {
    private let folder: TemporaryDirectory
    private let now = Timestamp(milliseconds: 1_594_816_394_000)
    private var path: String { folder.file("outbox.db") }

    init() throws { folder = try TemporaryDirectory() }

    private func addNode(_ id: String, to store: SQLiteStore) throws {
        let topology = try Topology(nodes: [Node(id: id, level: .company)], endpoints: [])
        let plan = try TopologyPlan(making: topology, of: try store.topology(), prune: false) { _, new in new.credentials }
        try store.write { () throws(OutboxProblem) in try store.change(plan, at: now) }
    }

    private func nodes(_ reader: any OutboxReader) throws -> Int {
        let stored: StoredTopology = try reader.topology(withCredentials: false, withRemoved: false)
        return stored.nodes.count
    }

    @Test func oneReadingSeesOneState() throws {
        let (path, now) = (path, now)
        let writer = try SQLiteStore(path: path, now: now)
        let readers = SQLiteReaders { () throws(OutboxProblem) in try SQLiteStore(path: path, now: now) }
        let seen = try readers.read { reader in
            let before = try nodes(reader)
            try addNode("a", to: writer)
            return [before, try nodes(reader)]
        }
        #expect(seen == [0, 0])
        // The same connection, whose transaction is over.
        #expect(try readers.read(nodes) == 1)
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            try readers.read { reader -> Int in
                _ = try nodes(reader)
                throw Stop()
            }
        }
        try addNode("b", to: writer)
        #expect(try readers.read(nodes) == 2)
    }

    /// SQLite has the log beside the file itself.
    @Test func whereThePathIsALinkTheLogIsFoundAndEmptied() throws {
        let link = path + "-link.db"
        _ = try SQLiteStore(path: path, now: now)
        try #require(symlink(path, link) == 0)
        let store = try SQLiteStore(path: link, now: now)
        try #require(try store.join(alone: false))
        let other = try SQLiteConnection(path: path, creating: false)
        try other.execute("PRAGMA wal_autocheckpoint = 0; CREATE TABLE own (data BLOB); INSERT INTO own VALUES (zeroblob(6000000))")
        #expect(FileSnapshot(path: link)?.hasLog == true)
        var facts = stat()
        try #require(stat(path, &facts) == 0 && facts.st_size < 1_000_000)
        try store.maintain()
        try #require(stat(path, &facts) == 0)
        #expect(facts.st_size > 6_000_000)
    }

    /// A connection that takes the file for unchangeable is good for one reading; the next one sees what was written meanwhile.
    @Test func aFileWithoutALogIsOpenedForEachReading() throws {
        let (path, now) = (path, now)
        func write(_ node: String) throws { try addNode(node, to: try SQLiteStore(path: path, now: now)) }
        let readers = SQLiteReaders { () throws(OutboxProblem) in
            SQLiteStore(
                try SQLiteConnection(path: path, creating: false, access: .readingAlone),
                path: path,
                sealing: nil,
                isReadOnly: true,
                snapshot: FileSnapshot(path: path)
            )
        }
        for (place, node) in ["a", "b"].enumerated() {
            try write(node)
            #expect(try readers.read(nodes) == place + 1)
        }
    }

    /// A part that was undone does not hide that the whole is undone later.
    @Test func anUndoneTransactionCountsAfterAnUndonePart() throws {
        let store = try SQLiteStore(path: path, now: now)
        let topology = try Topology(nodes: [Node(id: "n", level: .company)], endpoints: [])
        let plan = try TopologyPlan(making: topology, of: try store.topology(), prune: false) { _, new in new.credentials }
        let problem = OutboxProblem(.access, "for this test")
        var afterThePart = 0
        #expect(throws: OutboxProblem.self) {
            try store.write { () throws(OutboxProblem) in
                try store.change(plan, at: now)
                do throws(OutboxProblem) {
                    try store.undoable { () throws(OutboxProblem) in throw problem }
                } catch { afterThePart = store.topologyRollbacks }
                throw problem
            }
        }
        #expect(store.topologyRollbacks > afterThePart)
        let before = store.topologyRollbacks
        #expect(throws: OutboxProblem.self) { try store.write { () throws(OutboxProblem) in throw problem } }
        #expect(store.topologyRollbacks == before)
    }
}
