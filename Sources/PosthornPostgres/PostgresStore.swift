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
    /// Where the server's log was when it was looked at last; `nil` of a reader, and of a standby.
    var history: ServerHistory?
    /// From which number on arrivals are looked for.
    var arrivalFloor = ArrivalFloor()
    /// Where the last look has begun.
    var arrivalLookFloor: Int64 = 0
    private let now: Timestamp
    var connection: PostgresConnection
    let membership: PostgresMembership

    /// What the transaction that is under way adds to the counts.
    var changedCounts = OutboxCounts()
    private(set) var isWriting = false
    private(set) var isInTurn = false
    private var commits = 0
    private var countersBefore = StoreCounters(statements: 0, commits: 0)
    /// Statements of which nothing is to be known; they go with the next ones.
    var waiting: [PostgresStep] = []
    /// Whether the server knows of the transaction that is under way, and its number there.
    private var hasBegun = false
    private var transaction = ""
    /// What was read together, for as long as the turn or the transaction goes on that it was read in.
    var facts: PostgresFacts?
    /// The same as it was read with the last commit, for a turn that comes at once.
    var factsAhead: FactsAhead?
    /// For how long: what may have changed in so short a time is seen in the turn after.
    var factsLifetimeNanoseconds: Int64 = 1_000_000
    /// Whether the transaction that is under way keeps others from changing the hierarchy.
    var holdsTopology = false
    /// Whether the last reading of first attempts has come to their end.
    var isQuiet = false
    /// Up to where there was none, and how many numbers had been given out and changes made by hand then, while no transaction was adding any.
    var quiet: (numbers: Int64, queue: Int64, position: Int64, shards: ShardSet)?
    /// What of the generations and of the numbers is this store's own, and what the transaction that is under way adds.
    private var ownNews: Int64 = 0
    var addedNews: Int64 = 0
    private var hasChangedTopology = false
    /// What wakes its engine.
    private(set) lazy var notices = PostgresNotices(self)
    /// Whether engines that sleep must know of the transaction that is under way.
    var hasNews = false
    /// Arrivals that no other engine gives their deliveries, as long as the transaction lasts that has read them.
    var lockedArrivals: [Int64: Event] = [:]
    /// Whether the next transaction reads arrivals with what it reads first, since a look has found some.
    var expectsArrivals = false
    /// What it has read of them so, as long as it lasts; `nil` once that was asked for.
    var arrivalsAhead: (rows: PostgresRows, floor: Int64)?
    /// Makes ``commitsByOthers()`` another number while events wait that other programs have inserted.
    private var arrivalLooks: Int64 = 0
    /// A transaction of which is not known whether it was committed.
    var doubtful: Doubt?
    /// Events that are about to be asked for.
    var foreseenEvents = ForeseenEvents()

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
        if !isReader { history = try ServerHistory.read(connection) }
    }

    deinit { leave() }

    private static func connect(
        _ place: PostgresPlace,
        isReader: Bool,
        creating: Bool,
        now: Timestamp
    ) throws(OutboxProblem) -> PostgresConnection {
        let connection = try PostgresConnection(place, session: isReader ? [] : SessionSettings.writer)
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
    func reconnect() throws(OutboxProblem) {
        waiting = []
        (facts, factsAhead, quiet) = (nil, nil, nil)
        let next = try membership.schema.noting { () throws(OutboxProblem) in
            try Self.connect(place, isReader: isReader, creating: false, now: now)
        }
        if !isReader { try follow(next) }
        countersBefore = counters
        connection = next
        foreseenEvents = ForeseenEvents()
    }

    /// What was read is not to be relied on any more, and neither is what the engine has in memory.
    func forgetAll() {
        (facts, factsAhead, quiet, foreseenEvents, doubtful, arrivalFloor) = (nil, nil, nil, ForeseenEvents(), nil, ArrivalFloor())
        topologyRollbacks += 1
        // Generations may have the same numbers again.
        arrivalLooks += 1 << 32
        membership.mustLetGo()
    }

    // MARK: Statements

    /// Runs a statement that is prepared the first time.
    @discardableResult
    func run(_ sql: String, _ values: PostgresValue...) throws(OutboxProblem) -> PostgresRows {
        try send([PostgresStep(sql, values)]).get()[0]
    }

    /// The same of one that is made already.
    func run(_ step: PostgresStep) throws(OutboxProblem) -> PostgresRows { try send([step]).get()[0] }

    /// Runs a statement that is made for the occasion.
    func runOnce(_ sql: String, _ values: [PostgresValue] = []) throws(OutboxProblem) -> PostgresRows {
        try send([PostgresStep(sql, values, isPrepared: false)]).get()[0]
    }

    /// Runs a statement of the transaction that is under way, of which nothing is to be known: with the next one, or the commit.
    func runLater(_ sql: String, _ values: PostgresValue...) { waiting.append(PostgresStep(sql, values)) }

    /// Runs statements, with those that wait for one in front of them, and waits for the server once.
    /// - Returns: What the server has returned to these. A failure of those before them is thrown.
    func send(_ steps: [PostgresStep]) throws(OutboxProblem) -> PostgresReplies {
        if connection.isLost, !isWriting { try reconnect() }
        var ahead = waiting
        waiting = []
        let beginning = isWriting && !hasBegun ? Self.beginning(connection) : []
        ahead = beginning + ahead
        var replies = connection.run(ahead + steps)
        if replies.problem != nil, connection.isLost, !beginning.isEmpty {
            // The server has ended this session since: nothing has begun, so nothing is lost.
            try reconnect()
            replies = connection.run(ahead + steps)
        }
        if !beginning.isEmpty, replies.rows.count >= beginning.count {
            hasBegun = true
            transaction = replies.rows[beginning.count - 1].first?.text(0) ?? ""
        }
        if replies.rows.count < ahead.count, let problem = replies.problem { throw problem }
        replies.rows.removeFirst(ahead.count)
        return replies
    }

    /// Begins a transaction, and asks for the server's number of it.
    private static func beginning(_ connection: PostgresConnection) -> [PostgresStep] {
        [PostgresStep("BEGIN ISOLATION LEVEL READ COMMITTED")] + connection.transactionSettings
            + [PostgresStep("SELECT pg_current_xact_id()::text")]
    }

    // MARK: Transactions

    /// One transaction. The server hears of it with its first statement.
    package func write<Result>(_ body: () throws(OutboxProblem) -> Result) throws(OutboxProblem) -> Result {
        if isReader { throw OutboxProblem(.access, "the outbox \(place.name) was opened for reading alone; nothing is written to it") }
        try prepareToWrite()
        isWriting = true
        defer {
            (isWriting, hasBegun, holdsTopology, hasChangedTopology) = (false, false, false, false)
            facts = nil
        }
        do throws(OutboxProblem) {
            let result = try body()
            try commit()
            commits += 1
            ownNews += addedNews
            return result
        } catch {
            waiting = []
            foreseenEvents = ForeseenEvents()
            if !connection.isLost, connection.isInTransaction { _ = try? connection.execute("ROLLBACK") }
            noteUndone()
            throw error
        }
    }

    private func prepareToWrite() throws(OutboxProblem) {
        if connection.isLost { try reconnect() }
        if let doubtful {
            self.doubtful = nil
            // The caller was told that nothing is known, and has the same in mind still: it must look at the outbox again.
            if try isCommitted(doubtful) {
                membership.mustLetGo()
                throw OutboxProblem(.fenced, "the outbox \(place.name) has stored what was in doubt")
            }
        }
        changedCounts = OutboxCounts()
        (hasNews, addedNews) = (false, 0)
        (facts, factsAhead, foreseenEvents, lockedArrivals, arrivalsAhead) = (nil, nil, ForeseenEvents(), [:], nil)
    }

    /// Begins a reading, over another session where the server has ended this one since.
    private func start(_ sql: String) throws(OutboxProblem) {
        if connection.isLost { try reconnect() }
        do throws(OutboxProblem) { try connection.execute(sql) } catch {
            guard connection.isLost else { throw error }
            try reconnect()
            try connection.execute(sql)
        }
    }

    /// Counts the transaction and commits it, in one message.
    private func commit() throws(OutboxProblem) {
        // What may come to be in doubt is asked about by its number.
        if !hasBegun { _ = try send([]).get() }
        do throws(OutboxProblem) {
            // Each into the next row, so that none of them has many dead versions where the server cannot remove those.
            let slot = (Int(connection.backend) + commits) & 63
            var steps = [PostgresStep(countingStatement(slot: slot), isPrepared: false)]
            if hasNews { steps.append(PostgresStep("SELECT posthorn_wake()")) }
            steps.append(PostgresStep("COMMIT"))
            // An engine looks next: what it asks then is answered with the commit. A pooler would run it without the session's time-outs.
            let question = membership.id == nil || connection.isPooled ? nil : factsQuestion()
            let replies = try send(question.map { steps + [$0.step] } ?? steps)
            // What fails behind the commit undoes nothing.
            if replies.rows.count < steps.count { _ = try replies.get() }
            if let question, replies.problem == nil { factsAhead = FactsAhead(rows: replies.rows[steps.count], floor: question.floor) }
        } catch {
            guard connection.isLost else { throw error }
            let doubt = Doubt(transaction: transaction, crash: history?.crash)
            doubtful = doubt
            let isCommitted: Bool
            do throws(OutboxProblem) { isCommitted = try settle(doubt) } catch {
                throw OutboxProblem(
                    .inDoubt,
                    "the connection to the outbox \(place.name) was lost during a commit, and it is not known whether that was stored"
                )
            }
            doubtful = nil
            if !isCommitted { throw error }
        }
    }

    /// A nested transaction (SAVEPOINT).
    package func undoable<Result>(_ body: () throws(OutboxProblem) -> Result) throws(OutboxProblem) -> Result {
        // What waits belongs to what was before.
        if !waiting.isEmpty { _ = try send([]).get() }
        let trips = counters.roundTrips
        runLater("SAVEPOINT part")
        let (countsBefore, hadNews, newsBefore, heldTopology) = (changedCounts, hasNews, addedNews, holdsTopology)
        do throws(OutboxProblem) {
            let result = try body()
            if counters.roundTrips == trips, waiting.count == 1 { waiting = [] } else { try run("RELEASE SAVEPOINT part") }
            return result
        } catch {
            waiting = []
            if counters.roundTrips > trips, !connection.isLost {
                _ = try? connection.execute("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part")
            }
            (changedCounts, hasNews, lockedArrivals, arrivalsAhead) = (countsBefore, hadNews, [:], nil)
            // Its locks go with it.
            (addedNews, holdsTopology, facts) = (newsBefore, heldTopology, nil)
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
        if connection.isPooled { _ = try connection.run(connection.transactionSettings).get() }
        return try body()
    }

    /// What an engine asks in a turn is read together, when it is asked for commits by others.
    package func turn<Result>(_ body: () throws(OutboxProblem) -> Result) throws(OutboxProblem) -> Result {
        isInTurn = true
        defer { (isInTurn, facts) = (false, nil) }
        return try body()
    }

    /// Commits by others that an engine must know of: changes of the hierarchy and by hand, and new deliveries, without this store's. For
    /// as long as events wait that others have inserted, the number is another one each time.
    package func commitsByOthers() throws(OutboxProblem) -> Int64 {
        facts = nil
        let read = if let ahead = try takeFactsAhead() { ahead } else { try readFacts() }
        if isInTurn { facts = read }
        expectsArrivals = read.hasArrivals
        if read.hasArrivals { arrivalLooks += 1 }
        notices.looked(found: read.hasArrivals)
        return read.topology + read.queue + read.numbers - ownNews + arrivalLooks
    }

    /// Notices of commits, and looks again and again where there are none.
    package func makeChangeSignal() -> (any ChangeSignal)? { PostgresSignal(self) }

    /// The server does what is to be done, but for what has to do with waking.
    package func maintain() { notices.wake() }
    /// A commit is safe where the server has it.
    package func saveCommitted() {}
    /// Nothing of this session's is kept for others.
    package var pinnedBytes: Int { 0 }
    /// Space that deleted rows have left is the server's, which vacuums by itself.
    package func giveBackSpace(limit: Int) throws(OutboxProblem) -> Int { 0 }

    /// How much was asked of the server so far.
    package var counters: StoreCounters {
        StoreCounters(
            statements: countersBefore.statements + connection.statements,
            commits: commits,
            roundTrips: countersBefore.roundTrips + connection.roundTrips
        )
    }

    func damaged(_ table: String, _ id: String) -> OutboxProblem {
        OutboxProblem(.damaged, "\(table) row \(InputProblem.printable(id)) of \(place.name) holds a value that this program cannot read")
    }
}
#endif
