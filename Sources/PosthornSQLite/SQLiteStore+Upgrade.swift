import PosthornModel
package import PosthornStore

/// What a migration leaves to be done to rows, since a large table takes longer than others can wait for the write lock.
extension SQLiteStore {
    /// Rows that one step brings up to date: some 30 ms.
    static let rowsPerStep = 10_000
    /// Steps after which the log is copied into the database, so that it does not grow to the size of the table.
    private static let stepsPerCheckpoint = 20

    /// Brings the rows of an earlier version up to date, in small transactions between which others can write. Killed on the way, it
    /// goes on at the next opening.
    func upgradeRows() throws(OutboxProblem) {
        if try optionalSetting("placing") != nil {
            var steps = 0
            while try write({ () throws(OutboxProblem) in try bringRowsUpToDate(beyond: 0, limit: Self.rowsPerStep) }) {
                steps += 1
                if steps.isMultiple(of: Self.stepsPerCheckpoint) { _ = try? connection.passiveCheckpoint() }
            }
            try write { () throws(OutboxProblem) in try connection.execute("DELETE FROM posthorn_setting WHERE name = 'placing'") }
        }
        if try optionalSetting("recount") == 1 { try recount() }
    }

    /// Adds what was not counted. It is found in a reading that holds up no writer; what is written meanwhile is counted by its writer.
    private func recount() throws(OutboxProblem) {
        try connection.statement("BEGIN").run()
        let difference: OutboxCounts
        do throws(OutboxProblem) { difference = try uncounted() } catch {
            try? connection.statement("ROLLBACK").run()
            throw error
        }
        try connection.statement("COMMIT").run()
        try write { () throws(OutboxProblem) in
            // Another program that opened the file at the same time may have added the same already.
            guard try optionalSetting("recount") == 1 else { return }
            try correct(counts: difference)
            try connection.execute(
                "INSERT OR REPLACE INTO posthorn_setting (name, value) VALUES ('recount', \(Self.recountAtStart))"
            )
        }
    }

    /// The greatest number of some deliveries behind one, and how many there are; `nil` when there is none.
    private func step(beyond last: Int64, limit: Int) throws(OutboxProblem) -> (end: Int64, count: Int64)? {
        let step = try connection.statement(
            "SELECT max(id), count(*) FROM (SELECT id FROM posthorn_delivery WHERE id > ? ORDER BY id LIMIT ?)"
        )
        step.bind(1, last)
        step.bind(2, Int64(limit))
        defer { step.reset() }
        guard try step.step(), let end = step.integerOrNil(0) else { return nil }
        return (end, step.integer(1))
    }

    package func rowsUpToDate(beyond start: Int64, limit: Int) throws(OutboxProblem) -> (through: Int64, goesOn: Bool) {
        let last = max(start, try setting("placed"))
        guard let (end, count) = try step(beyond: last, limit: limit) else { return (last, false) }
        let first = try connection.statement(
            "SELECT id FROM posthorn_delivery WHERE id > ? AND id <= ? AND endpoint IS NULL ORDER BY id LIMIT 1"
        )
        first.bind(1, last)
        first.bind(2, end)
        defer { first.reset() }
        if try first.step() { return (first.integer(0) - 1, false) }
        return (end, count == Int64(limit))
    }

    /// Gives deliveries that a program of an earlier version has stored their endpoint; 0 where the outbox is damaged and has none.
    package func bringRowsUpToDate(beyond known: Int64, limit: Int) throws(OutboxProblem) -> Bool {
        let placed = try setting("placed")
        let last = max(placed, known)
        guard let (end, count) = try step(beyond: last, limit: limit) else {
            if last > placed { try note(placed: last) }
            return false
        }
        let update = try connection.statement(
            """
            UPDATE posthorn_delivery
            SET endpoint = coalesce((SELECT endpoint FROM posthorn_endpoint_revision WHERE key = revision), 0)
            WHERE id > ?1 AND id <= ?2 AND endpoint IS NULL
            """
        )
        update.bind(1, last)
        update.bind(2, end)
        try update.run()
        if connection.changes > 0, try optionalSetting("placing") == nil {
            // A program of an earlier version has written since, and counts nothing.
            try connection.execute(
                "INSERT OR REPLACE INTO posthorn_setting (name, value) VALUES ('recount', \(Self.recountAtStart))"
            )
        }
        try note(placed: end)
        return count == Int64(limit)
    }

    private func note(placed end: Int64) throws(OutboxProblem) {
        let note = try connection.statement("UPDATE posthorn_setting SET value = ? WHERE name = 'placed'")
        note.bind(1, end)
        try note.run()
    }

    /// The value of `recount` once it was done at the opening, where a program of the earlier version may still be at work.
    static let recountAtStart: Int64 = 2

    /// Whether an engine that starts has to take the counts once more.
    package func needsRecount() throws(OutboxProblem) -> Bool { try optionalSetting("recount") != nil }

    private func optionalSetting(_ name: String) throws(OutboxProblem) -> Int64? {
        let row = try connection.statement("SELECT value FROM posthorn_setting WHERE name = ?")
        row.bind(1, name)
        defer { row.reset() }
        return try row.step() ? row.integer(0) : nil
    }
}
