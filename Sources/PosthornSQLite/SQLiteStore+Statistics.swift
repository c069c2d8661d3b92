package import PosthornModel
package import PosthornStore
package import PosthornText

extension SQLiteStore {
    /// Adds what became of attempts of endpoints at a moment to the spans in which it lies, and forgets the endpoints' oldest spans.
    package func add(_ tallies: [(endpoint: Int64, tally: AttemptTally)], at moment: Timestamp) throws(OutboxProblem) {
        for (key, tally) in tallies { try add(tally, ofEndpoint: key, at: moment) }
    }

    private func add(_ tally: AttemptTally, ofEndpoint key: Int64, at moment: Timestamp) throws(OutboxProblem) {
        for span in StatisticsSpan.allCases {
            let start = span.start(of: moment)
            let known = try self.tally(ofEndpoint: key, span, start)
            var sum = known ?? AttemptTally()
            sum.add(tally)
            try write(sum, ofEndpoint: key, span, start)
            // Once a span is enough.
            if known == nil { try forget(span, ofEndpoint: key, before: moment.advanced(byMilliseconds: -span.keptMilliseconds)) }
        }
    }

    private func tally(ofEndpoint key: Int64, _ span: StatisticsSpan, _ start: Timestamp) throws(OutboxProblem) -> AttemptTally? {
        let row = try connection.statement(
            "SELECT delivered, exhausted, failed, durations, lags FROM posthorn_statistics WHERE endpoint = ? AND span = ? AND start = ?"
        )
        row.bind(1, key)
        row.bind(2, span.rawValue)
        row.bind(3, start.milliseconds)
        defer { row.reset() }
        return try row.step() ? Self.tally(row, from: 0) : nil
    }

    private static func tally(_ row: SQLiteStatement, from column: Int32) -> AttemptTally {
        AttemptTally(
            delivered: Int(row.integer(column)),
            exhausted: Int(row.integer(column + 1)),
            failedText: row.text(column + 2),
            durationsText: row.text(column + 3),
            lagsText: row.text(column + 4)
        )
    }

    private func write(
        _ tally: AttemptTally,
        ofEndpoint key: Int64,
        _ span: StatisticsSpan,
        _ start: Timestamp
    ) throws(OutboxProblem) {
        let insert = try connection.statement(
            """
            INSERT INTO posthorn_statistics (endpoint, span, start, delivered, exhausted, failed, durations, lags)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            ON CONFLICT (endpoint, span, start) DO UPDATE SET delivered = ?4, exhausted = ?5, failed = ?6, durations = ?7, lags = ?8
            """
        )
        insert.bind(1, key)
        insert.bind(2, span.rawValue)
        insert.bind(3, start.milliseconds)
        insert.bind(4, Int64(tally.delivered))
        insert.bind(5, Int64(tally.exhausted))
        insert.bind(6, tally.failedText)
        insert.bind(7, tally.durations.text)
        insert.bind(8, tally.lags.text)
        try insert.run()
    }

    private func forget(_ span: StatisticsSpan, ofEndpoint key: Int64, before moment: Timestamp) throws(OutboxProblem) {
        let delete = try connection.statement("DELETE FROM posthorn_statistics WHERE endpoint = ? AND span = ? AND start < ?")
        delete.bind(1, key)
        delete.bind(2, span.rawValue)
        delete.bind(3, moment.milliseconds)
        try delete.run()
    }

    /// The spans of an endpoint, oldest first.
    package func tallies(
        ofEndpoint key: Int64,
        _ span: StatisticsSpan,
        since: Timestamp,
        until: Timestamp
    ) throws(OutboxProblem) -> [(start: Timestamp, tally: AttemptTally)] {
        let rows = try connection.statement(
            """
            SELECT start, delivered, exhausted, failed, durations, lags FROM posthorn_statistics
            WHERE endpoint = ? AND span = ? AND start >= ? AND start < ? ORDER BY start
            """
        )
        rows.bind(1, key)
        rows.bind(2, span.rawValue)
        rows.bind(3, since.milliseconds)
        rows.bind(4, until.milliseconds)
        defer { rows.reset() }
        var tallies: [(start: Timestamp, tally: AttemptTally)] = []
        while try rows.step() { tallies.append((Timestamp(milliseconds: rows.integer(0)), Self.tally(rows, from: 1))) }
        return tallies
    }
}
