public import PosthornModel

/// What has changed since a generation of the topology.
public struct TopologyChanges: Sendable {
    /// See `TopologyLookup.topologyGeneration()`.
    public let generation: Int64
    /// Endpoints as they are now, removed ones too.
    public let endpoints: [StoredEndpoint]
    /// Nodes as they are now, in the order in which they were applied.
    public let nodes: [Node]
    /// Ids of nodes that were removed. One that has come back since is in `nodes` too, behind all that were there then.
    public let removedNodes: Set<String>

    /// Creates changes.
    public init(generation: Int64, endpoints: [StoredEndpoint], nodes: [Node] = [], removedNodes: Set<String> = []) {
        self.generation = generation
        self.endpoints = endpoints
        self.nodes = nodes
        self.removedNodes = removedNodes
    }
}
