#if PostgreSQL
import PosthornStore
import PosthornSystem

/// What an engine asks for at every turn, read by one statement.
///
/// It leaves the counts alone, whose rows die with every commit: a session that keeps the server from removing those must not make looks
/// slower and slower.
struct PostgresFacts {
    /// Whether events wait that other programs have inserted.
    let hasArrivals: Bool
    let topology: Int64
    let queue: Int64
    /// How many numbers were given to deliveries, those of transactions that are under way or were undone too.
    let numbers: Int64
    /// Whether no transaction was adding any; `nil` when that was not asked.
    let isStill: Bool?
    /// The engines that have joined, and who of them has which shard; free ones are left out.
    let engines: [Int64]
    let owners: [Int: Int64]
}

/// Facts that were read with a commit, which a turn that comes at once begins with.
struct FactsAhead {
    let rows: PostgresRows
    let floor: Int64
    let readAt = MonotonicClock.nanoseconds()
}

extension PostgresStore {
    /// - Parameter isStill: What says whether a transaction is under way that adds deliveries.
    private static func facts(isStill: String) -> String {
        """
        SELECT EXISTS (SELECT 1 FROM posthorn_arrival WHERE seq > $1),
            (SELECT value FROM posthorn_setting WHERE name = 'topology'), (SELECT value FROM posthorn_setting WHERE name = 'queue'),
            \(isStill), (SELECT last_value + is_called::int FROM posthorn_delivery_id),
            ARRAY (SELECT id FROM posthorn_dispatcher),
            ARRAY (SELECT shard FROM posthorn_shard WHERE dispatcher IS NOT NULL ORDER BY shard),
            ARRAY (SELECT dispatcher FROM posthorn_shard WHERE dispatcher IS NOT NULL ORDER BY shard),
            (extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000000)::bigint,
            \(ServerHistory.columns)
        """
    }
    private static let factsQuestion = facts(isStill: "NULL")
    /// Those transactions hold the lock alone until they are over, so what they have added is visible when it can be shared.
    private static let stillFactsQuestion = facts(isStill: "pg_try_advisory_xact_lock_shared(\(acceptingLock))")

    /// Of the advisory lock that everybody shares who relies on the hierarchy in a transaction, and that who changes it has alone.
    private static let topologyLock: Int64 = 8_102_367_205

    func readFacts() throws(OutboxProblem) -> PostgresFacts {
        factsAhead = nil
        let question = factsQuestion()
        return try facts(try run(question.step), from: question.floor)
    }

    /// The question, and from which arrival on it looks.
    func factsQuestion() -> (step: PostgresStep, floor: Int64) {
        // While deliveries come in anyway, nobody is to wait for the longer one.
        let floor = arrivalFloor.next(at: MonotonicClock.nanoseconds())
        return (PostgresStep(isQuiet ? Self.stillFactsQuestion : Self.factsQuestion, [.integer(floor)]), floor)
    }

    /// What was read with the last commit, once; `nil` when that was too long ago.
    func takeFactsAhead() throws(OutboxProblem) -> PostgresFacts? {
        guard let ahead = factsAhead else { return nil }
        factsAhead = nil
        if MonotonicClock.nanoseconds() - ahead.readAt > factsLifetimeNanoseconds { return nil }
        return try facts(ahead.rows, from: ahead.floor)
    }

    /// The same in a transaction, while no other session changes the hierarchy until that ends.
    func readFactsForWriting() throws(OutboxProblem) -> PostgresFacts {
        // Two statements, since each sees what was committed before it began.
        let lock = PostgresStep("SELECT pg_advisory_xact_lock_shared($1)", [.integer(Self.topologyLock)])
        let floor = arrivalFloor.next(at: MonotonicClock.nanoseconds())
        var steps = [lock, PostgresStep(Self.factsQuestion, [.integer(floor)])]
        // One that is to give them their deliveries has them without asking once more.
        let near = nearArrivals
        if expectsArrivals { steps.append(arrivalsQuestion) }
        (expectsArrivals, factsAhead) = (false, nil)
        let rows = try send(steps).get()
        if rows.count > 2 { arrivalsAhead = (rows[2], near) }
        let read = try facts(rows[1], from: floor)
        holdsTopology = true
        return read
    }

    /// Keeps others from relying on the hierarchy until the transaction ends.
    func lockTopology() { runLater("SELECT pg_advisory_xact_lock($1)", .integer(Self.topologyLock)) }

    private func facts(_ rows: PostgresRows, from floor: Int64) throws(OutboxProblem) -> PostgresFacts {
        guard let row = rows.first else {
            return PostgresFacts(hasArrivals: false, topology: 0, queue: 0, numbers: 0, isStill: nil, engines: [], owners: [:])
        }
        try follow(row, columns: 9)
        arrivalFloor.looked(from: floor, microseconds: row.integer(8), at: MonotonicClock.nanoseconds())
        arrivalLookFloor = floor
        return PostgresFacts(
            hasArrivals: row.boolean(0),
            topology: row.integer(1),
            queue: row.integer(2),
            numbers: row.integer(4),
            isStill: row.isNull(3) ? nil : row.boolean(3),
            engines: row.integers(5),
            owners: Dictionary(zip(row.integers(6).map { Int($0) }, row.integers(7)), uniquingKeysWith: { first, _ in first })
        )
    }
}
#endif
