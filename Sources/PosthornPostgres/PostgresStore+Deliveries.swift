#if PostgreSQL
package import PosthornModel
package import PosthornStore
import PosthornText

/// Lists and counts of deliveries.
extension PostgresStore {
    /// A page of the deliveries that a filter asks for; all of them, where it has a limit and wants the newest last.
    package func deliveries(_ filter: DeliveryFilter, beyond last: Int64?) throws(OutboxProblem) -> (page: [Delivery], goesOn: Bool) {
        if filter.newestFirst {
            let size = min(filter.limit ?? Self.pageRows, Self.pageRows)
            let rows = try page(filter, "DESC", below: last ?? filter.before, above: nil, limit: size)
            return (rows, rows.count == Self.pageRows)
        }
        if let limit = filter.limit {
            return (try page(filter, "DESC", below: filter.before, above: nil, limit: limit).reversed(), false)
        }
        let rows = try page(filter, "ASC", below: filter.before, above: last, limit: Self.pageRows)
        return (rows, rows.count == Self.pageRows)
    }

    private func page(
        _ filter: DeliveryFilter,
        _ order: String,
        below: Int64?,
        above: Int64?,
        limit: Int
    ) throws(OutboxProblem) -> [Delivery] {
        var condition = DeliveryCondition(filter)
        if let below { condition.add(.integer(below)) { "d.id < \($0)" } }
        if let above { condition.add(.integer(above)) { "d.id > \($0)" } }
        let size = condition.parameter(.integer(Int64(limit)))
        let rows = try runOnce("\(Self.visibleColumns) \(condition.sql) ORDER BY d.id \(order) LIMIT \(size)", condition.values)
        return try rows.all.map { (row) throws(OutboxProblem) in try delivery(row) }
    }

    static let visibleColumns = visibleRows(of: "posthorn_delivery")

    static func visibleRows(of table: String) -> String {
        """
        SELECT d.id, o.id, o.type, o.node, e.id, d.state, d.attempts, o.created, d.next_attempt_at, r.url,
            a.number, a.status, a.error, a.error_text, a.started, a.duration_us, e.node, d.revision,
            o.digest IS NULL
        FROM \(table) d JOIN posthorn_outbox o ON o.seq = d.event
        JOIN posthorn_endpoint_revision r ON r.key = d.revision JOIN posthorn_endpoint e ON e.key = r.endpoint
        LEFT JOIN posthorn_attempt a ON a.delivery = d.id AND a.number = d.attempts
        """
    }

    func delivery(_ row: PostgresRow) throws(OutboxProblem) -> Delivery {
        guard let state = DeliveryState(rawValue: row.text(5)) else { throw damaged("posthorn_delivery", row.text(0)) }
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
            last: row.isNull(10) ? nil : lastAttempt(row)
        )
    }

    private func lastAttempt(_ row: PostgresRow) -> Delivery.LastAttempt {
        Delivery.LastAttempt(
            status: row.integerOrNil(11).map { Int($0) },
            error: row.textOrNil(12).map { AttemptError(rawValue: $0) ?? .other },
            errorText: row.text(13),
            ended: Timestamp(milliseconds: row.integer(14)).advanced(byMilliseconds: row.integer(15) / 1000)
        )
    }

    /// The numbers of the deliveries that a filter asks for and that are in one of some states, lowest first.
    package func deliveryNumbers(
        _ filter: DeliveryFilter,
        states: Set<DeliveryState>,
        beyond last: Int64,
        limit: Int
    ) throws(OutboxProblem) -> [Int64] {
        if states.isEmpty { return [] }
        var condition = DeliveryCondition(filter, states: states)
        condition.add(.integer(last)) { "d.id > \($0)" }
        let size = condition.parameter(.integer(Int64(limit)))
        return try runOnce(
            "SELECT d.id FROM posthorn_delivery d JOIN posthorn_outbox o ON o.seq = d.event \(condition.sql) ORDER BY d.id LIMIT \(size)",
            condition.values
        ).all.map { $0.integer(0) }
    }

    /// The deliveries that wait for some endpoints.
    package func waiting(ofEndpoints keys: [Int64], beyond last: Int64, limit: Int) throws(OutboxProblem) -> WaitingPage {
        if keys.isEmpty { return WaitingPage(rows: [], through: last) }
        let newest = try newestDelivery() ?? last
        let found = try run(
            "SELECT id, endpoint FROM posthorn_pending WHERE endpoint = ANY ($1::bigint[]) AND id > $2 ORDER BY id LIMIT $3",
            .integers(keys),
            .integer(last),
            .integer(Int64(limit))
        ).all.map { WaitingPage.Row(delivery: $0.integer(0), endpoint: $0.integer(1)) }
        return WaitingPage(rows: found, through: found.count == limit ? found.last?.delivery ?? newest : newest)
    }

    /// The greatest number of a delivery.
    func newestDelivery() throws(OutboxProblem) -> Int64? {
        try run("SELECT greatest((SELECT max(id) FROM posthorn_pending), (SELECT max(id) FROM posthorn_settled))").first?.integerOrNil(0)
    }

    /// How many deliveries a filter asks for that are in one of some states, by endpoint and state.
    package func deliveryCounts(
        _ filter: DeliveryFilter,
        states: Set<DeliveryState>
    ) throws(OutboxProblem) -> [String: [DeliveryState: Int]] {
        if states.isEmpty { return [:] }
        let condition = DeliveryCondition(filter, states: states)
        let rows = try runOnce(
            """
            SELECT e.id, c.state, sum(c.count)::bigint FROM
                (SELECT d.endpoint, d.state, count(*) AS count FROM posthorn_delivery d JOIN posthorn_outbox o ON o.seq = d.event
                \(condition.sql) GROUP BY d.endpoint, d.state) c
            JOIN posthorn_endpoint e ON e.key = c.endpoint GROUP BY e.id, c.state
            """,
            condition.values
        )
        var counts: [String: [DeliveryState: Int]] = [:]
        for row in rows.all {
            if let state = DeliveryState(rawValue: row.text(1)) { counts[row.text(0), default: [:]][state] = Int(row.integer(2)) }
        }
        return counts
    }

    /// How many deliveries wait, pending or held, for another URL than their endpoint has now, by the endpoints' ids.
    package func waitingAtFormerURL(of endpoints: [String]) throws(OutboxProblem) -> [String: Int] {
        if endpoints.isEmpty { return [:] }
        let rows = try run(
            """
            SELECT e.id, count(*) FROM posthorn_endpoint e JOIN posthorn_endpoint_revision r ON r.endpoint = e.key
            JOIN posthorn_pending p ON p.endpoint = e.key AND p.revision = r.key
            WHERE e.id = ANY ($1::text[]) AND r.url <> (
                SELECT url FROM posthorn_endpoint_revision WHERE endpoint = e.key ORDER BY key DESC LIMIT 1)
            GROUP BY e.id
            """,
            .texts(endpoints)
        )
        return Dictionary(rows.all.map { ($0.text(0), Int($0.integer(1))) }, uniquingKeysWith: { first, _ in first })
    }
}
#endif
