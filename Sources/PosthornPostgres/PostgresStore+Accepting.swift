#if PostgreSQL
package import PosthornModel
package import PosthornStore
package import PosthornText

extension PostgresStore {
    /// Stores events with their deliveries, but for those whose id is known.
    package func accept(_ candidates: [NewEventRow], at now: Timestamp) throws(OutboxProblem) -> [InsertResult] {
        let stored = try insert(candidates.map(\.event))
        var results: [InsertResult] = []
        results.reserveCapacity(candidates.count)
        var deliveries: [NewDelivery] = []
        var taken: Set<String> = []
        for candidate in candidates {
            let id = candidate.event.id
            // A second one of the same id in this call is not the one that was stored.
            guard let seq = stored[id], taken.insert(id).inserted else {
                results.append(try known(candidate.event, candidate.createdByProducer))
                continue
            }
            changedCounts.events += 1
            for recipient in candidate.recipients { deliveries.append(NewDelivery(event: seq, recipient: recipient)) }
            results.append(.stored(deliveries: candidate.recipients.count))
        }
        try insert(deliveries, at: now)
        return results
    }

    /// Stores events, but for those whose id is known.
    /// - Returns: The numbers of those that were stored, by their ids.
    private func insert(_ events: [Event]) throws(OutboxProblem) -> [String: Int64] {
        if events.isEmpty { return [:] }
        let rows = try run(
            """
            INSERT INTO posthorn_outbox (id, type, node, created, origin, data, traceparent, headers)
            SELECT id, type, node, created, 1, data, traceparent, headers
            FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[])
                WITH ORDINALITY AS e (id, type, node, created, data, traceparent, headers, place) ORDER BY place
            ON CONFLICT (id) DO NOTHING RETURNING id, seq
            """,
            .texts(events.map(\.id)),
            .texts(events.map(\.type)),
            .texts(events.map(\.node)),
            .integers(events.map(\.created.milliseconds)),
            .utf8List(events.map(\.data)),
            .texts(events.map(\.traceparent)),
            .texts(events.map { EventHeaders.text($0.headers) })
        )
        return Dictionary(rows.all.map { ($0.text(0), $0.integer(1)) }, uniquingKeysWith: { first, _ in first })
    }

    /// What an event is whose id is known.
    private func known(_ event: Event, _ createdByProducer: Bool) throws(OutboxProblem) -> InsertResult {
        let row = try run("SELECT type, node, created, data, headers, digest FROM posthorn_outbox WHERE id = $1", .text(event.id)).first
        guard let row, row.text(0) == event.type, row.text(1) == event.node,
            !createdByProducer || row.integer(2) == event.created.milliseconds,
            EventHeaders.areSame(EventHeaders.stored(row.textOrNil(4)), event.headers)
        else { return .conflict }
        if let digest = row.textOrNil(5) { return .knownWithoutData(digest: digest) }
        return row.utf8(3) == event.data ? .known : .conflict
    }

    private struct NewDelivery {
        let event: Int64
        let recipient: Recipient
    }

    /// Of the advisory lock that gives deliveries their numbers in the order of the commits: an engine that has read up to a number
    /// would pass by a smaller one that became visible later.
    static let acceptingLock: Int64 = 8_102_367_202

    /// Adds deliveries, whose numbers are given out under the lock, in their order.
    private func insert(_ deliveries: [NewDelivery], at now: Timestamp) throws(OutboxProblem) {
        if deliveries.isEmpty { return }
        hasNews = true
        addedNews += Int64(deliveries.count)
        for delivery in deliveries { count(1, from: nil, to: delivery.recipient.isActive ? .ready : .held) }
        let hasLanes = deliveries.contains { $0.recipient.lane != nil }
        let step = PostgresStep(
            """
            INSERT INTO posthorn_pending (event, revision, endpoint, shard, state, next_attempt_at)
            SELECT event, revision, endpoint, endpoint % 64, state, due
            FROM (SELECT pg_advisory_xact_lock($1)) locked, unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[])
                WITH ORDINALITY AS d (event, revision, endpoint, state, due, place) ORDER BY place
                \(hasLanes ? "RETURNING id" : "")
            """,
            [
                .integer(Self.acceptingLock), .integers(deliveries.map(\.event)), .integers(deliveries.map(\.recipient.revision)),
                .integers(deliveries.map(\.recipient.endpoint)), .texts(deliveries.map { $0.recipient.isActive ? "pending" : "held" }),
                .integers(deliveries.map { $0.recipient.isActive ? now.milliseconds : nil }),
            ]
        )
        if !hasLanes { return waiting.append(step) }
        // Numbers are given out in the order of the rows.
        let numbers = try send([step]).get()[0].all.map { $0.integer(0) }.sorted()
        enter(
            zip(numbers, deliveries).compactMap { number, delivery in
                delivery.recipient.lane.map { (number, delivery.recipient.endpoint, $0) }
            }
        )
    }

