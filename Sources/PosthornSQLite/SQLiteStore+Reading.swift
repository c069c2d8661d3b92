import PosthornModel
package import PosthornStore
import CPosthornSQLite
import Glibc

extension SQLiteStore {
    /// Opens a file that one may only read, and changes nothing about it or its folder.
    ///
    /// SQLite needs the log and its index beside the file to read it while others write. Where nobody has it open there are none,
    /// and where they cannot be made the file is read as it is; it must not change meanwhile (``confirmUnchanged()``).
    /// - Parameters:
    ///   - path: The database file.
    ///   - sealing: Opens credentials; `nil` to leave sealed ones closed.
    ///   - anySchema: Whether an older schema will do, for what is the same in all.
    /// - Throws: ``OutboxProblem`` when it cannot be read, is no database, or has another schema.
    package convenience init(
        reading path: String,
        sealing: (any CredentialSealing)? = nil,
        anySchema: Bool = false
    ) throws(OutboxProblem) {
        _ = Self.disableMemoryStatistics
        let (connection, snapshot) = try Self.openToRead(path)
        let applied = try Migrator().check(connection)
        let wanted = Migrator().migrations.count
        if applied < wanted, !anySchema {
            throw OutboxProblem(
                .schema,
                "the outbox \(path) has schema \(applied), older than this program's \(wanted), and this user may not bring it up to date",
                remedy: .openAsWriter
            )
        }
        try connection.execute("PRAGMA query_only = ON; PRAGMA cache_size = -16384; PRAGMA mmap_size = 0; PRAGMA temp_store = FILE;")
        self.init(connection, path: path, sealing: sealing, isReadOnly: true, snapshot: snapshot)
    }

    static func openToRead(_ path: String) throws(OutboxProblem) -> (SQLiteConnection, FileSnapshot?) {
        let shared = try SQLiteConnection(path: path, creating: false, access: .reading)
        do throws(OutboxProblem) {
            _ = try shared.integer("SELECT count(*) FROM sqlite_schema")
            return (shared, nil)
        } catch {
            guard error.code == .access else { throw error }
            guard let snapshot = FileSnapshot(path: shared.absolutePath), !snapshot.hasLog else {
                throw OutboxProblem(
                    .access,
                    "the outbox \(path) has commits in its log \(path)-wal, which this user cannot read without writing \(path)-shm",
                    remedy: .readAsWriter
                )
            }
            return (try SQLiteConnection(path: path, creating: false, access: .readingAlone), snapshot)
        }
    }

    /// After a reading: refuses what was read of a file that has changed meanwhile.
    /// - Throws: ``OutboxProblem`` of code `busy`.
    package func confirmUnchanged() throws(OutboxProblem) {
        guard let snapshot, FileSnapshot(path: connection.absolutePath) != snapshot else { return }
        throw OutboxProblem(.busy, "the outbox \(path) was changed while it was read; try again")
    }
}

/// What can be seen of a database's file from outside, to tell whether it has changed.
struct FileSnapshot: Equatable {
    private let identity: FileIdentity
    private let bytes: Int
    private let changedSeconds: Int
    private let changedNanoseconds: Int
    /// Whether there is a log with something in it.
    let hasLog: Bool

    /// `nil` when there is no such file.
    init?(path: String) {
        var facts = stat()
        guard let identity = try? FileIdentity(path: path), stat(path, &facts) == 0 else { return nil }
        self.identity = identity
        bytes = Int(facts.st_size)
        changedSeconds = facts.st_mtim.tv_sec
        changedNanoseconds = facts.st_mtim.tv_nsec
        // Beside the file itself, where the path is a link to it.
        let resolved = realpath(path, nil)
        defer { free(resolved) }
        var log = stat()
        hasLog = stat((resolved.map { String(cString: $0) } ?? path) + "-wal", &log) == 0 && log.st_size > 0
    }
}
