#if PostgreSQL
import PosthornModel
package import PosthornStore
import PosthornSystem
import PosthornText

/// The outbox in a PostgreSQL database, which may be a platform's own.
package final class PostgresStore: OutboxStore, OutboxReader {
    let place: PostgresPlace
    /// Seals credentials; `nil` where they are stored in the clear.
    let sealing: (any CredentialSealing)?
    /// Whether it only reads, each reading in a transaction of its own.
    private let isReader: Bool
    private let now: Timestamp
    var connection: PostgresConnection
    let membership: PostgresMembership

    /// What the transaction that is under way adds to the counts.
    var changedCounts = OutboxCounts()
    private(set) var isWriting = false
    private var commits = 0
    private var statementsBefore = 0
    private var hasChangedTopology = false
    /// What wakes its engine.
    private(set) lazy var notices = PostgresNotices(self)
    /// Whether engines that sleep must know of the transaction that is under way.
    var hasNews = false
    /// Makes ``commitsByOthers()`` another number while events wait that other programs have inserted.
    private var arrivalLooks: Int64 = 0
    /// A transaction of which is not known whether it was committed.
    private var doubtful: String?
    /// Events that are about to be asked for, read together.
    var foreseenEvents: [Int64: (event: Event, isChecked: Bool)] = [:]

    /// How often a change of the hierarchy was made and then undone with its transaction.
    package private(set) var topologyRollbacks = 0

    /// Connects, and brings the schema up to date unless it is only read.
    init(
        _ place: PostgresPlace,
        sealing: (any CredentialSealing)?,
        isReader: Bool = false,
        creating: Bool = true,
        now: Timestamp
    ) throws(OutboxProblem) {
        self.place = place
        self.sealing = sealing
        self.isReader = isReader
        self.now = now
        connection = try Self.connect(place, isReader: isReader, creating: creating, now: now)
        membership = PostgresMembership(place)
    }

    deinit { leave() }

    /// What every session of a writer's is set to. A lock is waited for as long as SQLite waits for its own; a process that is stopped in a
    /// transaction holds up no others for longer than its lease lasts.
    private static let writerSession = [
        ("posthorn.writer", "on"), ("lock_timeout", "10s"), ("idle_in_transaction_session_timeout", "10s"),
        ("default_transaction_isolation", "read committed"),
    ]

    private static func connect(
        _ place: PostgresPlace,
        isReader: Bool,
        creating: Bool,
        now: Timestamp
    ) throws(OutboxProblem) -> PostgresConnection {
        let connection = try PostgresConnection(place, session: isReader ? [] : writerSession)
        let migrator = PostgresMigrator(place.name)
        if !creating, try migrator.check(connection) == 0 {
            throw OutboxProblem(.access, "there is no outbox in \(place.name); name another database, or make it with posthorn apply")
        }
        if !isReader { try migrator.migrate(connection, now: now.milliseconds) }
        guard try migrator.check(connection) == migrator.migrations.count else {
            throw OutboxProblem(.schema, "the outbox \(place.name) has an older schema than this program's", remedy: .openAsWriter)
        }
        return connection
    }

    /// Connects again where the session was lost.
    private func reconnect() throws(OutboxProblem) {
        statementsBefore += connection.statements
        connection = try Self.connect(place, isReader: isReader, creating: false, now: now)
        foreseenEvents = [:]
    }

    // MARK: Statements

    /// Runs a statement that is prepared the first time.
    @discardableResult
    func run(_ sql: String, _ values: PostgresValue...) throws(OutboxProblem) -> PostgresRows {
        if connection.isLost, !isWriting { try reconnect() }
        return try connection.run(sql, values)
    }

    /// Runs a statement that is made for the occasion.
    func runOnce(_ sql: String, _ values: [PostgresValue] = []) throws(OutboxProblem) -> PostgresRows {
        if connection.isLost, !isWriting { try reconnect() }
        return try connection.runOnce(sql, values)
    }

    // MARK: Transactions

    /// One transaction.
    package func write<Result>(_ body: () throws(OutboxProblem) -> Result) throws(OutboxProblem) -> Result {
        if isReader { throw OutboxProblem(.access, "the outbox \(place.name) was opened for reading alone; nothing is written to it") }
        let transaction = try begin()
        isWriting = true
        changedCounts = OutboxCounts()
        hasNews = false
        foreseenEvents = [:]
        defer {
            isWriting = false
            hasChangedTopology = false
        }
        do throws(OutboxProblem) {
            let result = try body()
            try commit(transaction)
            commits += 1
            return result
        } catch {
            if !connection.isLost, connection.isInTransaction { _ = try? connection.execute("ROLLBACK") }
            noteUndone()
            throw error
        }
    }

    /// - Returns: The server's number of the transaction.
    private func begin() throws(OutboxProblem) -> String {
        if connection.isLost { try reconnect() }
        if let doubtful {
            self.doubtful = nil
            // The caller was told that nothing is known, and has the same in mind still: it must look at the outbox again.
            if try isCommitted(doubtful) { throw OutboxProblem(.fenced, "the outbox \(place.name) has stored what was in doubt") }
        }
        return try start("BEGIN; SELECT pg_current_xact_id()::text").first?.text(0) ?? ""
    }

    /// Begins a transaction, over another session where the server has ended this one since: nothing has begun, so nothing is lost.
    @discardableResult
    private func start(_ sql: String) throws(OutboxProblem) -> PostgresRows {
        if connection.isLost { try reconnect() }
        do throws(OutboxProblem) { return try connection.execute(sql) } catch {
            guard connection.isLost else { throw error }
            try reconnect()
            return try connection.execute(sql)
        }
    }

    /// Counts the transaction and commits it, in one message.
    private func commit(_ transaction: String) throws(OutboxProblem) {
        do throws(OutboxProblem) {
            let waking = hasNews ? "; SELECT posthorn_wake()" : ""
            try connection.execute(countingStatement(slot: Int(connection.backend % 64)) + waking + "; COMMIT")
        } catch {
            guard connection.isLost else { throw error }
            doubtful = transaction
            let isCommitted: Bool
            do throws(OutboxProblem) { isCommitted = try settle(transaction) } catch {
                throw OutboxProblem(
                    .inDoubt,
                    "the connection to the outbox \(place.name) was lost during a commit, and it is not known whether that was stored"
                )
            }
            doubtful = nil
            if !isCommitted { throw error }
        }
    }

    /// How long a commit in doubt is asked about.
    private static let settlingNanoseconds: Int64 = 20_000_000_000

    private func settle(_ transaction: String) throws(OutboxProblem) -> Bool {
        let end = MonotonicClock.nanoseconds() + Self.settlingNanoseconds
        let pause = try? Waker()
        while true {
            do throws(OutboxProblem) {
                if connection.isLost { try reconnect() }
                return try isCommitted(transaction)
            } catch {
                guard error.mayPass, MonotonicClock.nanoseconds() < end else { throw error }
            }
            pause?.wait(milliseconds: 50)
        }
    }

    /// Asks the server what became of a transaction.
    /// - Throws: ``OutboxProblem`` of code `busy` while it is still under way, and when the server does not know it any more.
    private func isCommitted(_ transaction: String) throws(OutboxProblem) -> Bool {
        switch try connection.run("SELECT pg_xact_status($1::text::xid8)", [.text(transaction)]).first?.textOrNil(0) {
        case "committed": return true
        case "aborted": return false
        default: throw OutboxProblem(.busy, "the outbox \(place.name) is still at work on transaction \(transaction)")
        }
    }

    /// A nested transaction (SAVEPOINT).
    package func undoable<Result>(_ body: () throws(OutboxProblem) -> Result) throws(OutboxProblem) -> Result {
        try connection.execute("SAVEPOINT part")
        let countsBefore = changedCounts
        do throws(OutboxProblem) {
            let result = try body()
            try connection.execute("RELEASE SAVEPOINT part")
            return result
        } catch {
            if !connection.isLost { _ = try? connection.execute("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part") }
            changedCounts = countsBefore
            noteUndone()
            throw error
        }
    }

    /// A hierarchy that never came to be may have been read: its numbers are given out again.
    private func noteUndone() { if hasChangedTopology { topologyRollbacks += 1 } }

    /// Notes that the transaction changes the hierarchy.
    func noteTopologyChange() { hasChangedTopology = true }

    /// Reads in one transaction, so that all of it sees one state of the outbox.
    func reading<Result>(_ body: () throws -> Result) throws -> Result {
        try start("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        defer { if !connection.isLost, connection.isInTransaction { _ = try? connection.execute("ROLLBACK") } }
        return try body()
    }

    /// Commits by others: all that Posthorn's programs have counted, without this store's. Events that others have inserted are no commit
    /// of Posthorn's; for as long as any of them wait, the number is another one each time.
    package func commitsByOthers() throws(OutboxProblem) -> Int64 {
        let row = try run("SELECT (SELECT sum(commits) FROM posthorn_count)::bigint, EXISTS (SELECT 1 FROM posthorn_arrival)").first
        let hasArrivals = row?.boolean(1) == true
        if hasArrivals { arrivalLooks += 1 }
        notices.looked(found: hasArrivals)
        return (row?.integer(0) ?? 0) - Int64(commits) + arrivalLooks
    }

    /// Notices of commits, and looks again and again where there are none.
    package func makeChangeSignal() -> (any ChangeSignal)? { PostgresSignal(self) }

    /// The server does what is to be done, but for what has to do with waking.
    package func maintain() throws(OutboxProblem) { try notices.wake() }
    /// A commit is safe where the server has it.
    package func saveCommitted() {}
    /// Nothing of this session's is kept for others.
    package var pinnedBytes: Int { 0 }
    /// Space that deleted rows have left is the server's, which vacuums by itself.
    package func giveBackSpace(limit: Int) throws(OutboxProblem) -> Int { 0 }

    /// How much was asked of the server so far.
    package var counters: StoreCounters { StoreCounters(statements: statementsBefore + connection.statements, commits: commits) }

    // MARK: Settings

    func setting(_ name: String) throws(OutboxProblem) -> Int64 {
        try run("SELECT value FROM posthorn_setting WHERE name = $1", .text(name)).first?.integer(0) ?? 0
    }

    func countUp(_ name: String) throws(OutboxProblem) {
        hasNews = true
        try run("UPDATE posthorn_setting SET value = value + 1 WHERE name = $1", .text(name))
    }

    func words(_ name: String) throws(OutboxProblem) -> String? {
        try run("SELECT words FROM posthorn_setting WHERE name = $1", .text(name)).first?.textOrNil(0)
    }

    func keep(_ name: String, value: Int64? = nil, words: String? = nil) throws(OutboxProblem) {
        try run(
            """
            INSERT INTO posthorn_setting (name, value, words) VALUES ($1, $2, $3)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, words = excluded.words
            """,
            .text(name),
            .integer(value),
            .text(words)
        )
    }

    func damaged(_ table: String, _ id: String) -> OutboxProblem {
        OutboxProblem(.damaged, "\(table) row \(InputProblem.printable(id)) of \(place.name) holds a value that this program cannot read")
    }

    /// Counts the changes made by hand to deliveries and to mails about them.
    package func queueGeneration() throws(OutboxProblem) -> Int64 { try setting("queue") }

    /// Counts that up.
    package func countQueueUp() throws(OutboxProblem) { try countUp("queue") }
}
#endif
