import PosthornModel
import PosthornOutbox

/// Who receives which event: the hierarchy's rule, the patterns and the endpoints' states, as a pure table.
struct Routing {
    private let hierarchy: Hierarchy
    private let places: [String: Place]

    /// The endpoints of one node. Tens of thousands may share a node, each with types of its own: those that name their types
    /// as they are get found by the type, so that only patterns are tried one by one.
    private struct Place {
        var endpoints: [StoredEndpoint] = []
        var byType: [String: [Int]] = [:]
        var withPatterns: [Int] = []

        mutating func add(_ endpoint: StoredEndpoint) {
            let events = endpoint.settings.events
            let types = Set(events.compactMap(\.onlyType))
            if events.isEmpty || events.contains(where: { $0.onlyType == nil }) {
                withPatterns.append(endpoints.count)
            } else {
                for type in types { byType[type, default: []].append(endpoints.count) }
            }
            endpoints.append(endpoint)
        }

        /// Those that want a type, in the order in which they were added.
        func recipients(of type: String) -> [StoredEndpoint] {
            let named = byType[type] ?? []
            let matching = withPatterns.filter { endpoints[$0].settings.wants(type) }
            return (matching.isEmpty ? named : (named + matching).sorted()).map { endpoints[$0] }
        }
    }

    init(nodes: [Node], endpoints: [StoredEndpoint]) throws(InputProblem) {
        hierarchy = try Hierarchy(nodes)
        var places: [String: Place] = [:]
        for endpoint in endpoints where endpoint.state != .removed { places[endpoint.settings.node, default: Place()].add(endpoint) }
        self.places = places
    }

    /// A node's id as the hierarchy writes it; `nil` when it is unknown.
    func spelling(of node: String) -> String? { hierarchy[node]?.id }

    /// The endpoints that receive an event: those at its node or above it, whose level receives the type, and whose
    /// patterns match it.
    func recipients(type: String, node: String) -> [StoredEndpoint] {
        hierarchy.lineage(of: node).filter { Hierarchy.receives($0.level, type: type) }.flatMap { place in
            places[place.id]?.recipients(of: type) ?? []
        }
    }

    /// Whose a node is: the ids from the top of the hierarchy down to its own.
    func owners(of node: String) -> [String] { hierarchy.lineage(of: node).reversed().map(\.id) }

    /// Who is told about exhausted deliveries of an endpoint at a node.
    func notificationEmail(for node: String) -> String? { hierarchy.notificationEmail(for: node) }
}
