import PosthornModel
import PosthornStore
import PosthornSystem
import CPosthornSQLite
import Glibc

/// One connection to the outbox's file, used by one thread at a time.
///
/// Together with ``SQLiteStatement`` it is the only place that touches SQLite's pointers.
final class SQLiteConnection {
    let handle: OpaquePointer
    let path: String
    /// The same from the root, so that it means the same after a change of the working directory.
    let absolutePath: String
    /// The file that it leads to over symbolic links, beside which SQLite puts its log.
    let realPath: String
    /// Kept statements by the address of their text: the text itself would be hashed several times a delivery. `unchecked`, since it is used
    /// as often, by one thread at a time: Swift's check that no access overlaps another would be paid for each.
    @exclusivity(unchecked) private var statements = IntegerTable<SQLiteStatement>()

    /// Frames in the write-ahead log after this connection's last commit.
    private(set) var walFrames = 0

    /// How long a statement waits for another process's lock before it fails with ``OutboxProblem/Code/busy``.
    let busyTimeoutMilliseconds: Int32

    /// What a connection may do.
    enum Access {
        case readingAndWriting
        case reading
        /// Reading a file that has no log and that nobody changes meanwhile: takes no locks and makes no files beside it
        /// (sqlite.org/c3ref/open.html, "immutable").
        case readingAlone
    }

