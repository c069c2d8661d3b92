#if PostgreSQL
import PosthornModel
import PosthornStore
import PosthornText

/// A filter as conditions over `posthorn_delivery d` and `posthorn_outbox o`, with the values of their parameters: pure.
struct DeliveryCondition {
    private var terms: [String] = []
    private(set) var values: [PostgresValue] = []

    init(_ filter: DeliveryFilter, states: Set<DeliveryState>? = nil) {
        if let endpoint = filter.endpoint {
            add(.text(endpoint)) { "d.endpoint = (SELECT key FROM posthorn_endpoint WHERE id = \($0))" }
        }
        if let nodes = filter.wantedNodes { add(.texts(nodes)) { "o.node = ANY (\($0)::text[])" } }
        if let type = filter.type { add(.text(PostgresText.likePattern(type.text))) { "o.type LIKE \($0)" } }
        if let since = filter.since { add(.integer(since.milliseconds)) { "o.created >= \($0)" } }
        if let until = filter.until { add(.integer(until.milliseconds)) { "o.created < \($0)" } }
        if let event = filter.event { add(.text(event)) { "d.event = (SELECT seq FROM posthorn_outbox WHERE id = \($0))" } }
        if let state = filter.state { add(.text(state.rawValue)) { "d.state = \($0)" } }
        if let states { add(.texts(states.map(\.rawValue))) { "d.state = ANY (\($0)::text[])" } }
        if !filter.errors.isEmpty {
            add(.texts(filter.errors.map(\.rawValue))) {
                """
                EXISTS (SELECT 1 FROM posthorn_attempt f WHERE f.delivery = d.id AND f.number = d.attempts
                    AND f.error = ANY (\($0)::text[]))
                """
            }
        }
        if !filter.statusClasses.isEmpty {
            add(.integers(filter.statusClasses.map { Int64($0) })) {
                """
                EXISTS (SELECT 1 FROM posthorn_attempt s WHERE s.delivery = d.id AND s.number = d.attempts
                    AND s.status / 100 = ANY (\($0)::bigint[]))
                """
            }
        }
        if filter.attemptsAtLeast > 0 { add(.integer(Int64(filter.attemptsAtLeast))) { "d.attempts >= \($0)" } }
        if filter.waitsElsewhere {
            terms.append(
                """
                d.state IN ('pending', 'held') AND d.revision <> (
                    SELECT max(key) FROM posthorn_endpoint_revision WHERE endpoint = d.endpoint)
                """
            )
        }
        if filter.lacksData { terms.append("o.digest IS NOT NULL") }
    }

    /// Adds a condition over one value.
    mutating func add(_ value: PostgresValue, _ term: (_ parameter: String) -> String) {
        terms.append(term(parameter(value)))
    }

    /// Adds a value that is used elsewhere in the statement.
    /// - Returns: What it is called there.
    mutating func parameter(_ value: PostgresValue) -> String {
        values.append(value)
        return "$\(values.count)"
    }

    /// All of it, with its `WHERE`; empty for all deliveries.
    var sql: String { terms.isEmpty ? "" : "WHERE " + terms.joined(separator: " AND ") }
}
#endif
