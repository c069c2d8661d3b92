#if PostgreSQL
package import PosthornModel
package import PosthornStore
package import PosthornText

extension PostgresStore {
    /// Adds what became of attempts of endpoints at a moment to the spans in which it lies, and forgets the endpoints' oldest spans.
    package func add(_ tallies: [(endpoint: Int64, tally: AttemptTally)], at moment: Timestamp) throws(OutboxProblem) {
        // Engines add to the same rows, and each goes through them in the same order.
        let tallies = tallies.sorted { $0.endpoint < $1.endpoint }
        let keys = tallies.map(\.endpoint)
        let spans = StatisticsSpan.allCases
        let found = try send(spans.flatMap { reading($0, keys, $0.start(of: moment)) }).get()
        for (i, span) in spans.enumerated() {
            let known = Dictionary(
                found[2 * i + 1].all.map { ($0.integer(0), Self.tally($0, from: 1)) },
                uniquingKeysWith: { first, _ in first }
            )
            let sums = tallies.map { endpoint, tally in
                var sum = known[endpoint] ?? AttemptTally()
                sum.add(tally)
                return (endpoint, sum)
            }
            write(sums, span, span.start(of: moment))
            // Once a span is enough.
            let new = found[2 * i].all.map { $0.integer(0) }
            if !new.isEmpty { forget(span, ofEndpoints: new, before: moment.advanced(byMilliseconds: -span.keptMilliseconds)) }
        }
    }

    /// Makes the rows that are not there yet, so that no other engine makes one meanwhile, and reads all of them.
    private func reading(_ span: StatisticsSpan, _ keys: [Int64], _ start: Timestamp) -> [PostgresStep] {
        let new = AttemptTally()
        return [
            PostgresStep(
                """
                INSERT INTO posthorn_statistics (endpoint, span, start, delivered, exhausted, failed, durations)
                SELECT endpoint, $2, $3, 0, 0, $4, $5 FROM unnest($1::bigint[]) endpoint
                ON CONFLICT (endpoint, span, start) DO NOTHING RETURNING endpoint
                """,
                [
                    .integers(keys), .integer(span.rawValue), .integer(start.milliseconds), .text(new.failedText),
                    .text(new.durations.text),
                ]
            ),
            PostgresStep(
                """
                SELECT endpoint, delivered, exhausted, failed, durations, lags FROM posthorn_statistics
                WHERE endpoint = ANY ($1::bigint[]) AND span = $2 AND start = $3 ORDER BY endpoint FOR UPDATE
                """,
                [.integers(keys), .integer(span.rawValue), .integer(start.milliseconds)]
            ),
        ]
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

    private func write(_ tallies: [(Int64, AttemptTally)], _ span: StatisticsSpan, _ start: Timestamp) {
        runLater(
            """
            UPDATE posthorn_statistics s
            SET delivered = t.delivered, exhausted = t.exhausted, failed = t.failed, durations = t.durations, lags = t.lags
            FROM unnest($1::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[])
                AS t (endpoint, delivered, exhausted, failed, durations, lags)
            WHERE s.endpoint = t.endpoint AND s.span = $2 AND s.start = $3
            """,
            .integers(tallies.map(\.0)),
            .integer(span.rawValue),
            .integer(start.milliseconds),
            .integers(tallies.map { Int64($0.1.delivered) }),
            .integers(tallies.map { Int64($0.1.exhausted) }),
            .texts(tallies.map(\.1.failedText)),
            .texts(tallies.map(\.1.durations.text)),
            .texts(tallies.map(\.1.lags.text))
        )
    }

    private func forget(_ span: StatisticsSpan, ofEndpoints keys: [Int64], before moment: Timestamp) {
        runLater(
            "DELETE FROM posthorn_statistics WHERE endpoint = ANY ($1::bigint[]) AND span = $2 AND start < $3",
            .integers(keys),
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