    /// Opens the file, and makes it when it does not exist and `creating` is set.
    init(
        path: String,
        creating: Bool,
        access: Access = .readingAndWriting,
        busyTimeoutMilliseconds: Int32 = 10_000
    ) throws(OutboxProblem) {
        if creating { Self.makePrivateFile(path) }
        var pointer: OpaquePointer?
        // NOMUTEX: the connection is confined to one thread at a time, so SQLite's own lock would only cost.
        let mode = access == .readingAndWriting ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY
        let flags = mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | (creating ? SQLITE_OPEN_CREATE : 0)
        let status = sqlite3_open_v2(Self.name(path, access), &pointer, flags, nil)
        guard status == SQLITE_OK, let opened = pointer else {
            let detail = pointer.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            let isShort = Self.lacksDescriptors(pointer)
            sqlite3_close_v2(pointer)
            if isShort { throw Self.noDescriptor(path) }
            throw OutboxProblem(.access, "cannot open the outbox \(path): \(detail); check the path and its permissions")
        }
        handle = opened
        self.path = path
        absolutePath = Self.absolute(path)
        realPath = sqlite3_db_filename(opened, "main").map { String(cString: $0) } ?? absolutePath
        self.busyTimeoutMilliseconds = busyTimeoutMilliseconds
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, busyTimeoutMilliseconds)
    }

    /// Makes a missing file readable by its owner alone: an outbox holds credentials. SQLite gives its log the same mode.
    private static func makePrivateFile(_ path: String) {
        // Only where there is none: closing a descriptor of an open database would drop SQLite's locks on it.
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
    }

    /// The file as SQLite is to open it. A path is told from a URI by its start.
    private static func name(_ path: String, _ access: Access) -> String {
        if access != .readingAlone && !path.hasPrefix("file:") { return path }
        let safe = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~/".utf8)
        let hex = Array("0123456789ABCDEF".utf8)
        let bytes = absolute(path).utf8.flatMap { safe.contains($0) ? [$0] : [UInt8(ascii: "%"), hex[Int($0 >> 4)], hex[Int($0 & 15)]] }
        return "file:" + String(decoding: bytes, as: UTF8.self) + (access == .readingAlone ? "?immutable=1" : "")
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return "\(String(cString: folder))/\(path)"
    }

    deinit {
        statements = IntegerTable()
        sqlite3_close_v2(handle)
    }

    /// Lets a migration write the stored statement of a table, which some builds of SQLite forbid at first.
    func allowSchemaWrites() { _ = posthorn_sqlite3_allow_schema_writes(handle) }

    /// Runs one or more statements that return nothing of interest.
    func execute(_ sql: String) throws(OutboxProblem) {
        let status = sqlite3_exec(handle, sql, nil, nil, nil)
        if status != SQLITE_OK { throw problem(status) }
    }

    /// A statement, prepared once and kept.
    func statement(_ sql: StaticString) throws(OutboxProblem) -> SQLiteStatement {
        let address = Int64(Int(bitPattern: sql.utf8Start))
        if let known = statements[address] { return known }
        let made = try prepare(sql.description)
        statements[address] = made
        return made
    }

    /// A statement that the caller keeps or throws away.
    func prepare(_ sql: String) throws(OutboxProblem) -> SQLiteStatement {
        var pointer: OpaquePointer?
        let status = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &pointer, nil)
        guard status == SQLITE_OK, let prepared = pointer else { throw problem(status) }
        return SQLiteStatement(prepared, connection: self)
    }

    /// The first column of the first row as an integer; `nil` when there is no row or it is NULL.
    func integer(_ sql: StaticString) throws(OutboxProblem) -> Int64? {
        let statement = try statement(sql)
        defer { statement.reset() }
        guard try statement.step(), !statement.isNull(0) else { return nil }
        return statement.integer(0)
    }

    /// The first column of the first row as text.
    func text(_ sql: StaticString) throws(OutboxProblem) -> String? {
        let statement = try statement(sql)
        defer { statement.reset() }
        guard try statement.step(), !statement.isNull(0) else { return nil }
        return statement.text(0)
    }

    /// Rows that the last statement changed.
    var changes: Int { Int(sqlite3_changes64(handle)) }

    /// The row id of the last insert.
    var lastInsertRowID: Int64 { sqlite3_last_insert_rowid(handle) }

    /// Whether a transaction is open.
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Statements that were stepped, for the benchmark's count. `unchecked` for the same reason as `statements`.
    @exclusivity(unchecked) var statementSteps = 0

    /// Counts the log's frames at every commit. Replaces SQLite's automatic checkpoint, which must never run (see `Checkpointer`).
    func watchLog() {
        let me = Unmanaged.passUnretained(self).toOpaque()
        _ = sqlite3_wal_hook(
            handle,
            { context, _, _, frames in
                guard let context else { return SQLITE_OK }
                Unmanaged<SQLiteConnection>.fromOpaque(context).takeUnretainedValue().walFrames = Int(frames)
                return SQLITE_OK
            },
            me
        )
    }

    /// The outbox's triggers check what other programs write. What this connection writes is checked before, and each of
    /// its updates names the states it starts from; a program that SQLite runs for each row would only cost.
    func leaveTriggersToOthers() { _ = posthorn_sqlite3_disable_triggers(handle) }

    /// Copies what is committed into the database file and says how far it came.
    func passiveCheckpoint() throws(OutboxProblem) -> (logFrames: Int, checkpointedFrames: Int) {
        var log: Int32 = 0
        var done: Int32 = 0
        let status = sqlite3_wal_checkpoint_v2(handle, "main", SQLITE_CHECKPOINT_PASSIVE, &log, &done)
        if status != SQLITE_OK { throw problem(status) }
        return (Int(log), Int(done))
    }

    /// SQLITE_IOERR_SHMSIZE, a macro that is not imported.
    private static let indexCannotGrow = SQLITE_IOERR | (19 << 8)

    /// Whether a file could not be opened because the process or the machine has too many open already.
    private static func lacksDescriptors(_ handle: OpaquePointer?) -> Bool {
        handle.map { [EMFILE, ENFILE].contains(sqlite3_system_errno($0)) } ?? false
    }

    private static func noDescriptor(_ path: String) -> OutboxProblem {
        OutboxProblem(.io, "no descriptor is left to open the outbox \(path); raise the limit (ulimit -n, or LimitNOFILE= of the service)")
    }

    /// The problem that a result code stands for, with SQLite's own text.
    func problem(_ status: Int32) -> OutboxProblem {
        let detail = String(cString: sqlite3_errmsg(handle))
        switch status & 0xFF {
        case SQLITE_BUSY, SQLITE_LOCKED:
            return OutboxProblem(.busy, "the outbox \(path) is busy: another process holds its write lock; try again")
        // The index of the log grows by a write as well, and SQLite has no other word for a disk that refuses it.
        case SQLITE_FULL,
            SQLITE_IOERR where status & 0xFF == SQLITE_FULL || status == Self.indexCannotGrow:
            return OutboxProblem(.full, "the disk of the outbox \(path) is full; make room, nothing was stored")
        case SQLITE_NOTADB, SQLITE_CORRUPT:
            return OutboxProblem(
                .notADatabase,
                "\(path) is not a SQLite database or is damaged (\(detail))",
                remedy: .restoreOrNameAnother
            )
        case SQLITE_CANTOPEN where Self.lacksDescriptors(handle): return Self.noDescriptor(path)
        case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH:
            return OutboxProblem(.access, "cannot write the outbox \(path): \(detail); check the file's and its folder's permissions")
        case SQLITE_IOERR: return OutboxProblem(.io, "the disk of the outbox \(path) failed: \(detail) (code \(status))")
        case SQLITE_CONSTRAINT: return OutboxProblem(.constraint, detail)
        default: return OutboxProblem(.other, "SQLite: \(detail) (code \(status), outbox \(path))")
        }
    }
}
