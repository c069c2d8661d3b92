import PosthornModel
import PosthornStore

/// Through which index the deliveries in some states are read. Most of the table has been delivered, so that those that were not have
/// small indexes of their own; what belongs to one endpoint or one event has an index over all states.
struct DeliveryScanPlan {
    /// Up to how many deliveries wait, they are read for the few of one endpoint among them: rows of an endpoint's that were delivered
    /// long ago may be many more.
    static let waitingLimit: Int64 = 50_000

    /// Whether an endpoint's waiting deliveries are looked for among all that it ever had.
    private let readsEndpoint: Bool
    private let event: String?

    /// - Parameters:
    ///   - counts: How many deliveries there are.
    ///   - oneEndpoint: Whether those of one endpoint are asked for.
    ///   - event: The number of the event whose deliveries are asked for, as an expression.
    init(waiting counts: OutboxCounts, oneEndpoint: Bool, event: String? = nil) {
        readsEndpoint = oneEndpoint && counts[.ready] + counts[.retrying] > Self.waitingLimit
        self.event = event
    }

    /// What comes after `FROM posthorn_delivery` in the parts of a union.
    /// - Parameter endpoint: The endpoint's number as an expression; `nil` for those of all.
    func sources(_ states: Set<DeliveryState>, ofEndpoint endpoint: String? = nil) -> [String] {
        let words = DeliveryState.allCases.filter(states.contains)
        if let event {
            let alternatives = words.map { "state = '\($0.rawValue)'" }.joined(separator: " OR ")
            return ["INDEXED BY posthorn_delivery_event WHERE event = \(event) AND endpoint IS NOT NULL AND (\(alternatives))"]
        }
        return words.flatMap { state -> [String] in
            guard let endpoint else { return SQLiteStore.rows(in: state) }
            switch state {
            case .pending where readsEndpoint, .delivered:
                return ["INDEXED BY posthorn_delivery_endpoint WHERE endpoint = \(endpoint) AND state = '\(state.rawValue)'"]
            case .pending: return SQLiteStore.rows(in: state).map { "\($0) AND endpoint = \(endpoint)" }
            // Their indexes are over revisions, of which an endpoint has few.
            case .held, .exhausted, .cancelled:
                let revisions = "SELECT key FROM posthorn_endpoint_revision WHERE endpoint = \(endpoint)"
                return SQLiteStore.rows(in: state).map { "\($0) AND revision IN (\(revisions))" }
            }
        }
    }
}
