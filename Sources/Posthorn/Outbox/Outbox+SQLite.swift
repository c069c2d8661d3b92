import PosthornModel
import PosthornSQLite
import PosthornStore
public import PosthornSystem

// What only an outbox in a SQLite file has.
extension Outbox {
    /// Opens an outbox, makes the file when there is none, and brings its schema up to date.
    ///
    /// - Parameters:
    ///   - path: The database file, which may be a platform's own. Its folder must exist.
    ///   - creating: Whether a missing file is made.
    ///   - key: Seals the credentials of endpoints in the file; `nil` to store them in the clear.
    ///   - formerKey: Another key that may open them, while `key` takes its place; see ``reseal()``.
    ///   - readOnly: Whether it is only read, for users that may not write it: what writes throws a problem of code `access`. The
    ///     file must exist and have this version's schema.
    ///   - busyTimeoutMilliseconds: How long a call waits while another process holds the write lock, before it throws
    ///     a problem of code `busy`; the same call can then be made again.
    ///   - clock: Where the time comes from.
    ///   - random: Where made ids come from.
    /// - Throws: A problem of the store when the file cannot be opened or written, is no database, or has another schema.
    public convenience init(
        path: String,
        creating: Bool = true,
        key: OutboxKey? = nil,
        replacing formerKey: OutboxKey? = nil,
        readOnly: Bool = false,
        busyTimeoutMilliseconds: Int32 = 10_000,
        clock: any PosthornClock = SystemClock(),
        random: any RandomSource = SystemRandom()
    ) throws(OutboxError) {
        let location = SQLiteLocation(
            path: path,
            creating: creating,
            readOnly: readOnly,
            busyTimeoutMilliseconds: busyTimeoutMilliseconds
        )
        do { try self.init(at: location, key: key, replacing: formerKey, clock: clock, random: random) } catch { throw .of(error) }
    }

    /// Puts an event into a transaction of the platform's own, through the platform's own connection.
    ///
    /// The event exists once that transaction commits; a running engine notices within milliseconds. What is wrong with an event is
    /// refused as `emit(_:)` refuses it.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - connection: The `sqlite3 *` of a connection to the outbox's file with an open transaction and `synchronous=FULL`. It is used
    ///     on the calling thread.
    /// - Returns: The event's id.
    /// - Throws: A problem of code `connection` when the connection is not such a one.
    public func emit(_ event: NewEvent, inTransactionOf connection: OpaquePointer) throws(OutboxError) -> String {
        if path.hasPrefix("postgresql://") {
            throw .store(
                OutboxProblem(
                    .connection,
                    "the outbox is in PostgreSQL, and this takes a connection to SQLite; use emit(_:inPostgreSQLTransactionOf:)"
                )
            )
        }
        return try emit(event) { (checked) throws(TransactionalEmitFailure) in
            try TransactionalEmit.insert(checked, into: connection, ofOutbox: path)
        }
    }

    /// Puts an event, once it is checked, into a transaction of the platform's own.
    /// - Returns: Its id.
    func emit(
        _ event: NewEvent,
        inserting insert: (Event) throws(TransactionalEmitFailure) -> Void
    ) throws(OutboxError) -> String {
        let checked: Event
        do throws(InputProblem) { checked = try EmitBatch.checked(event, at: clock.now(), random) } catch { throw .input(error) }
        do throws(TransactionalEmitFailure) { try insert(checked) } catch {
            switch error {
            case .unknownNode: throw .input(EventRecipients.unknownNode(checked.node))
            case .idInUse: throw .input(.idInUse(checked.id))
            case .store(let problem): throw .store(problem)
            }
        }
        return checked.id
    }

    /// Copies an outbox into a new file while it is used; see ``backUp(to:)``, which blocks no thread of the caller's. An outbox of an
    /// earlier version stays one.
    package static func backUpNow(
        _ path: String,
        to target: String,
        clock: any PosthornClock = SystemClock()
    ) throws(OutboxProblem) -> BackupReport {
        try backUpNow(path, to: target, at: clock.now()) { false }
    }

    /// The same as of a given moment.
    /// - Parameter isCut: Asked between steps whether to give up; then nothing is left behind.
    package static func backUpNow(
        _ path: String,
        to target: String,
        at now: Timestamp,
        unless isCut: () -> Bool
    ) throws(OutboxProblem) -> BackupReport {
        try SQLiteBackup.make(of: path, at: target, now: now, unless: isCut)
    }

    /// Makes a backup the outbox; see ``restore(_:to:replacing:)``, which blocks no thread of the caller's.
    package static func restoreNow(
        _ backup: String,
        to path: String,
        replacing: Bool = false,
        clock: any PosthornClock = SystemClock()
    ) throws(OutboxProblem) -> BackupReport {
        try SQLiteBackup.restore(backup, to: path, replacing: replacing, now: clock.now())
    }
}
