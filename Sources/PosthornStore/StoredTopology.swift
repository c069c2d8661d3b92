public import PosthornModel

/// What the outbox knows of the hierarchy.
public struct StoredTopology: Sendable {
    /// Counted up by every change of nodes and endpoints.
    public let generation: Int64
    /// All nodes.
    public let nodes: [Node]
    /// The endpoints, removed ones too where those were asked for.
    public let endpoints: [StoredEndpoint]

    /// Creates a topology.
    public init(generation: Int64, nodes: [Node], endpoints: [StoredEndpoint]) {
        self.generation = generation
        self.nodes = nodes
        self.endpoints = endpoints
    }
}
