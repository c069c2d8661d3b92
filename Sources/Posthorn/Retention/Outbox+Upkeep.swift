import PosthornModel
package import PosthornText
package import PosthornStore

extension Outbox {
    /// Events and deliveries that one step of upkeep reads or deletes, so that others wait for a moment only.
    static let upkeepStep = 2000

    /// Deletes events whose deliveries all ended before a time, with their deliveries and attempts, and those without deliveries that are
    /// as old. An id that was pruned is no longer known: the same id emitted again is a new event. Then endpoints that were removed
    /// before that time and have no delivery left. What may go, ``Retention`` decides. At last the counts of ``status()`` are taken once
    /// more.
    package func prune(settledBefore cutoff: Timestamp) throws -> PruneReport {
        let retention = Retention(settledBefore: cutoff)
        var total = PruneReport()
        // A delivery that a program of an earlier version has stored is in no index of its event before.
        try bringRowsUpToDate()
        var last = Int64.min
        while true {
            // Looked for beside the writer; what is found is looked at again before it is deleted.
            let page = try read { [last] in try $0.histories(beyond: last, limit: Self.upkeepStep) }
            guard let end = page.last?.seq else { break }
            last = end
            let old = page.filter(retention.permits).map(\.seq)
            if old.isEmpty { continue }
            let report = try writer.perform { (store) throws(OutboxProblem) in
                // Between the two nobody can store a delivery without its event's entry in the index.
                while try store.bringRowsUpToDate(beyond: 0, limit: Self.upkeepStep) {}
                return try store.prune(old, retention)
            }
            total.events += report.events
            total.deliveries += report.deliveries
            total.attempts += report.attempts
        }
        let gone = try read { try $0.removedEndpoints() }.filter(retention.permits).map(\.key)
        for start in stride(from: 0, to: gone.count, by: Self.upkeepStep) {
            let batch = Array(gone[start..<min(start + Self.upkeepStep, gone.count)])
            total.endpoints += try writer.perform { (store) throws(OutboxProblem) in try store.prune(endpoints: batch, retention) }
        }
        try recount()
        return total
    }

    /// Rows that one reading looks at.
    private static let rowsPerReading = 100_000
    /// Rows that one transaction brings up to date: some 3 ms.
    static let rowsPerUpdate = 1000

    /// Brings rows that a program of an earlier version has written up to date, in small transactions. Where they begin is found in a
    /// reading, which holds up no writer: most often there are none.
    func bringRowsUpToDate() throws {
        let known = try rowsUpToDate()
        while try writer.perform({ (store) throws(OutboxProblem) in
            try store.bringRowsUpToDate(beyond: known, limit: Self.rowsPerUpdate)
        }) {}
    }

    /// Up to where a reading finds all rows up to date.
    func rowsUpToDate() throws -> Int64 {
        var found: (through: Int64, goesOn: Bool) = (0, true)
        while found.goesOn { found = try read { [found] in try $0.rowsUpToDate(beyond: found.through, limit: Self.rowsPerReading) } }
        return found.through
    }

    /// Adds what was not counted for ``status()``. It is found in a reading that holds up no writer; what is written meanwhile is counted
    /// by its writer.
    func recount() throws {
        let difference = try read { try $0.uncounted() }
        try writer.perform { (store) throws(OutboxProblem) in try store.correct(counts: difference) }
    }
}
