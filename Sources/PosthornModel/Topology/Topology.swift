/// The hierarchy and its endpoints as one file describes them.
public struct Topology: Sendable {
    /// Nodes in the file's order.
    public let nodes: [Node]
    /// Endpoints in the file's order.
    public let endpoints: [EndpointSettings]
    /// The nodes, checked as far as they are known: the parent of one may be a node that is stored already.
    public let hierarchy: Hierarchy

    /// Checks that nodes form a part of a hierarchy, and that each endpoint has a node and an id of its own.
    public init(nodes: [Node], endpoints: [EndpointSettings]) throws(InputProblem) {
        self.nodes = nodes
        self.endpoints = endpoints
        hierarchy = try Hierarchy(nodes, partial: true)
        for (i, node) in nodes.enumerated() { try node.limits?.check(at: "nodes[\(i)].limits") }
        var seen: Set<String> = []
        for (i, endpoint) in endpoints.enumerated() {
            if !seen.insert(endpoint.id).inserted {
                throw InputProblem(.conflict, field: "endpoints[\(i)].id", value: endpoint.id, reason: "occurs twice; ids must be unique")
            }
            try endpoint.checkLimits(at: "endpoints[\(i)]")
        }
    }
}
