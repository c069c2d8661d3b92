import Glibc
import PosthornMigrations
import PosthornModel
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

@testable import PosthornSQLite
import PosthornStore

/// Copies of an outbox, and outboxes made of them.
@Suite(.limited()) struct BackupTests {
    private let folder: TemporaryDirectory
    private let now = Timestamp(milliseconds: 1_594_816_394_000)
    private var path: String { folder.file("outbox.db") }
    private var copy: String { folder.file("copy.db") }

    init() throws { folder = try TemporaryDirectory() }

    private func insert(_ count: Int, into connection: SQLiteConnection) throws {
        for _ in 0..<count { try connection.execute("INSERT INTO posthorn_outbox (type, node, data) VALUES ('T', 'n', '{}')") }
    }

    /// An outbox with a node, on a connection as a platform's.
    private func made() throws -> SQLiteConnection {
        let store = try SQLiteStore(path: path, now: now)
        try store.connection.execute("INSERT INTO posthorn_node (id, level) VALUES ('n', 'company')")
        let connection = try SQLiteConnection(path: path, creating: false)
        try connection.execute("PRAGMA wal_autocheckpoint = 0")
        return connection
    }

    @Test func aCopyIsOfOneMomentWhateverIsWrittenMeanwhile() throws {
        let connection = try made()
        // Enough for many steps.
        let data = String(repeating: "x", count: 200_000)
        for _ in 0..<40 {
            try connection.execute("INSERT INTO posthorn_outbox (type, node, data) VALUES ('T', 'n', '{\"a\": \"\(data)\"}')")
        }
        // More than SQLite checkpoints by itself, which nobody but an engine may do.
        var before = stat()
        #expect(stat("\(path)-wal", &before) == 0 && before.st_size > 1000 * 4096 && stat(path, &before) == 0)
        var steps = 0
        let report = try SQLiteBackup.make(of: path, at: copy, now: now) {
            steps += 1
            // Between two steps, as another program would.
            try? insert(1, into: connection)
            return false
        }
        #expect(steps > 4 && report.events == 40 && report.takenAt == now && report.deliveries.isEmpty)
        #expect(try connection.integer("SELECT count(*) FROM posthorn_outbox") == Int64(40 + steps))
        let store = try SQLiteStore(reading: copy)
        #expect(try store.integrityProblems().isEmpty && store.schemaDifferences().isEmpty)
        var facts = stat()
        #expect(stat(copy, &facts) == 0 && facts.st_mode & 0o777 == 0o600)
        #expect(try folder.names().filter { $0.contains("partial") }.isEmpty)
        var after = stat()
        #expect(stat(path, &after) == 0 && after.st_size == before.st_size)
        // The outbox says so, and the copy does not.
        #expect(try SQLiteStore(reading: path).upkeep().backup == BackupFacts(takenAt: now, bytes: report.bytes, events: 40))
        #expect(try store.upkeep().backup == nil)
    }

    @Test func nothingIsOverwrittenAndNothingIsLeftOfACopyThatWasGivenUp() throws {
        let connection = try made()
        try insert(3, into: connection)
        _ = try SQLiteBackup.make(of: path, at: copy, now: now)
        let first = try Array(folder.contents("copy.db"))
        #expect(throws: OutboxProblem.self) { try SQLiteBackup.make(of: path, at: copy, now: now) }
        #expect(try Array(folder.contents("copy.db")) == first)
        let cut = #expect(throws: OutboxProblem.self) { try SQLiteBackup.make(of: path, at: folder.file("cut.db"), now: now) { true } }
        #expect(cut?.code == .refused)
        #expect(try folder.names().filter { $0.hasPrefix("cut") }.isEmpty)
        // Neither a file that is no outbox, nor a place where none can be made.
        let other = try SQLiteConnection(path: folder.file("other.db"), creating: true)
        try other.execute("CREATE TABLE a (b)")
        #expect(throws: OutboxProblem.self) { try SQLiteBackup.make(of: folder.file("other.db"), at: folder.file("x.db"), now: now) }
        #expect(throws: OutboxProblem.self) { try SQLiteBackup.make(of: path, at: "/nonexistent/x.db", now: now) }
    }

    /// However little room there is: either the backup has taken its place, or it is there as before.
    @Test(.enabled(if: SmallDisk.isAvailable, "file systems cannot be mounted here"))
    func anOutboxKeepsItsNameUntilTheBackupIsReady() throws {
        let connection = try made()
        try insert(3, into: connection)
        _ = try SQLiteBackup.make(of: path, at: copy, now: now)
        var failures = 0
        for pages in 0... {
            let disk = try SmallDisk(bytes: 8 << 20)
            let outbox = disk.file("outbox.db")
            do {
                let store = try SQLiteStore(path: outbox, now: now)
                try store.connection.execute("INSERT INTO posthorn_node (id, level) VALUES ('own', 'company')")
            }
            disk.fill()
            truncate(disk.file("filler"), (8 << 20) - Int(try size(of: disk.path)) - pages * 4096)
            do throws(OutboxProblem) {
                _ = try SQLiteBackup.restore(copy, to: outbox, replacing: true, now: now)
                break
            } catch {
                failures += 1
                #expect(error.code == .full, "\(error)")
                // Reading takes some room too.
                disk.empty()
                let left = try SQLiteConnection(path: outbox, creating: false)
                #expect(try left.text("SELECT id FROM posthorn_node") == "own", "\(pages)")
            }
        }
        #expect(failures > 3)
    }

    /// Bytes that the files of a folder take, but for what fills it.
    private func size(of folder: String) throws -> Int {
        var facts = statvfs()
        try #require(statvfs(folder, &facts) == 0)
        var filler = stat()
        try #require(stat("\(folder)/filler", &filler) == 0)
        return Int(facts.f_blocks - facts.f_bfree) * Int(facts.f_frsize) - Int(filler.st_size)
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "file systems cannot be mounted here"))
    func aCopyThatWouldFillTheDiskIsRefusedBeforeItTakesTheRoom() throws {
        let connection = try made()
        try insert(3, into: connection)
        let disk = try SmallDisk(bytes: 64 << 10)
        let refused = #expect(throws: OutboxProblem.self) { try SQLiteBackup.make(of: path, at: disk.file("copy.db"), now: now) }
        #expect(refused?.code == .full && refused?.message.contains("the disk of") == true)
        #expect(FolderListing.names(in: disk.path) == [])
    }

    @Test func aBackupTakesTheOutboxesPlaceWhereThatIsAskedForAndNoEngineRuns() throws {
        let connection = try made()
        try insert(3, into: connection)
        _ = try SQLiteBackup.make(of: path, at: copy, now: now)
        try insert(2, into: connection)
        let kept = #expect(throws: OutboxProblem.self) { try SQLiteBackup.restore(copy, to: path, replacing: false, now: now) }
        #expect(kept?.code == .access && kept?.remedy == .replaceOrNameAnother)
        let engine = OwnerLock(databasePath: path)
        #expect(try engine.take())
        let busy = #expect(throws: OutboxProblem.self) { try SQLiteBackup.restore(copy, to: path, replacing: true, now: now) }
        #expect(busy?.code == .busy)
        #expect(try connection.integer("SELECT count(*) FROM posthorn_outbox") == 5)
        engine.release()
        let report = try SQLiteBackup.restore(copy, to: path, replacing: true, now: now)
        #expect(report.events == 3 && report.takenAt == now)
        let former = try #require(report.formerPath)
        #expect(try SQLiteConnection(path: former, creating: false).integer("SELECT count(*) FROM posthorn_outbox") == 5)
        let restored = try SQLiteStore(path: path, creating: false, now: now)
        #expect(try restored.connection.integer("SELECT count(*) FROM posthorn_outbox") == 3)
        #expect(try restored.setting("backup") == 0)
        // The backup can be used again, and nothing was made beside it.
        #expect(try folder.names().filter { $0.hasPrefix("copy.db") } == ["copy.db"])
        #expect(try SQLiteBackup.restore(copy, to: folder.file("second.db"), replacing: false, now: now).takenAt == now)
    }

    @Test func aDamagedBackupIsRefusedBeforeTheOutboxIsTouched() throws {
        let connection = try made()
        try insert(500, into: connection)
        _ = try SQLiteBackup.make(of: path, at: copy, now: now)
        let descriptor = open(copy, O_WRONLY | O_CLOEXEC)
        // The middle of the file, where a table's pages are.
        var facts = stat()
        fstat(descriptor, &facts)
        let noise = [UInt8](repeating: 0xA5, count: 8192)
        #expect(pwrite(descriptor, noise, noise.count, facts.st_size / 2 / 4096 * 4096) == noise.count)
        close(descriptor)
        #expect(throws: OutboxProblem.self) { try SQLiteBackup.restore(copy, to: path, replacing: true, now: now) }
        #expect(try connection.integer("SELECT count(*) FROM posthorn_outbox") == 500)
        #expect(try folder.names().filter { $0.contains("partial") || $0.contains("replaced") }.isEmpty)
    }

    /// A backup is what one makes before an upgrade.
    @Test func anOutboxOfAnEarlierVersionIsCopiedAsItIs() throws {
        let old = try SQLiteConnection(path: path, creating: true)
        _ = try old.text("PRAGMA journal_mode = WAL")
        try Migrator(Array(Migrations.sqlite.prefix(1))).migrate(old, now: 0)
        let report = try SQLiteBackup.make(of: path, at: copy, now: now)
        #expect(report.validKeys == 0)
        #expect(try Migrator().check(SQLiteConnection(path: copy, creating: false)) == 1)
        _ = try SQLiteBackup.restore(copy, to: folder.file("restored.db"), replacing: false, now: now)
        let upgraded = try SQLiteStore(path: folder.file("restored.db"), creating: false, now: now)
        #expect(try upgraded.schemaDifferences().isEmpty)
    }
}

extension TemporaryDirectory {
    fileprivate func names() throws -> [String] { try #require(FolderListing.names(in: path)) }

    fileprivate func contents(_ name: String) throws -> [UInt8] {
        let descriptor = open(file(name), O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        var facts = stat()
        fstat(descriptor, &facts)
        var bytes = [UInt8](repeating: 0, count: Int(facts.st_size))
        return read(descriptor, &bytes, bytes.count) == bytes.count ? bytes : []
    }
}
