package import PosthornStore
package import PosthornModel
import PosthornText

/// A filter as conditions over `posthorn_delivery d` and `posthorn_outbox o`.
struct DeliveryConditions {
    /// Joined by AND; empty for all deliveries.
    let terms: [String]
    private let filter: DeliveryFilter

    /// The first number that is free for a statement's own parameters.
    static let firstFreeParameter: Int32 = 10

    init(_ filter: DeliveryFilter) {
        self.filter = filter
        var terms: [String] = []
        if filter.endpoint != nil { terms.append("d.endpoint = \(Self.endpoint)") }
        if filter.wantedNodes != nil { terms.append("o.node IN (SELECT value FROM json_each(?2))") }
        if filter.type != nil { terms.append("o.type GLOB ?3") }
        if filter.since != nil { terms.append("o.created >= ?4") }
        if filter.until != nil { terms.append("o.created < ?5") }
        if filter.event != nil { terms.append("d.event = \(Self.event) AND d.endpoint IS NOT NULL") }
        if !filter.errors.isEmpty {
            terms.append(
                """
                EXISTS (SELECT 1 FROM posthorn_attempt f WHERE f.delivery = d.id
                    AND f.number = (SELECT attempts FROM posthorn_delivery WHERE id = d.id)
                    AND f.error IN (SELECT value FROM json_each(?7)))
                """
            )
        }
        if !filter.statusClasses.isEmpty {
            terms.append(
                """
                EXISTS (SELECT 1 FROM posthorn_attempt s WHERE s.delivery = d.id
                    AND s.number = (SELECT attempts FROM posthorn_delivery WHERE id = d.id)
                    AND s.status / 100 IN (SELECT value FROM json_each(?8)))
                """
            )
        }
        if filter.attemptsAtLeast > 0 { terms.append("(SELECT attempts FROM posthorn_delivery WHERE id = d.id) >= ?9") }
        if filter.waitsElsewhere {
            terms.append(
                """
                d.state IN ('pending', 'held') AND d.revision <> (
                    SELECT max(key) FROM posthorn_endpoint_revision WHERE endpoint = d.endpoint)
                """
            )
        }
        if filter.lacksData { terms.append("o.digest IS NOT NULL") }
        self.terms = terms
    }

    /// The numbers of the endpoint and the event that a filter names.
    static let endpoint = "(SELECT key FROM posthorn_endpoint WHERE id = ?1)"
    static let event = "(SELECT seq FROM posthorn_outbox WHERE id = ?6)"

    /// Through which index the deliveries in some states are read.
    func sources(_ states: Set<DeliveryState>, _ counts: OutboxCounts) -> [String] {
        let event = filter.event == nil ? nil : Self.event
        return DeliveryScanPlan(waiting: counts, oneEndpoint: filter.endpoint != nil, event: event)
            .sources(states, ofEndpoint: filter.endpoint == nil ? nil : Self.endpoint)
    }

    func bind(to statement: SQLiteStatement) {
        statement.bind(1, filter.endpoint)
        statement.bind(2, filter.wantedNodes.map { JSONValue.array($0.map { .string($0) }).text })
        statement.bind(3, filter.type?.text)
        statement.bind(4, filter.since?.milliseconds)
        statement.bind(5, filter.until?.milliseconds)
        statement.bind(6, filter.event)
        statement.bind(7, JSONValue.array(filter.errors.map { .string($0.rawValue) }).text)
        statement.bind(8, JSONValue.array(filter.statusClasses.map { .number(String($0)) }).text)
        statement.bind(9, Int64(filter.attemptsAtLeast))
    }
}

extension SQLiteStore {
    /// The rows of one state, through the index that holds no others: most of the table has been delivered.
    static func rows(in state: DeliveryState) -> [String] {
        switch state {
        case .pending:
            return [
                "INDEXED BY posthorn_delivery_ready WHERE state = 'pending' AND attempts = 0",
                "INDEXED BY posthorn_delivery_retry WHERE state = 'pending' AND attempts > 0",
            ]
        case .held, .exhausted, .cancelled:
            return ["INDEXED BY posthorn_delivery_\(state.rawValue) WHERE state = '\(state.rawValue)'"]
        case .delivered: return ["NOT INDEXED WHERE state = 'delivered'"]
        }
    }

