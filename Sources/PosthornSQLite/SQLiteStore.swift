import PosthornModel
package import PosthornStore
package import PosthornText
import CPosthornSQLite
import Glibc

/// The outbox in a SQLite file, which may be a platform's own.
package final class SQLiteStore: OutboxStore, OutboxReader {
    let connection: SQLiteConnection
    let checkpointer: Checkpointer
    private let lock: OwnerLock
    /// Seals credentials; `nil` where they are stored in the clear.
    let sealing: (any CredentialSealing)?
    let attemptInsert: WideStatement
    let deliveredUpdate: WideStatement
    let heldDeliveredUpdate: WideStatement
    let deliveryInsert: WideStatement

    /// The file's path.
    package let path: String
    /// The files as they were when they were opened.
    private var files = StoreFiles()
    /// Whether it was opened to be read alone.
    package let isReadOnly: Bool
    /// What a file without a log was when it was opened, which must not change while it is read.
    let snapshot: FileSnapshot?
    /// What was found of the files; from then on nothing is written.
    private var loss: OutboxProblem?

    /// What the transaction that is under way adds to the counts.
    var changedCounts = OutboxCounts()
    private var commits = 0
    private var hasChangedTopology = false
    private var isWriting = false
    /// What was read of the topology's generation in the transaction that is under way: others cannot change it meanwhile. All that
    /// emit in one transaction ask for it.
    private var generationInTransaction: Int64?

    /// How often a change of the hierarchy was made and then undone with its transaction.
    package private(set) var topologyRollbacks = 0

    /// Opens the file, makes it when `creating` is set, and brings its schema up to date.
    ///
    /// - Parameters:
    ///   - path: The database file. The folder must exist.
    ///   - creating: Whether a missing file is made.
    ///   - busyTimeoutMilliseconds: How long to wait for another process's lock.
    ///   - sealing: Encrypts credentials; `nil` to store them in the clear.
    ///   - now: The time that migrations are recorded with.
    /// - Throws: ``OutboxProblem`` when it cannot be opened, is no database, or has a schema that is not this program's.
    package convenience init(
        path: String,
        creating: Bool = true,
        busyTimeoutMilliseconds: Int32 = 10_000,
        sealing: (any CredentialSealing)? = nil,
        now: Timestamp
    ) throws(OutboxProblem) {
        _ = Self.disableMemoryStatistics
        try Self.refuseMemory(path)
        let connection = try SQLiteConnection(path: path, creating: creating, busyTimeoutMilliseconds: busyTimeoutMilliseconds)
        let migrator = Migrator()
        // Checked before the first write, so that a file which is refused stays as it is.
        _ = try migrator.check(connection)
        try Self.prepareSpace(connection)
        try Self.configure(connection)
        try migrator.migrate(connection, now: now.milliseconds)
        self.init(connection, path: path, sealing: sealing, isReadOnly: false, snapshot: nil)
        try upgradeRows()
    }

    /// Names that SQLite takes for a database without a file, which no other connection sees and which ends with this one.
    private static func refuseMemory(_ path: String) throws(OutboxProblem) {
        guard path.isEmpty || path == ":memory:" else { return }
        throw OutboxProblem(.access, "an outbox is a file that survives its process, and \"\(path)\" names none", remedy: .nameAnotherFile)
    }

    init(
        _ connection: SQLiteConnection,
        path: String,
        sealing: (any CredentialSealing)?,
        isReadOnly: Bool,
        snapshot: FileSnapshot?
    ) {
        self.connection = connection
        self.path = path
        self.sealing = sealing
        self.isReadOnly = isReadOnly
        self.snapshot = snapshot
        attemptInsert = WideStatement(connection, Self.attemptInsert(rows:))
        deliveredUpdate = WideStatement(connection) { Self.deliveredUpdate(rows: $0, from: .pending) }
        heldDeliveredUpdate = WideStatement(connection) { Self.deliveredUpdate(rows: $0, from: .held) }
        deliveryInsert = WideStatement(connection, Self.deliveryInsert(rows:))
        lock = OwnerLock(databasePath: path)
        checkpointer = Checkpointer(connection)
        // After the first reading: since then this connection keeps SQLite from taking the log and its index away.
        files.add(connection.absolutePath, .database)
        files.add(connection.realPath + "-wal", .log)
        files.add(connection.realPath + "-shm", .index)
    }

    /// SQLite's memory statistics cost a lock on every allocation.
    static let disableMemoryStatistics: Int32 = posthorn_sqlite3_disable_memory_statistics()

    static func configure(_ connection: SQLiteConnection) throws(OutboxProblem) {
        guard try connection.text("PRAGMA journal_mode = WAL") == "wal" else {
            throw OutboxProblem(.access, "the outbox \(connection.path) cannot use a write-ahead log; put it on a local disk")
        }
        try connection.execute(
            """
            PRAGMA synchronous = FULL;
            PRAGMA wal_autocheckpoint = 0;
            PRAGMA foreign_keys = ON;
            PRAGMA cache_size = -16384;
            PRAGMA mmap_size = 0;
            PRAGMA temp_store = FILE;
            """
        )
        connection.watchLog()
        connection.leaveTriggersToOthers()
    }

    // MARK: Ownership

    /// Whether this process is the one engine of this outbox.
    var isOwner: Bool { lock.isHeld }

    /// Takes the lock, if it is free: with it come all shards.
    package func join(alone: Bool) throws(OutboxProblem) -> Bool {
        try checkFiles()
        if isReadOnly { throw OutboxProblem(.access, "the outbox \(path) was opened for reading alone; no engine can deliver from it") }
        return try lock.take()
    }

    /// All shards for the owner of the lock, none for others.
    package func lease() throws(OutboxProblem) -> ShardLease { isOwner ? .all : .none }

    /// Nothing to do: no other engine waits for shards of this one, but for the lock.
    package func release(_ shards: ShardSet) throws(OutboxProblem) {}

    /// Watches the files, and the lock file while this store is owner.
    package func makeWatch() -> any StoreWatch {
        var watched = files
        if isOwner, let identity = lock.identity { watched.add(lock.path, .lock, identity) }
        return StoreFilesWatch(watched, lockPath: lock.path)
    }

    /// Watches the write-ahead log.
    package func makeChangeSignal() -> (any ChangeSignal)? { CommitWatch(databasePath: path) }

    /// Copies the log into the database, unless that is gone or somebody has begun another log under the name. Nobody commits
    /// meanwhile: every writer of Posthorn's has noticed the loss, or will before it answers.
    package func saveCommitted() {
        var facts = stat()
        guard stat(connection.realPath + "-wal", &facts) != 0, errno == ENOENT, files.isDatabaseInPlace else { return }
        _ = try? connection.passiveCheckpoint()
    }

    /// Refuses to go on with a file that its name does not lead to any more.
    /// - Throws: ``OutboxProblem`` of code `replaced`, from the first time on.
    private func checkFiles() throws(OutboxProblem) {
        if loss == nil { loss = files.problem() }
        if let loss { throw loss }
    }

    /// Gives the lock back.
    package func leave() { lock.release() }

    // MARK: Transactions

    /// One transaction that holds the write lock from its start: a later upgrade could fail at once (SQLITE_BUSY_SNAPSHOT).
    package func write<Result>(_ body: () throws(OutboxProblem) -> Result) throws(OutboxProblem) -> Result {
        if let loss { throw loss }
        if isReadOnly { throw OutboxProblem(.access, "the outbox \(path) was opened for reading alone; nothing is written to it") }
        try connection.statement("BEGIN IMMEDIATE").run()
        changedCounts = OutboxCounts()
        (isWriting, generationInTransaction) = (true, nil)
        defer { (isWriting, generationInTransaction) = (false, nil) }
        do throws(OutboxProblem) {
            let result = try body()
            try writeCounts()
            try connection.statement("COMMIT").run()
            commits += 1
            hasChangedTopology = false
            // No caller is answered for what went into a file that is gone.
            try checkFiles()
            return result
        } catch {
            if connection.isInTransaction { try? connection.statement("ROLLBACK").run() }
            noteUndone()
            hasChangedTopology = false
            throw error
        }
    }

    /// A nested transaction (SAVEPOINT).
    package func undoable<Result>(_ body: () throws(OutboxProblem) -> Result) throws(OutboxProblem) -> Result {
        try connection.statement("SAVEPOINT part").run()
        let countsBefore = changedCounts
        do throws(OutboxProblem) {
            let result = try body()
            try connection.statement("RELEASE part").run()
            return result
        } catch {
            // A disk that is full may have rolled the whole transaction back already.
            if connection.isInTransaction {
                try? connection.statement("ROLLBACK TO part").run()
                try? connection.statement("RELEASE part").run()
            }
            changedCounts = countsBefore
            noteUndone()
            throw error
        }
    }

    /// A hierarchy that never came to be may have been read: its numbers are given out again. What has changed outside of a nested
    /// transaction that was undone may still be undone with the whole, so this forgets nothing.
    private func noteUndone() {
        generationInTransaction = nil
        if hasChangedTopology { topologyRollbacks += 1 }
    }

    /// Reads in one transaction, so that all of it sees one state of the outbox.
    func reading<Result>(_ body: () throws -> Result) throws -> Result {
        try connection.statement("BEGIN").run()
        defer { if connection.isInTransaction { try? connection.statement("ROLLBACK").run() } }
        return try body()
    }

    /// `PRAGMA data_version`: it changes when another connection has committed.
    package func commitsByOthers() throws(OutboxProblem) -> Int64 { try connection.integer("PRAGMA data_version") ?? 0 }

    /// A checkpoint, when the log has grown and this process owns the outbox.
    package func maintain() throws(OutboxProblem) {
        if isOwner { try checkpointer.runIfDue(self) }
    }

    /// Bytes of the write-ahead log that the last checkpoint had to leave there.
    package var pinnedBytes: Int { checkpointer.bytesHeldBack }

    /// How much was asked of this connection so far.
    package var counters: StoreCounters { StoreCounters(statements: connection.statementSteps, commits: commits) }

    // MARK: Settings

    func setting(_ name: String) throws(OutboxProblem) -> Int64 {
        let statement = try connection.statement("SELECT value FROM posthorn_setting WHERE name = ?")
        statement.bind(1, name)
        defer { statement.reset() }
        return try statement.step() ? statement.integer(0) : 0
    }

    func countUp(_ name: String) throws(OutboxProblem) {
        let statement = try connection.statement("UPDATE posthorn_setting SET value = value + 1 WHERE name = ?")
        statement.bind(1, name)
        try statement.run()
    }

    /// Counts the changes of the hierarchy and its endpoints.
    package func topologyGeneration() throws(OutboxProblem) -> Int64 {
        if let generationInTransaction { return generationInTransaction }
        let generation = try setting("topology")
        if isWriting { generationInTransaction = generation }
        return generation
    }

    /// Notes that the transaction changes the hierarchy, before it counts the generation up.
    func noteTopologyChange() { (hasChangedTopology, generationInTransaction) = (true, nil) }

    /// Counts the changes made by hand to deliveries and to mails about them.
    package func queueGeneration() throws(OutboxProblem) -> Int64 { try setting("queue") }
}