    /// The oldest events that another program inserted and that have no deliveries yet. In a transaction, those that no other is
    /// giving theirs at the moment.
    package func arrivals(limit: Int) throws(OutboxProblem) -> [UnroutedEvent] {
        var near = nearArrivals
        var rows: [PostgresRow]
        if limit == Self.arrivalsReadAhead, let ahead = arrivalsAhead {
            arrivalsAhead = nil
            (rows, near) = (ahead.rows.all, ahead.floor)
        } else {
            rows = try run(arrivals(above: near, limit: limit)).all
        }
        if rows.isEmpty, near > 0 { rows = try run(arrivals(above: 0, limit: limit)).all }
        let arrivals = rows.map { UnroutedEvent(seq: $0.integer(0), event: Self.event($0, from: 1)) }
        if let last = arrivals.last { arrivalFloor.saw(last.seq) }
        if isWriting { for arrival in arrivals { lockedArrivals[arrival.seq] = arrival.event } }
        return arrivals
    }

    /// As many as an engine asks for in a transaction.
    static let arrivalsReadAhead = 1000

    /// Where a look has begun something was found; where there is nothing, all the rest is looked at.
    var nearArrivals: Int64 { arrivalLookFloor == 0 ? 0 : arrivalFloor.near }

    /// The question for as many as an engine asks for.
    var arrivalsQuestion: PostgresStep { arrivals(above: nearArrivals, limit: Self.arrivalsReadAhead) }

    private func arrivals(above number: Int64, limit: Int) -> PostgresStep {
        let lock = isWriting ? "FOR UPDATE SKIP LOCKED" : ""
        return PostgresStep(
            """
            WITH next AS MATERIALIZED (SELECT seq FROM posthorn_arrival WHERE seq > $3 ORDER BY seq LIMIT $1 \(lock)),
            sized AS (SELECT o.seq, sum(octet_length(o.data)) OVER (ORDER BY o.seq) - octet_length(o.data) AS before
                FROM next JOIN posthorn_outbox o ON o.seq = next.seq)
            SELECT o.seq, o.id, o.type, o.node, o.created, o.data, o.traceparent, o.headers
            FROM sized JOIN posthorn_outbox o ON o.seq = sized.seq WHERE sized.before < $2 ORDER BY o.seq
            """,
            [.integer(Int64(limit)), .integer(Self.batchLimitBytes), .integer(number)]
        )
    }

    /// Events are read until their data has so many bytes, so that a flood of large ones stays small in memory.
    private static let batchLimitBytes: Int64 = 8 << 20

    /// Whether there are arrivals.
    package func hasArrivals() throws(OutboxProblem) -> Bool {
        if isInTurn, let facts { return facts.hasArrivals }
        return try run("SELECT EXISTS (SELECT 1 FROM posthorn_arrival)").first?.boolean(0) ?? false
    }

