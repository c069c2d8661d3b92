import PosthornModel
package import PosthornStore
import PosthornText

extension SQLiteStore {
    /// Rows of a small index that are taken whole and put in order, where the index has them in another one.
    static let sortedRowLimit = 5000

    private static let visibleColumns =
        """
        SELECT d.id, o.id, o.type, o.node, e.id, d.state, d.attempts, o.created, d.next_attempt_at, r.url,
            a.number, a.status, a.error, a.error_text, a.started, a.duration_us, e.node, d.revision,
            o.digest IS NULL
        FROM posthorn_delivery d CROSS JOIN posthorn_outbox o ON o.seq = d.event
        CROSS JOIN posthorn_endpoint_revision r ON r.key = d.revision CROSS JOIN posthorn_endpoint e ON e.key = r.endpoint
        LEFT JOIN posthorn_attempt a ON a.delivery = d.id AND a.number = d.attempts
        """

    /// Visits deliveries, newest first.
    ///
    /// Those of an event, of an endpoint, and those in a state of which there are few, are found by an index, all others by looking at
    /// each number downwards.
    package func visitDeliveries(
        _ rows: DeliveryRows,
        _ visit: (VisibleDelivery) -> Bool
    ) throws(OutboxProblem) -> VisitEnd {
        if let chosen = try indexed(rows) { return try visitEach(chosen, rows, visit) }
        let statement = try connection.prepare(
            "\(Self.visibleColumns) WHERE d.id > ? AND d.id < ? ORDER BY d.id \(Self.direction(rows.after)) LIMIT ?"
        )
        statement.bind(1, rows.after ?? .min)
        statement.bind(2, rows.before ?? .max)
        statement.bind(3, Int64(rows.limit))
        var seen = 0
        var (last, created): (Int64, Int64) = (0, 0)
        while try statement.step() {
            (seen, last, created) = (seen + 1, statement.integer(0), statement.integer(7))
            // Most rows are passed over where a state is asked for: none of those is made into a delivery.
            if !Self.isIn(rows.states, statement.text(5)) { continue }
            let row = try visible(statement)
            if Self.isWanted(row, rows), !visit(row) { return .stopped }
        }
        guard seen == rows.limit else { return .atEnd }
        return .atLimit(last: last, created: Timestamp(milliseconds: created))
    }

    private static func isIn(_ states: Set<DeliveryState>, _ text: String) -> Bool {
        states.isEmpty || DeliveryState(rawValue: text).map(states.contains) ?? true
    }

    /// The order in which a reading goes through numbers.
    private static func direction(_ after: Int64?) -> String { after == nil ? "DESC" : "ASC" }

    /// A text of this outbox's own that is known here alone.
    package func digestSalt() throws(OutboxProblem) -> String {
        try connection.text("SELECT value FROM posthorn_setting WHERE name = 'salt'") ?? ""
    }

    /// One delivery.
    package func visibleDelivery(_ number: Int64) throws(OutboxProblem) -> VisibleDelivery? {
        try visibleDelivery(number, try connection.prepare(Self.visibleByNumber))
    }

    /// How many deliveries of an endpoint are held.
    package func heldCount(ofEndpoint key: Int64, limit: Int) throws(OutboxProblem) -> Int {
        let statement = try connection.prepare(
            """
            SELECT count(*) FROM (SELECT 1 FROM posthorn_delivery INDEXED BY posthorn_delivery_held
                WHERE state = 'held' AND revision IN (SELECT key FROM posthorn_endpoint_revision WHERE endpoint = ?) LIMIT ?)
            """
        )
        statement.bind(1, key)
        statement.bind(2, Int64(limit))
        return try statement.step() ? Int(statement.integer(0)) : 0
    }

    private static let visibleByNumber = "\(visibleColumns) WHERE d.id = ?"

