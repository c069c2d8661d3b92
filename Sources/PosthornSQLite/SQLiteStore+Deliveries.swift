package import PosthornStore
package import PosthornModel
import PosthornText

extension SQLiteStore {
    /// A page of the deliveries that a filter asks for; all of them, where it has a limit and wants the newest last.
    ///
    /// Read whole, so that whoever looks at them slowly, such as a pager's pipe, does not keep the log from being reused.
    /// - Parameter last: The delivery that the page before ended with.
    /// - Returns: The page, and whether there may be another.
    package func deliveries(_ filter: DeliveryFilter, beyond last: Int64?) throws(OutboxProblem) -> (page: [Delivery], goesOn: Bool) {
        if filter.newestFirst {
            let size = min(filter.limit ?? Self.pageRows, Self.pageRows)
            let rows = try page(filter, .newestFirst, below: last ?? filter.before, above: nil, limit: size)
            return (rows, rows.count == Self.pageRows)
        }
        if let limit = filter.limit {
            return (try page(filter, .newestFirst, below: filter.before, above: nil, limit: limit).reversed(), false)
        }
        let rows = try page(filter, .oldestFirst, below: filter.before, above: last, limit: Self.pageRows)
        return (rows, rows.count == Self.pageRows)
    }

    /// Rows that one read of a list covers: a reader that stays keeps the log from being reused.
    static let pageRows = 1000

    private enum Order: String {
        case oldestFirst = "ASC"
        case newestFirst = "DESC"
    }

    private func page(
        _ filter: DeliveryFilter,
        _ order: Order,
        below: Int64?,
        above: Int64?,
        limit: Int
    ) throws(OutboxProblem) -> [Delivery] {
        let conditions = DeliveryConditions(filter)
        let first = DeliveryConditions.firstFreeParameter
        var terms = conditions.terms
        if let state = filter.state { terms.append("d.state = '\(state.rawValue)'") }
        if below != nil { terms.append("d.id < ?\(first + 1)") }
        if above != nil { terms.append("d.id > ?\(first + 2)") }
        let statement = try connection.prepare(
            """
            SELECT d.id, o.id, o.type, o.node, e.id, d.state, d.attempts, o.created, d.next_attempt_at, r.url,
                a.number, a.status, a.error, a.error_text, a.started, a.duration_us
            FROM posthorn_delivery d JOIN posthorn_outbox o ON o.seq = d.event
            JOIN posthorn_endpoint_revision r ON r.key = d.revision JOIN posthorn_endpoint e ON e.key = r.endpoint
            LEFT JOIN posthorn_attempt a ON a.delivery = d.id AND a.number = d.attempts
            \(terms.isEmpty ? "" : "WHERE " + terms.joined(separator: " AND "))
            ORDER BY d.id \(order.rawValue) LIMIT ?\(first)
            """
        )
        conditions.bind(to: statement)
        statement.bind(first, Int64(limit))
        statement.bind(first + 1, below)
        statement.bind(first + 2, above)
        var rows: [Delivery] = []
        while try statement.step() { rows.append(try delivery(statement)) }
        return rows
    }

    func delivery(_ row: SQLiteStatement) throws(OutboxProblem) -> Delivery {
        guard let state = DeliveryState(rawValue: row.text(5)) else { throw damaged("posthorn_delivery", String(row.integer(0))) }
        return Delivery(
            id: row.integer(0),
            event: row.text(1),
            type: row.text(2),
            node: row.text(3),
            endpoint: row.text(4),
            url: row.text(9),
            state: state,
            attempts: Int(row.integer(6)),
            created: Timestamp(milliseconds: row.integer(7)),
            nextAttemptAt: state == .pending ? Timestamp(milliseconds: row.integer(8)) : nil,
            last: row.integerOrNil(10) == nil ? nil : lastAttempt(row)
        )
    }

    private func lastAttempt(_ row: SQLiteStatement) -> Delivery.LastAttempt {
        Delivery.LastAttempt(
            status: row.integerOrNil(11).map { Int($0) },
            error: row.textOrNil(12).map { AttemptError(rawValue: $0) ?? .other },
            errorText: row.text(13),
            ended: Timestamp(milliseconds: row.integer(14)).advanced(byMilliseconds: row.integer(15) / 1000)
        )
    }

    /// The event with an id, and whether it waits for its deliveries.
    package func event(id: String) throws(OutboxProblem) -> (event: Event, waitsForFanOut: Bool)? {
        let row = try connection.statement(
            """
            SELECT id, type, node, created, data, traceparent, headers, EXISTS (SELECT 1 FROM posthorn_arrival a WHERE a.seq = o.seq)
            FROM posthorn_outbox o WHERE id = ?
            """
        )
        row.bind(1, id)
        defer { row.reset() }
        return try row.step() ? (Self.event(row, from: 0), row.integer(7) == 1) : nil
    }
}
