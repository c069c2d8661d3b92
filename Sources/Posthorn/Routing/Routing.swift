import PosthornModel
import PosthornOutbox

/// Who receives which event: the hierarchy's rule, the patterns and the endpoints' states, as a pure table.
struct Routing {
    private let hierarchy: Hierarchy
    private let endpoints: [String: [StoredEndpoint]]

    init(nodes: [Node], endpoints: [StoredEndpoint]) throws(InputProblem) {
        hierarchy = try Hierarchy(nodes)
        self.endpoints = Dictionary(grouping: endpoints.filter { $0.state != .removed }, by: \.settings.node)
    }

    func knows(_ node: String) -> Bool { hierarchy[node] != nil }

    /// The endpoints that receive an event: those at its node or above it, whose level receives the type, and whose
    /// patterns match it.
    func recipients(type: String, node: String) -> [StoredEndpoint] {
        hierarchy.lineage(of: node).filter { Hierarchy.receives($0.level, type: type) }.flatMap { place in
            (endpoints[place.id] ?? []).filter { $0.settings.wants(type) }
        }
    }

    /// Who is told about exhausted deliveries of an endpoint at a node.
    func notificationEmail(for node: String) -> String? { hierarchy.notificationEmail(for: node) }
}