    private func visibleDelivery(_ number: Int64, _ statement: SQLiteStatement) throws(OutboxProblem) -> VisibleDelivery? {
        statement.bind(1, number)
        defer { statement.reset() }
        return try statement.step() ? try visible(statement) : nil
    }

    /// Visits deliveries that are tried again, by the index of their next attempts.
    package func visitRetries(
        _ rows: RetryRows,
        _ visit: (VisibleDelivery) -> Bool
    ) throws(OutboxProblem) -> VisitEnd {
        let isBackwards = rows.before != nil
        let statement = try connection.prepare(
            """
            SELECT next_attempt_at, id FROM posthorn_delivery INDEXED BY posthorn_delivery_retry
            WHERE state = 'pending' AND attempts > 0 AND (next_attempt_at, id) \(isBackwards ? "<" : ">") (?, ?)
            ORDER BY next_attempt_at \(isBackwards ? "DESC" : "ASC"), id \(isBackwards ? "DESC" : "ASC") LIMIT ?
            """
        )
        let place = rows.before ?? rows.after ?? .start
        statement.bind(1, place.due)
        statement.bind(2, place.delivery)
        statement.bind(3, Int64(rows.limit + 1))
        var found: [RetryPosition] = []
        while try statement.step() { found.append(RetryPosition(due: statement.integer(0), delivery: statement.integer(1))) }
        let one = try connection.prepare(Self.visibleByNumber)
        for position in found.prefix(rows.limit) {
            if let row = try visibleDelivery(position.delivery, one), !visit(row) { return .stopped }
        }
        guard found.count > rows.limit, let last = found.dropLast().last else { return .atEnd }
        return .atLimit(last: last.delivery, created: Timestamp(milliseconds: last.due))
    }

    /// Visits events without their data, newest first.
    package func visitEvents(
        _ rows: EventRows,
        _ visit: (VisibleEvent) -> Bool
    ) throws(OutboxProblem) -> VisitEnd {
        let statement = try connection.prepare(
            """
            SELECT seq, id, type, node, created FROM posthorn_outbox WHERE seq > ? AND seq < ?
            ORDER BY seq \(Self.direction(rows.after)) LIMIT ?
            """
        )
        statement.bind(1, rows.after ?? .min)
        statement.bind(2, rows.before ?? .max)
        statement.bind(3, Int64(rows.limit))
        defer { statement.reset() }
        var seen = 0
        var last: VisibleEvent?
        while try statement.step() {
            let event = Event(
                id: statement.text(1),
                type: statement.text(2),
                node: statement.text(3),
                created: Timestamp(milliseconds: statement.integer(4)),
                data: []
            )
            let row = VisibleEvent(number: statement.integer(0), event)
            (seen, last) = (seen + 1, row)
            if !visit(row) { return .stopped }
        }
        guard seen == rows.limit, let last else { return .atEnd }
        return .atLimit(last: last.number, created: last.event.created)
    }

    private func visible(_ row: SQLiteStatement) throws(OutboxProblem) -> VisibleDelivery {
        VisibleDelivery(try delivery(row), endpointNode: row.text(16), revision: row.integer(17), hasData: row.integer(18) == 1)
    }

    private static func isWanted(_ row: VisibleDelivery, _ rows: DeliveryRows) -> Bool {
        (rows.states.isEmpty || rows.states.contains(row.delivery.state))
            && (rows.endpoint.map { Identifier.isWrittenAlike($0, row.delivery.endpoint) } ?? true)
            && (rows.event.map { $0 == row.delivery.event } ?? true)
    }

    /// Deliveries that an index has found, in the order of the reading.
    private struct Chosen {
        var numbers: [Int64]
        /// The last one that was looked at, where there are more.
        var last: Int64?

        /// As many of these as may be looked at.
        init(_ numbers: [Int64], limit: Int) {
            self.numbers = Array(numbers.prefix(limit))
            last = numbers.count > limit ? self.numbers.last : nil
        }
    }

