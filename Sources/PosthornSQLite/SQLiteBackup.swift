import PosthornModel
package import PosthornStore
package import PosthornText
import CPosthornLinux
import CPosthornSQLite
import Glibc

/// Copies an outbox's file, page by page, while others use it (https://sqlite.org/backup.html).
///
/// The copy is of one moment: a read transaction stays open on the source from the first page to the last, so that nothing that is
/// written meanwhile begins the copy again. No writer waits for it; the write-ahead log cannot be emptied for as long.
package enum SQLiteBackup {
    /// Pages that are copied at a time: 1 MiB, between which the copy can be stopped.
    private static let pagesPerStep: Int32 = 256
    /// Bytes that are left for what is written while a small outbox is copied.
    private static let logReserveBytes: Int64 = 16 << 20
    /// Steps of SQLite's machine between which a check can be stopped. The walk over the pages of one table is one step in SQLite 3.40.
    private static let stepsPerLook: Int32 = 1_000_000
    /// The setting that a backup has: when it was begun.
    private static let mark = "backup"

    /// Makes a backup, and checks it: the whole file, and that it holds as many events and deliveries as its source at that moment.
    /// - Parameters:
    ///   - source: The outbox, which may be in use.
    ///   - target: Where to; must not exist. It is readable by its owner alone, and what is sealed in the outbox is sealed in it.
    ///   - now: When it is begun.
    ///   - isCut: Asked between steps whether to give up; then nothing is left behind.
    /// - Throws: A problem of code `access` when the target exists or cannot be written, of code `refused` when it was cut.
    package static func make(
        of source: String,
        at target: String,
        now: Timestamp,
        unless isCut: () -> Bool = { false }
    ) throws(OutboxProblem) -> BackupReport {
        try refuseExisting(target)
        let partial = try Partial(of: target)
        let counted = try copy(source, to: partial.path, unless: isCut)
        let report = try makeReady(partial, for: target, source, unless: isCut) { (connection) throws(OutboxProblem) in
            let note = try connection.prepare("INSERT OR REPLACE INTO posthorn_setting (name, value) VALUES (?, ?)")
            note.bind(1, mark)
            note.bind(2, now.milliseconds)
            try note.run()
        }
        guard counted == (report.events, report.deliveries.values.reduce(0, +)) else {
            throw OutboxProblem(.damaged, "the copy of \(source) has other counts than the outbox had; check the outbox, and try again")
        }
        try place(partial, at: target)
        note(BackupFacts(takenAt: now, bytes: report.bytes, events: report.events), in: source)
        return report
    }

    /// Writes down in an outbox that a copy was made of it. One that cannot be written is copied all the same.
    private static func note(_ facts: BackupFacts, in source: String) {
        guard let connection = try? SQLiteConnection(path: source, creating: false, busyTimeoutMilliseconds: 1000) else { return }
        // No checkpoint of its own: the engine alone makes them (``Checkpointer``), and a log that grew beside the copy would begin one.
        guard (try? connection.execute("PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL")) != nil else { return }
        try? SQLiteStore.write(facts.stored, as: BackupFacts.name, connection)
    }

    /// Makes a backup the outbox.
    /// - Parameters:
    ///   - backup: The copy; stays as it is.
    ///   - path: The outbox that is to be.
    ///   - replacing: Whether one that is there is moved aside, unless an engine delivers from it.
    ///   - now: Part of the name that the former one gets.
    /// - Throws: A problem of code `access` when the outbox exists or cannot be written, of code `busy` when an engine delivers from it.
    package static func restore(
        _ backup: String,
        to path: String,
        replacing: Bool,
        now: Timestamp
    ) throws(OutboxProblem) -> BackupReport {
        let isThere = access(path, F_OK) == 0
        if isThere, !replacing {
            throw OutboxProblem(.access, "there is an outbox \(path), and a backup takes the place of none", remedy: .replaceOrNameAnother)
        }
        let partial = try Partial(of: path)
        _ = try copy(backup, to: partial.path, isUnused: true) { false }
        // Before the one that is there is touched.
        let takenAt = try moment(of: partial.path)
        let problems = try SQLiteStore(reading: partial.path, anySchema: true).integrityProblems()
        if let first = problems.first { throw OutboxProblem(.notADatabase, "the backup \(backup) is damaged (\(first)); take another") }
        let report = try makeReady(partial, for: path, backup, unless: { false }) { (connection) throws(OutboxProblem) in
            try connection.execute("DELETE FROM posthorn_setting WHERE name IN ('\(mark)', '\(BackupFacts.name)')")
        }
        // Last of all: what may fail for want of room is done.
        let former = isThere ? try moveAside(path, now) : nil
        do throws(OutboxProblem) { try place(partial, at: path) } catch {
            guard let former else { throw error }
            if putBack(former, path) { throw error }
            throw OutboxProblem(error.code, "\(error.message); the outbox that was there is \(former) now", remedy: error.remedy)
        }
        // The newest copy is the one that has become the outbox.
        if let takenAt { note(BackupFacts(takenAt: takenAt, bytes: report.bytes, events: report.events), in: path) }
        return BackupReport(
            path: path,
            bytes: report.bytes,
            takenAt: takenAt,
            events: report.events,
            deliveries: report.deliveries,
            newestEvent: report.newestEvent,
            validKeys: report.validKeys,
            formerPath: former
        )
    }

    // MARK: Pieces

    /// A file that is not finished yet, which goes with this value.
    private struct Partial: ~Copyable {
        let path: String

        init(of target: String) throws(OutboxProblem) {
            path = "\(target).partial-\(getpid())"
            unlink(path)
        }

        deinit { for ending in ["", "-wal", "-shm", "-journal"] { unlink(path + ending) } }
    }

    private final class Question {
        let isCut: () -> Bool
        init(_ isCut: @escaping () -> Bool) { self.isCut = isCut }
    }

    private static func givenUp(_ source: String) -> OutboxProblem {
        OutboxProblem(.refused, "the copy of \(source) was given up; nothing is left of it")
    }

    private static func refuseExisting(_ target: String) throws(OutboxProblem) {
        var facts = stat()
        if lstat(target, &facts) != 0, errno == ENOENT { return }
        throw OutboxProblem(.access, "\(target) exists, and a backup overwrites nothing; name another file")
    }

    /// A copy that fills the disk takes the room of what the engine writes.
    private static func refuseTooLittleRoom(
        for source: SQLiteConnection,
        at target: String,
        isUnused: Bool
    ) throws(OutboxProblem) {
        var facts = statvfs()
        guard statvfs(folder(of: target), &facts) == 0 else { return }
        let room = Int64(clamping: UInt64(facts.f_bavail).multipliedReportingOverflow(by: UInt64(facts.f_frsize)).partialValue)
        let needed = (try source.integer("PRAGMA page_count") ?? 0) * (try source.integer("PRAGMA page_size") ?? 0)
        // What the log grows by while it cannot be emptied.
        var (own, other) = (stat(), stat())
        let isSameDisk = stat(source.absolutePath, &own) == 0 && stat(folder(of: target), &other) == 0 && own.st_dev == other.st_dev
        let reserve = isUnused || !isSameDisk ? 0 : needed / 8 + logReserveBytes
        if needed + reserve <= room { return }
        throw OutboxProblem(
            .full,
            "the copy takes \(needed) bytes, with \(reserve) for what is written meanwhile, and the disk of \(target) has \(room); make room, or name a file on another disk"
        )
    }

    /// An unused file is read without making a log and its index beside it, unless it has a log.
    private static func open(_ source: String, isUnused: Bool) throws(OutboxProblem) -> (SQLiteConnection, FileSnapshot?) {
        if isUnused, let snapshot = FileSnapshot(path: source), !snapshot.hasLog {
            return (try SQLiteConnection(path: source, creating: false, access: .readingAlone), snapshot)
        }
        return try SQLiteStore.openToRead(source)
    }

    /// Copies all pages of one moment.
    /// - Parameter isUnused: Whether nobody has the source open.
    /// - Returns: How many events and deliveries the source has at that moment.
    private static func copy(
        _ source: String,
        to target: String,
        isUnused: Bool = false,
        unless isCut: () -> Bool
    ) throws(OutboxProblem) -> (Int64, Int64) {
        _ = SQLiteStore.disableMemoryStatistics
        let (from, snapshot) = try open(source, isUnused: isUnused)
        guard try Migrator().check(from) > 0 else {
            throw OutboxProblem(.schema, "\(source) is no outbox", remedy: .nameAnotherFile)
        }
        try from.execute("BEGIN")
        // The first reading takes the moment; it lasts until the transaction ends.
        let events = try from.integer("SELECT count(*) FROM posthorn_outbox") ?? 0
        let deliveries = try from.integer("SELECT count(*) FROM posthorn_delivery") ?? 0
        try refuseTooLittleRoom(for: from, at: target, isUnused: isUnused)
        let into = try SQLiteConnection(path: target, creating: true)
        guard let backup = sqlite3_backup_init(into.handle, "main", from.handle, "main") else {
            throw into.problem(sqlite3_errcode(into.handle))
        }
        var status = SQLITE_OK
        while status == SQLITE_OK || status == SQLITE_BUSY || status == SQLITE_LOCKED {
            if isCut() {
                sqlite3_backup_finish(backup)
                throw givenUp(source)
            }
            status = sqlite3_backup_step(backup, pagesPerStep)
            if status == SQLITE_BUSY || status == SQLITE_LOCKED { usleep(1000) }
        }
        let ended = sqlite3_backup_finish(backup)
        if status != SQLITE_DONE || ended != SQLITE_OK { throw into.problem(status == SQLITE_DONE ? ended : status) }
        try from.execute("ROLLBACK")
        if let snapshot, FileSnapshot(path: from.absolutePath) != snapshot {
            throw OutboxProblem(.busy, "the outbox \(source) was changed while it was copied; try again")
        }
        return (events, deliveries)
    }

    /// Gives a copy its last touch, checks all of it, and sees to it that it is on disk.
    private static func makeReady(
        _ partial: borrowing Partial,
        for target: String,
        _ source: String,
        unless isCut: () -> Bool,
        _ touch: (SQLiteConnection) throws(OutboxProblem) -> Void
    ) throws(OutboxProblem) -> BackupReport {
        try change(partial.path, touch)
        let store = try SQLiteStore(reading: partial.path, anySchema: true)
        let found = withoutActuallyEscaping(isCut) { isCut in
            // The callback is a C function, which takes a pointer.
            let asked = Question(isCut)
            return withExtendedLifetime(asked) {
                sqlite3_progress_handler(
                    store.connection.handle,
                    stepsPerLook,
                    { pointer in
                        pointer.map { Unmanaged<Question>.fromOpaque($0).takeUnretainedValue().isCut() } ?? false ? 1 : 0
                    },
                    Unmanaged.passUnretained(asked).toOpaque()
                )
                defer { sqlite3_progress_handler(store.connection.handle, 0, nil, nil) }
                return Result { () throws(OutboxProblem) in try store.integrityProblems() }
            }
        }
        if isCut() { throw givenUp(source) }
        let problems = try found.get()
        if let first = problems.first {
            throw OutboxProblem(.notADatabase, "the copy is damaged (\(first)); check the outbox with posthorn doctor, and the disk")
        }
        let report = try facts(of: store, target)
        try flush(partial.path)
        return report
    }

    /// Gives a copy that is ready its name.
    private static func place(_ partial: borrowing Partial, at target: String) throws(OutboxProblem) {
        // A link and not a renaming: what has the name meanwhile stays.
        if link(partial.path, target) != 0 {
            throw OutboxProblem(.access, "cannot make \(target): \(String(cString: strerror(errno))); check the path and its permissions")
        }
        try flush(folder(of: target))
    }

    /// Changes a copy that nobody else has open, so that all of it is in the one file afterwards.
    private static func change(_ path: String, _ body: (SQLiteConnection) throws(OutboxProblem) -> Void) throws(OutboxProblem) {
        let connection = try SQLiteConnection(path: path, creating: false)
        _ = try connection.text("PRAGMA journal_mode = WAL")
        try connection.execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0")
        try body(connection)
        var (frames, done): (Int32, Int32) = (0, 0)
        let status = sqlite3_wal_checkpoint_v2(connection.handle, "main", SQLITE_CHECKPOINT_TRUNCATE, &frames, &done)
        if status != SQLITE_OK { throw connection.problem(status) }
    }

    private static func moment(of path: String) throws(OutboxProblem) -> Timestamp? {
        let connection = try SQLiteConnection(path: path, creating: false)
        return try connection.integer("SELECT value FROM posthorn_setting WHERE name = 'backup'").map(Timestamp.init(milliseconds:))
    }

    private static func facts(of store: SQLiteStore, _ path: String) throws(OutboxProblem) -> BackupReport {
        let connection = store.connection
        var deliveries: [DeliveryState: Int64] = [:]
        let rows = try connection.prepare("SELECT state, count(*) FROM posthorn_delivery GROUP BY state")
        while try rows.step() {
            guard let state = DeliveryState(rawValue: rows.text(0)) else { throw store.damaged("posthorn_delivery", rows.text(0)) }
            deliveries[state] = rows.integer(1)
        }
        let pages = try connection.integer("PRAGMA page_count") ?? 0
        let pageBytes = try connection.integer("PRAGMA page_size") ?? 0
        return BackupReport(
            path: path,
            bytes: pages * pageBytes,
            takenAt: try connection.integer("SELECT value FROM posthorn_setting WHERE name = 'backup'").map(Timestamp.init(milliseconds:)),
            events: try connection.integer("SELECT count(*) FROM posthorn_outbox") ?? 0,
            deliveries: deliveries,
            newestEvent: try connection.integer("SELECT max(created) FROM posthorn_outbox").map(Timestamp.init(milliseconds:)),
            validKeys: try validKeys(connection)
        )
    }

    /// Keys are there since migration 009.
    private static func validKeys(_ connection: SQLiteConnection) throws(OutboxProblem) -> Int {
        guard try connection.integer("SELECT 1 FROM sqlite_schema WHERE name = 'posthorn_access_key'") != nil else { return 0 }
        return Int(try connection.integer("SELECT count(*) FROM posthorn_access_key WHERE revoked IS NULL") ?? 0)
    }

    /// Renames an outbox that no engine delivers from, with its log.
    private static func moveAside(_ path: String, _ now: Timestamp) throws(OutboxProblem) -> String {
        let lock = OwnerLock(databasePath: path)
        guard try lock.take() else {
            throw OutboxProblem(.busy, "an engine delivers from \(path); stop it before a backup takes its place")
        }
        defer { lock.release() }
        let former = "\(path).replaced-\(now.milliseconds)"
        // The log first: what is left of it under the old name would be taken for the new file's.
        for ending in ["-wal", "-shm", ""] where rename(path + ending, former + ending) != 0 && errno != ENOENT {
            let problem = OutboxProblem(.access, "cannot rename \(path)\(ending): \(String(cString: strerror(errno)))")
            _ = putBack(former, path)
            throw problem
        }
        return former
    }

    /// Gives an outbox that was moved aside its name again, unless another file has it by now.
    private static func putBack(_ former: String, _ path: String) -> Bool {
        let isMoved = access(former, F_OK) == 0
        if isMoved, access(path, F_OK) == 0 { return false }
        // The log first: one who opened the file without it would miss what is in it.
        for ending in ["-shm", "-wal"] where rename(former + ending, path + ending) != 0 && errno != ENOENT { return false }
        if !isMoved { return true }
        if link(former, path) == 0 { return unlink(former) == 0 }
        for ending in ["-wal", "-shm"] { rename(path + ending, former + ending) }
        return false
    }

    private static func folder(of path: String) -> String { path.lastIndex(of: "/").map { String(path[...$0]) } ?? "." }

    private static func flush(_ path: String) throws(OutboxProblem) {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        if descriptor < 0 || fsync(descriptor) != 0 {
            throw OutboxProblem(.io, "cannot write \(path) to disk: \(String(cString: strerror(errno)))")
        }
    }
}