    /// Gives arrivals their deliveries; from then on they are no arrivals.
    package func fanOut(_ events: [(seq: Int64, recipients: [Recipient])], at now: Timestamp) throws(OutboxProblem) {
        let seqs = [PostgresValue.integers(events.map(\.seq))]
        let removal = PostgresStep("DELETE FROM posthorn_arrival WHERE seq = ANY ($1::bigint[]) RETURNING seq", seqs)
        var taken = events
        if events.allSatisfy({ lockedArrivals[$0.seq] != nil }) {
            waiting.append(removal)
            // The engine asks for them next.
            for (seq, _) in events { foreseenEvents[seq] = lockedArrivals[seq].map { ($0, false) } }
        } else {
            // Another engine may have given some their deliveries meanwhile.
            let left = Set(try send([removal]).get()[0].all.map { $0.integer(0) })
            taken.removeAll { !left.contains($0.seq) }
        }
        changedCounts.events += Int64(taken.count)
        try insert(taken.flatMap { event in event.recipients.map { NewDelivery(event: event.seq, recipient: $0) } }, at: now)
    }

    /// Gives an event deliveries to endpoints that have none of it.
    package func addDeliveries(ofEvent seq: Int64, to recipients: [Recipient], at now: Timestamp) throws(OutboxProblem) -> [Int64] {
        var numbers: [Int64] = []
        // A statement of its own: one that waits for the lock would not see what was stored meanwhile.
        runLater("SELECT pg_advisory_xact_lock($1)", .integer(Self.acceptingLock))
        for recipient in recipients {
            let rows = try run(
                """
                INSERT INTO posthorn_pending (event, revision, endpoint, shard, state, next_attempt_at)
                SELECT $1, $2, $3::bigint, $3::bigint % 64, $4, $5
                WHERE NOT EXISTS (SELECT 1 FROM posthorn_pending WHERE event = $1 AND endpoint = $3)
                    AND NOT EXISTS (SELECT 1 FROM posthorn_settled WHERE event = $1 AND endpoint = $3)
                    AND NOT EXISTS (SELECT 1 FROM posthorn_arrival WHERE seq = $1)
                    AND EXISTS (SELECT 1 FROM posthorn_outbox WHERE seq = $1 AND digest IS NULL)
                RETURNING id
                """,
                .integer(seq),
                .integer(recipient.revision),
                .integer(recipient.endpoint),
                .text(recipient.isActive ? "pending" : "held"),
                .integer(recipient.isActive ? now.milliseconds : nil)
            )
            guard let id = rows.first?.integer(0) else { continue }
            hasNews = true
            addedNews += 1
            count(1, from: nil, to: recipient.isActive ? .ready : .held)
            numbers.append(id)
            if let lane = recipient.lane { enter([(id, recipient.endpoint, lane)]) }
        }
        return numbers
    }

    /// Reads an event, and whether the library checked it when it was accepted.
    package func event(_ seq: Int64) throws(OutboxProblem) -> (event: Event, isChecked: Bool)? {
        if let known = foreseenEvents[seq] { return known }
        let sought = foreseenEvents.sought(seq)
        let found = try events(sought)
        if sought.count > 1 { foreseenEvents.keep(found) }
        return found[seq]
    }

    /// Reads the first of these events, and as many of those behind it as the limit has room for.
    private func events(_ seqs: [Int64]) throws(OutboxProblem) -> [Int64: ForeseenEvents.Found] {
        let rows = try run(
            """
            SELECT id, type, node, created, data, traceparent, headers, origin, seq FROM (
                SELECT o.*, sum(octet_length(o.data)) OVER (ORDER BY place ROWS UNBOUNDED PRECEDING) - octet_length(o.data) AS before
                FROM unnest($1::bigint[]) WITH ORDINALITY AS sought (number, place) JOIN posthorn_outbox o ON o.seq = sought.number) sized
            WHERE before < $2
            """,
            .integers(seqs),
            .integer(Self.batchLimitBytes)
        )
        return Dictionary(
            rows.all.map { ($0.integer(8), (Self.event($0, from: 0), $0.integer(7) == 1)) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    static func event(_ row: PostgresRow, from column: Int) -> Event {
        Event(
            id: row.text(column),
            type: row.text(column + 1),
            node: row.text(column + 2),
            created: Timestamp(milliseconds: row.integer(column + 3)),
            data: row.utf8(column + 4),
            traceparent: row.textOrNil(column + 5),
            headers: EventHeaders.stored(row.textOrNil(column + 6))
        )
    }
}
#endif
