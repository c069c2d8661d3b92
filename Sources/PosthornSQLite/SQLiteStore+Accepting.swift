package import PosthornModel
package import PosthornStore
package import PosthornText

extension SQLiteStore {
    /// Stores events with their deliveries, but for those whose id is known.
    package func accept(_ candidates: [NewEventRow], at now: Timestamp) throws(OutboxProblem) -> [InsertResult] {
        var acceptances: [InsertResult] = []
        acceptances.reserveCapacity(candidates.count)
        var deliveries: [NewDelivery] = []
        var stored: Int64 = 0
        let statement = try connection.statement(
            """
            INSERT INTO posthorn_outbox (id, type, node, created, origin, data, traceparent, headers) VALUES (?, ?, ?, ?, 1, ?, ?, ?)
            ON CONFLICT (id) DO NOTHING
            """
        )
        // Through a span, which copies no row and so counts no references.
        let rows = candidates.span
        for index in rows.indices {
            guard try Self.insert(rows[index].event, with: statement) else {
                acceptances.append(try known(rows[index].event, rows[index].createdByProducer))
                continue
            }
            stored += 1
            let seq = connection.lastInsertRowID
            for recipient in rows[index].recipients { deliveries.append(NewDelivery(event: seq, recipient: recipient)) }
            acceptances.append(.stored(deliveries: rows[index].recipients.count))
        }
        changedCounts.events += stored
        try insert(deliveries, at: now)
        return acceptances
    }

    /// Stores an event; `false` when its id is known.
    private static func insert(_ event: borrowing Event, with statement: SQLiteStatement) throws(OutboxProblem) -> Bool {
        statement.bind(1, event.id)
        statement.bind(2, event.type)
        statement.bind(3, event.node)
        statement.bind(4, event.created.milliseconds)
        statement.bind(6, event.traceparent)
        statement.bind(7, EventHeaders.text(event.headers))
        return try statement.run(borrowing: event.data, as: 5) > 0
    }

    /// What an event is whose id is known.
    private func known(_ event: Event, _ createdByProducer: Bool) throws(OutboxProblem) -> InsertResult {
        let row = try connection.statement("SELECT type, node, created, data, headers, digest FROM posthorn_outbox WHERE id = ?")
        row.bind(1, event.id)
        defer { row.reset() }
        guard try row.step(), row.text(0) == event.type, row.text(1) == event.node,
            !createdByProducer || row.integer(2) == event.created.milliseconds,
            EventHeaders.areSame(EventHeaders.stored(row.textOrNil(4)), event.headers)
        else { return .conflict }
        if let digest = row.textOrNil(5) { return .knownWithoutData(digest: digest) }
        return row.bytes(3) == event.data ? .known : .conflict
    }

    private struct NewDelivery {
        let event: Int64
        let recipient: Recipient
    }

    private func insert(_ deliveries: [NewDelivery], at now: Timestamp) throws(OutboxProblem) {
        var first = 0
        while first < deliveries.count {
            let isActive = deliveries[first].recipient.isActive
            let width = WideStatement.width(for: Self.alike(deliveries, from: first))
            let statement = try deliveryInsert(rows: width)
            statement.bindStatic(1, isActive ? "pending" : "held")
            statement.bind(2, isActive ? now.milliseconds : nil)
            for row in 0..<width {
                let delivery = deliveries[first + row]
                let base = Int32(3 + row * 3)
                statement.bind(base, delivery.event)
                statement.bind(base + 1, delivery.recipient.revision)
                statement.bind(base + 2, delivery.recipient.endpoint)
            }
            try statement.run()
            count(width, from: nil, to: isActive ? .ready : .held)
            // The rows of one statement have numbers that follow each other.
            let before = connection.lastInsertRowID - Int64(width)
            for row in 0..<width {
                let recipient = deliveries[first + row].recipient
                if let lane = recipient.lane { try enter(lane, before + 1 + Int64(row), ofEndpoint: recipient.endpoint) }
            }
            first += width
        }
    }

    /// How many deliveries from a place on begin in the same state, as far as one statement reaches.
    private static func alike(_ deliveries: [NewDelivery], from first: Int) -> Int {
        var end = first + 1
        let limit = min(deliveries.count, first + WideStatement.widest)
        while end < limit, deliveries[end].recipient.isActive == deliveries[first].recipient.isActive { end += 1 }
        return end - first
    }

    /// Rows that begin in one state at one time, which are the first two parameters.
    static func deliveryInsert(rows: Int) -> String {
        """
        INSERT OR FAIL INTO posthorn_delivery (state, next_attempt_at, event, revision, endpoint)
        VALUES \(WideStatement.list("(?1, ?2, ?, ?, ?)", rows))
        """
    }

    /// The oldest events that another program inserted and that have no deliveries yet.
    package func arrivals(limit: Int) throws(OutboxProblem) -> [UnroutedEvent] {
        let rows = try connection.statement(
            """
            SELECT o.seq, o.id, o.type, o.node, o.created, o.data, o.traceparent, o.headers
            FROM posthorn_arrival a JOIN posthorn_outbox o ON o.seq = a.seq ORDER BY a.seq LIMIT ?
            """
        )
        rows.bind(1, Int64(limit))
        defer { rows.reset() }
        var arrivals: [UnroutedEvent] = []
        var bytes = 0
        while bytes < Self.arrivalBatchLimitBytes, try rows.step() {
            let event = Self.event(rows, from: 1)
            bytes += event.data.count
            arrivals.append(UnroutedEvent(seq: rows.integer(0), event: event))
        }
        return arrivals
    }

    /// Whether there are arrivals.
    package func hasArrivals() throws(OutboxProblem) -> Bool {
        try connection.integer("SELECT EXISTS (SELECT 1 FROM posthorn_arrival)") != 0
    }

    /// Arrivals are read until their data has this many bytes, so that a flood of large ones stays small in memory.
    static let arrivalBatchLimitBytes = 8 << 20

    /// Gives arrivals their deliveries; from then on they are no arrivals.
    package func fanOut(_ events: [(seq: Int64, recipients: [Recipient])], at now: Timestamp) throws(OutboxProblem) {
        for (seq, recipients) in events {
            try insert(recipients.map { NewDelivery(event: seq, recipient: $0) }, at: now)
            let delete = try connection.statement("DELETE FROM posthorn_arrival WHERE seq = ?")
            delete.bind(1, seq)
            try delete.run()
            changedCounts.events += 1
        }
    }

    /// Reads an event, and whether the library checked it when it was accepted.
    package func event(_ seq: Int64) throws(OutboxProblem) -> (event: Event, isChecked: Bool)? {
        let row = try connection.statement(
            "SELECT id, type, node, created, data, traceparent, headers, origin FROM posthorn_outbox WHERE seq = ?"
        )
        row.bind(1, seq)
        defer { row.reset() }
        return try row.step() ? (Self.event(row, from: 0), row.integer(7) == 1) : nil
    }

    static func event(_ row: SQLiteStatement, from column: Int32) -> Event {
        Event(
            id: row.text(column),
            type: row.text(column + 1),
            node: row.text(column + 2),
            created: Timestamp(milliseconds: row.integer(column + 3)),
            data: row.bytes(column + 4),
            traceparent: row.textOrNil(column + 5),
            headers: EventHeaders.stored(row.textOrNil(column + 6))
        )
    }
}
