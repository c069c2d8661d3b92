/// The endpoints that have changed since a generation of the topology. The nodes have not.
public struct TopologyChanges: Sendable {
    /// See `TopologyStore.topologyGeneration()`.
    public let generation: Int64
    /// Endpoints as they are now, removed ones too.
    public let endpoints: [StoredEndpoint]

    /// Creates changes.
    public init(generation: Int64, endpoints: [StoredEndpoint]) {
        self.generation = generation
        self.endpoints = endpoints
    }
}
