import PosthornModel
import PosthornStore

/// Who receives which event: the hierarchy's rule, the patterns and the endpoints' states, as a pure table.
struct Routing {
    private(set) var hierarchy: Hierarchy
    private var endpointsByNode: [String: NodeEndpoints]
    /// Whether a node limits what goes out below it, or did since all was read.
    private(set) var hasLimits: Bool

    init(nodes: [Node], endpoints: [StoredEndpoint]) throws(InputProblem) {
        hierarchy = try Hierarchy(nodes)
        hasLimits = nodes.contains { $0.limits != nil }
        var endpointsByNode: [String: NodeEndpoints] = [:]
        for endpoint in endpoints where endpoint.state != .removed {
            endpointsByNode[endpoint.settings.node, default: NodeEndpoints()].put(endpoint)
        }
        self.endpointsByNode = endpointsByNode
    }

    /// Takes over what is new about one endpoint.
    /// - Parameter old: The endpoint as it was; `nil` for a new one.
    mutating func update(_ endpoint: StoredEndpoint, from old: StoredEndpoint?) {
        if let old, old.settings.node != endpoint.settings.node || endpoint.state == .removed {
            endpointsByNode[old.settings.node]?.remove(old.key)
        }
        if endpoint.state != .removed { endpointsByNode[endpoint.settings.node, default: NodeEndpoints()].put(endpoint) }
    }

    /// Takes over what is new about nodes.
    /// - Returns: Whether endpoints that are there belong to others than before, and whether they may have other limits.
    mutating func follow(_ nodes: [Node], removed: Set<String>) throws(InputProblem) -> (moves: Bool, limits: Bool) {
        var moves = !removed.isEmpty
        var limits = false
        for node in nodes {
            let before = hierarchy[node.id]
            moves = moves || (before.map { $0.parent != node.parent } ?? (endpointsByNode[node.id] != nil))
            limits = limits || before?.limits != node.limits
        }
        try hierarchy.follow(nodes, removed: removed)
        hasLimits = hasLimits || nodes.contains { $0.limits != nil }
        return (moves, limits || (moves && hasLimits))
    }

    /// A node's id as the hierarchy writes it; `nil` when it is unknown.
    func spelling(of node: String) -> String? { hierarchy[node]?.id }

    /// The endpoints that receive an event: those at its node or above it, whose level receives the type, and whose
    /// patterns match it.
    /// - Parameter isOwn: Whether it is an event of Posthorn's own.
    func recipients(type: String, node: String, isOwn: Bool = false) -> [StoredEndpoint] {
        hierarchy.lineage(of: node).filter { Hierarchy.receives($0.level, type: type) }.flatMap { ancestor in
            endpointsByNode[ancestor.id]?.recipients(of: type, isOwn: isOwn) ?? []
        }
    }

    /// Whose a node is: the ids from the top of the hierarchy down to its own.
    func owners(of node: String) -> [String] { hierarchy.lineage(of: node).reversed().map(\.id) }

    /// The limits that bind an endpoint at a node, from its own node's up, each with how many nodes it is from the top.
    func limits(of node: String) -> [(node: String?, depth: Int, limits: DeliveryLimits)] {
        let lineage = hierarchy.lineage(of: node)
        return lineage.enumerated().compactMap { i, node in node.limits.map { (node.id, lineage.count - i, $0) } }
    }

    /// Who is told about exhausted deliveries of an endpoint at a node.
    func notificationEmail(for node: String) -> String? { hierarchy.notificationEmail(for: node) }
}
