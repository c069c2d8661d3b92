#if PostgreSQL
import PosthornModel
package import PosthornStore
import PosthornText

/// Lists that are read a bounded number of rows at a time.
extension PostgresStore {
    /// Visits deliveries, newest first. Those of an event and of an endpoint are found by indexes, all others by looking at each number
    /// downwards.
    package func visitDeliveries(
        _ rows: DeliveryRows,
        _ visit: (VisibleDelivery) -> Bool
    ) throws(OutboxProblem) -> VisitEnd {
        var condition = DeliveryCondition(DeliveryFilter())
        if let event = rows.event { condition.add(.text(event)) { "d.event = (SELECT seq FROM posthorn_outbox WHERE id = \($0))" } }
        if let endpoint = rows.endpoint {
            condition.add(.text(endpoint)) { "d.endpoint = (SELECT key FROM posthorn_endpoint WHERE id = \($0))" }
        }
        if !rows.states.isEmpty, !rows.states.contains(.delivered) {
            condition.add(.texts(rows.states.map(\.rawValue))) { "d.state = ANY (\($0)::text[])" }
        }
        condition.add(.integer(rows.after ?? .min)) { "d.id > \($0)" }
        condition.add(.integer(rows.before ?? .max)) { "d.id < \($0)" }
        let size = condition.parameter(.integer(Int64(rows.limit)))
        let found = try runOnce(
            "\(Self.visibleColumns) \(condition.sql) ORDER BY d.id \(Self.direction(rows.after)) LIMIT \(size)",
            condition.values
        ).all
        for row in found {
            let row = try visible(row)
            if Self.isWanted(row, rows), !visit(row) { return .stopped }
        }
        guard found.count == rows.limit, let last = found.last else { return .atEnd }
        return .atLimit(last: last.integer(0), created: Timestamp(milliseconds: last.integer(7)))
    }

    /// Visits deliveries that are tried again, by the index of their next attempts.
    package func visitRetries(
        _ rows: RetryRows,
        _ visit: (VisibleDelivery) -> Bool
    ) throws(OutboxProblem) -> VisitEnd {
        let isBackwards = rows.before != nil
        let place = rows.before ?? rows.after ?? .start
        let found = try run(
            """
            \(Self.visibleRows(of: "posthorn_pending"))
            WHERE d.state = 'pending' AND d.attempts > 0 AND (d.next_attempt_at, d.id) \(isBackwards ? "<" : ">") ($1, $2)
            ORDER BY d.next_attempt_at \(isBackwards ? "DESC" : "ASC"), d.id \(isBackwards ? "DESC" : "ASC") LIMIT $3
            """,
            .integer(place.due),
            .integer(place.delivery),
            .integer(Int64(rows.limit + 1))
        ).all
        for row in found.prefix(rows.limit) {
            if !visit(try visible(row)) { return .stopped }
        }
        guard found.count > rows.limit, let last = found.dropLast().last else { return .atEnd }
        return .atLimit(last: last.integer(0), created: Timestamp(milliseconds: last.integer(8)))
    }

    /// The order in which a reading goes through numbers.
    private static func direction(_ after: Int64?) -> String { after == nil ? "DESC" : "ASC" }

    private func visible(_ row: PostgresRow) throws(OutboxProblem) -> VisibleDelivery {
        VisibleDelivery(try delivery(row), endpointNode: row.text(16), revision: row.integer(17), hasData: row.boolean(18))
    }

    private static func isWanted(_ row: VisibleDelivery, _ rows: DeliveryRows) -> Bool {
        (rows.states.isEmpty || rows.states.contains(row.delivery.state))
            && (rows.endpoint.map { Identifier.isWrittenAlike($0, row.delivery.endpoint) } ?? true)
            && (rows.event.map { $0 == row.delivery.event } ?? true)
    }

    /// One delivery.
    package func visibleDelivery(_ number: Int64) throws(OutboxProblem) -> VisibleDelivery? {
        guard let row = try run("\(Self.visibleColumns) WHERE d.id = $1", .integer(number)).first else { return nil }
        return try visible(row)
    }

    /// How many deliveries of an endpoint are held. Where some are, nearly all that wait for it are.
    package func heldCount(ofEndpoint key: Int64, limit: Int) throws(OutboxProblem) -> Int {
        let row = try run(
            """
            SELECT count(*) FROM (SELECT state FROM posthorn_pending WHERE endpoint = $1 ORDER BY id LIMIT $2) w WHERE state = 'held'
            """,
            .integer(key),
            .integer(Int64(limit))
        ).first
        return row.map { Int($0.integer(0)) } ?? 0
    }

    /// A text of this outbox's own that is known here alone.
    package func digestSalt() throws(OutboxProblem) -> String { try words("salt") ?? "" }

    /// Visits events without their data, newest first.
    package func visitEvents(
        _ rows: EventRows,
        _ visit: (VisibleEvent) -> Bool
    ) throws(OutboxProblem) -> VisitEnd {
        let found = try run(
            """
            SELECT seq, id, type, node, created FROM posthorn_outbox WHERE seq > $1 AND seq < $2
            ORDER BY seq \(Self.direction(rows.after)) LIMIT $3
            """,
            .integer(rows.after ?? .min),
            .integer(rows.before ?? .max),
            .integer(Int64(rows.limit))
        ).all
        for row in found {
            let created = Timestamp(milliseconds: row.integer(4))
            let event = Event(id: row.text(1), type: row.text(2), node: row.text(3), created: created, data: [])
            if !visit(VisibleEvent(number: row.integer(0), event)) { return .stopped }
        }
        guard found.count == rows.limit, let last = found.last else { return .atEnd }
        return .atLimit(last: last.integer(0), created: Timestamp(milliseconds: last.integer(4)))
    }
}
#endif