    /// What an index finds; `nil` where there is none for it, or too many.
    private func indexed(_ rows: DeliveryRows) throws(OutboxProblem) -> Chosen? {
        if let event = rows.event { return Chosen(try numbers(ofEvent: event, rows), limit: rows.limit) }
        if !rows.states.isEmpty, !rows.states.contains(.delivered), let numbers = try numbers(inStates: rows) {
            return Chosen(numbers, limit: rows.limit)
        }
        return try rows.endpoint.map { (id) throws(OutboxProblem) in try chosen(ofEndpoint: id, rows) }
    }

    /// Those in some states, of which there are few; `nil` where there are more.
    private func numbers(inStates rows: DeliveryRows) throws(OutboxProblem) -> [Int64]? {
        var found: [Int64] = []
        for state in rows.states {
            for part in Self.rows(in: state) {
                let statement = try connection.prepare("SELECT id FROM posthorn_delivery \(part) LIMIT ?")
                statement.bind(1, Int64(Self.sortedRowLimit + 1 - found.count))
                while try statement.step() { found.append(statement.integer(0)) }
                if found.count > Self.sortedRowLimit { return nil }
            }
        }
        let inside = found.filter { $0 < rows.before ?? .max && $0 > rows.after ?? .min }
        return rows.after == nil ? inside.sorted(by: >) : inside.sorted()
    }

    /// Those of an endpoint. Its index has deliveries in all states; those in others are looked at and left out.
    private func chosen(ofEndpoint id: String, _ rows: DeliveryRows) throws(OutboxProblem) -> Chosen {
        let statement = try connection.prepare(
            """
            SELECT id, state FROM posthorn_delivery INDEXED BY posthorn_delivery_endpoint
            WHERE endpoint = (SELECT key FROM posthorn_endpoint WHERE id = ?) AND id > ? AND id < ?
            ORDER BY id \(Self.direction(rows.after)) LIMIT ?
            """
        )
        statement.bind(1, id)
        statement.bind(2, rows.after ?? .min)
        statement.bind(3, rows.before ?? .max)
        statement.bind(4, Int64(rows.limit + 1))
        var (seen, wanted): ([Int64], [Int64]) = ([], [])
        while try statement.step() {
            seen.append(statement.integer(0))
            if Self.isIn(rows.states, statement.text(1)), seen.count <= rows.limit { wanted.append(seen[seen.count - 1]) }
        }
        var chosen = Chosen(seen, limit: rows.limit)
        chosen.numbers = wanted
        return chosen
    }

    private func numbers(ofEvent id: String, _ rows: DeliveryRows) throws(OutboxProblem) -> [Int64] {
        let statement = try connection.prepare(
            """
            SELECT d.id FROM posthorn_delivery d INDEXED BY posthorn_delivery_event
            WHERE d.event = (SELECT seq FROM posthorn_outbox WHERE id = ?) AND d.endpoint IS NOT NULL AND d.id > ? AND d.id < ?
            ORDER BY d.id \(Self.direction(rows.after)) LIMIT ?
            """
        )
        statement.bind(1, id)
        statement.bind(2, rows.after ?? .min)
        statement.bind(3, rows.before ?? .max)
        statement.bind(4, Int64(rows.limit + 1))
        var found: [Int64] = []
        while try statement.step() { found.append(statement.integer(0)) }
        return found
    }

    private func visitEach(_ chosen: Chosen, _ rows: DeliveryRows, _ visit: (VisibleDelivery) -> Bool) throws(OutboxProblem) -> VisitEnd {
        let statement = try connection.prepare(Self.visibleByNumber)
        for number in chosen.numbers {
            guard let row = try visibleDelivery(number, statement) else { continue }
            if Self.isWanted(row, rows), !visit(row) { return .stopped }
        }
        guard let last = chosen.last, let row = try visibleDelivery(last, statement) else { return .atEnd }
        return .atLimit(last: last, created: row.delivery.created)
    }
}
