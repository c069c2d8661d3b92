public import PosthornModel
import PosthornText

/// A filter as conditions over `posthorn_delivery d` and `posthorn_outbox o`.
struct DeliveryConditions {
    /// Joined by AND; empty for all deliveries.
    let terms: [String]
    private let filter: DeliveryFilter

    /// The first number that is free for a statement's own parameters.
    static let firstFreeParameter: Int32 = 7

    init(_ filter: DeliveryFilter) {
        self.filter = filter
        var terms: [String] = []
        if filter.endpoint != nil {
            terms.append(
                """
                d.revision IN (SELECT r.key FROM posthorn_endpoint_revision r JOIN posthorn_endpoint e ON e.key = r.endpoint
                    WHERE e.id = ?1)
                """
            )
        }
        if filter.node != nil { terms.append("o.node = ?2") }
        if filter.type != nil { terms.append("o.type GLOB ?3") }
        if filter.since != nil { terms.append("o.created >= ?4") }
        if filter.until != nil { terms.append("o.created < ?5") }
        if filter.event != nil { terms.append("o.id = ?6") }
        if filter.waitsElsewhere {
            terms.append(
                """
                d.state IN ('pending', 'held') AND d.revision <> (
                    SELECT max(n.key) FROM posthorn_endpoint_revision p JOIN posthorn_endpoint_revision n ON n.endpoint = p.endpoint
                    WHERE p.key = d.revision)
                """
            )
        }
        self.terms = terms
    }

    func bind(to statement: SQLiteStatement) {
        statement.bind(1, filter.endpoint)
        statement.bind(2, filter.node)
        statement.bind(3, filter.type?.text)
        statement.bind(4, filter.since?.milliseconds)
        statement.bind(5, filter.until?.milliseconds)
        statement.bind(6, filter.event)
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
    static func selection(_ states: Set<DeliveryState>, _ conditions: DeliveryConditions) -> String {
        let parts = states.sorted { $0.rawValue < $1.rawValue }.flatMap(rows).map {
            "SELECT id, event, revision, state FROM posthorn_delivery \($0)"
        }
        let condition = conditions.terms.isEmpty ? "" : " WHERE " + conditions.terms.joined(separator: " AND ")
        return "FROM (\(parts.joined(separator: " UNION ALL "))) d CROSS JOIN posthorn_outbox o ON o.seq = d.event\(condition)"
    }

    /// The numbers of the deliveries that a filter asks for and that are in one of some states, lowest first.
    /// - Parameters:
    ///   - last: Only numbers greater than this.
    ///   - limit: How many at most.
    public func deliveryNumbers(
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
            "SELECT d.id \(Self.selection(states, conditions)) \(beyond) ORDER BY d.id LIMIT ?\(limitParameter)"
        )
        conditions.bind(to: rows)
        rows.bind(lastParameter, last)
        rows.bind(limitParameter, Int64(limit))
        var numbers: [Int64] = []
        while try rows.step() { numbers.append(rows.integer(0)) }
        return numbers
    }

    /// How many deliveries a filter asks for that are in one of some states, by endpoint and state.
    public func deliveryCounts(
        _ filter: DeliveryFilter,
        states: Set<DeliveryState>
    ) throws(OutboxProblem) -> [String: [DeliveryState: Int]] {
        if states.isEmpty { return [:] }
        let conditions = DeliveryConditions(filter)
        let rows = try connection.prepare(
            """
            SELECT e.id, c.state, sum(c.count) FROM
                (SELECT d.revision, d.state, count(*) AS count \(Self.selection(states, conditions)) GROUP BY d.revision, d.state) c
            JOIN posthorn_endpoint_revision r ON r.key = c.revision JOIN posthorn_endpoint e ON e.key = r.endpoint
            GROUP BY e.id, c.state
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