    /// A table `d` of the deliveries in some states, joined with their events `o`.
    func selection(_ states: Set<DeliveryState>, _ conditions: DeliveryConditions) throws(OutboxProblem) -> String {
        let parts = conditions.sources(states, try counts()).map {
            "SELECT id, event, revision, endpoint, state FROM posthorn_delivery \($0)"
        }
        let condition = conditions.terms.isEmpty ? "" : " WHERE " + conditions.terms.joined(separator: " AND ")
        return "FROM (\(parts.joined(separator: " UNION ALL "))) d CROSS JOIN posthorn_outbox o ON o.seq = d.event\(condition)"
    }

    /// The numbers of the deliveries that a filter asks for and that are in one of some states, lowest first.
    /// - Parameters:
    ///   - last: Only numbers greater than this.
    ///   - limit: How many at most.
    package func deliveryNumbers(
        _ filter: DeliveryFilter,
        states: Set<DeliveryState>,
        beyond last: Int64,
        limit: Int
    ) throws(OutboxProblem) -> [Int64] {
        if states.isEmpty { return [] }
        let conditions = DeliveryConditions(filter)
        let (lastParameter, limitParameter) = (DeliveryConditions.firstFreeParameter, DeliveryConditions.firstFreeParameter + 1)
        let beyond = "\(conditions.terms.isEmpty ? "WHERE" : "AND") d.id > ?\(lastParameter)"
        let rows = try connection.prepare(
            "SELECT d.id \(try selection(states, conditions)) \(beyond) ORDER BY d.id LIMIT ?\(limitParameter)"
        )
        conditions.bind(to: rows)
        rows.bind(lastParameter, last)
        rows.bind(limitParameter, Int64(limit))
        var numbers: [Int64] = []
        while try rows.step() { numbers.append(rows.integer(0)) }
        return numbers
    }

    /// The deliveries that wait for some endpoints: one reading of all that waits, or of all of one endpoint's.
    package func waiting(ofEndpoints keys: [Int64], beyond last: Int64, limit: Int) throws(OutboxProblem) -> WaitingPage {
        if keys.isEmpty { return WaitingPage(rows: [], through: last) }
        let newest = try connection.integer("SELECT max(id) FROM posthorn_delivery") ?? last
        let one = keys.count == 1 ? keys[0] : nil
        let plan = DeliveryScanPlan(waiting: try counts(), oneEndpoint: one != nil)
        let some = " AND endpoint IN (SELECT value FROM json_each(?1))"
        let sources = plan.sources([.pending, .held], ofEndpoint: one == nil ? nil : "?1").map { one == nil ? $0 + some : $0 }
        let selects = sources.map { "SELECT id, endpoint FROM posthorn_delivery \($0) AND id > ?2" }
        let rows = try connection.prepare("\(selects.joined(separator: " UNION ALL ")) ORDER BY id LIMIT ?3")
        if let one { rows.bind(1, one) } else { rows.bind(1, JSONValue.array(keys.map { .number(String($0)) }).text) }
        rows.bind(2, last)
        rows.bind(3, Int64(limit))
        var found: [WaitingPage.Row] = []
        while try rows.step() { found.append(WaitingPage.Row(delivery: rows.integer(0), endpoint: rows.integer(1))) }
        return WaitingPage(rows: found, through: found.count == limit ? found.last?.delivery ?? newest : newest)
    }

    /// How many deliveries a filter asks for that are in one of some states, by endpoint and state.
    package func deliveryCounts(
        _ filter: DeliveryFilter,
        states: Set<DeliveryState>
    ) throws(OutboxProblem) -> [String: [DeliveryState: Int]] {
        if states.isEmpty { return [:] }
        let conditions = DeliveryConditions(filter)
        let rows = try connection.prepare(
            """
            SELECT e.id, c.state, sum(c.count) FROM
                (SELECT d.endpoint, d.state, count(*) AS count \(try selection(states, conditions)) GROUP BY d.endpoint, d.state) c
            JOIN posthorn_endpoint e ON e.key = c.endpoint GROUP BY e.id, c.state
            """
        )
        conditions.bind(to: rows)
        var counts: [String: [DeliveryState: Int]] = [:]
        while try rows.step() {
            guard let state = DeliveryState(rawValue: rows.text(1)) else { continue }
            counts[rows.text(0), default: [:]][state] = Int(rows.integer(2))
        }
        return counts
    }
}
