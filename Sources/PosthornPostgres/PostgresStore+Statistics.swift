#if PostgreSQL
package import PosthornModel
package import PosthornStore
package import PosthornText

extension PostgresStore {
    /// Adds what became of attempts of an endpoint at a moment to the spans in which it lies, and forgets the endpoint's oldest spans.
    package func add(_ tally: AttemptTally, ofEndpoint key: Int64, at moment: Timestamp) throws(OutboxProblem) {
        for span in StatisticsSpan.allCases {
            let start = span.start(of: moment)
            // Engines add to what all endpoints are counted under together, so the row is there before one of them reads it.
            let new = AttemptTally()
            let isNew =
                try run(
                    """
                    INSERT INTO posthorn_statistics (endpoint, span, start, delivered, exhausted, failed, durations)
                    VALUES ($1, $2, $3, 0, 0, $4, $5) ON CONFLICT (endpoint, span, start) DO NOTHING
                    """,
                    .integer(key),
                    .integer(span.rawValue),
                    .integer(start.milliseconds),
                    .text(new.failedText),
                    .text(new.durations.text)
                ).affected > 0
            let row = try run(
                """
                SELECT delivered, exhausted, failed, durations, lags FROM posthorn_statistics
                WHERE endpoint = $1 AND span = $2 AND start = $3 FOR UPDATE
                """,
                .integer(key),
                .integer(span.rawValue),
                .integer(start.milliseconds)
            ).first
            var sum = row.map { Self.tally($0, from: 0) } ?? AttemptTally()
            sum.add(tally)
            try write(sum, ofEndpoint: key, span, start)
            // Once a span is enough.
            if isNew { try forget(span, ofEndpoint: key, before: moment.advanced(byMilliseconds: -span.keptMilliseconds)) }
        }
    }

    private static func tally(_ row: PostgresRow, from column: Int) -> AttemptTally {
        AttemptTally(
            delivered: Int(row.integer(column)),
            exhausted: Int(row.integer(column + 1)),
            failedText: row.text(column + 2),
            durationsText: row.text(column + 3),
            lagsText: row.text(column + 4)
        )
    }

    private func write(_ tally: AttemptTally, ofEndpoint key: Int64, _ span: StatisticsSpan, _ start: Timestamp) throws(OutboxProblem) {
        try run(
            """
            INSERT INTO posthorn_statistics (endpoint, span, start, delivered, exhausted, failed, durations, lags)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (endpoint, span, start) DO UPDATE SET delivered = $4, exhausted = $5, failed = $6, durations = $7, lags = $8
            """,
            .integer(key),
            .integer(span.rawValue),
            .integer(start.milliseconds),
            .integer(Int64(tally.delivered)),
            .integer(Int64(tally.exhausted)),
            .text(tally.failedText),
            .text(tally.durations.text),
            .text(tally.lags.text)
        )
    }

    private func forget(_ span: StatisticsSpan, ofEndpoint key: Int64, before moment: Timestamp) throws(OutboxProblem) {
        try run(
            "DELETE FROM posthorn_statistics WHERE endpoint = $1 AND span = $2 AND start < $3",
            .integer(key),
            .integer(span.rawValue),
            .integer(moment.milliseconds)
        )
    }

    /// The spans of an endpoint, oldest first.
    package func tallies(
        ofEndpoint key: Int64,
        _ span: StatisticsSpan,
        since: Timestamp,
        until: Timestamp
    ) throws(OutboxProblem) -> [(start: Timestamp, tally: AttemptTally)] {
        let rows = try run(
            """
            SELECT start, delivered, exhausted, failed, durations, lags FROM posthorn_statistics
            WHERE endpoint = $1 AND span = $2 AND start >= $3 AND start < $4 ORDER BY start
            """,
            .integer(key),
            .integer(span.rawValue),
            .integer(since.milliseconds),
            .integer(until.milliseconds)
        )
        return rows.all.map { (Timestamp(milliseconds: $0.integer(0)), Self.tally($0, from: 1)) }
    }
}
#endif
