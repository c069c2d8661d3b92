public import PosthornModel

/// The nodes and endpoints of a store one by one, and how often they have changed. Part of ``OutboxStore``, under the same rules.
public protocol TopologyLookup: TopologySource {
    /// Counts the changes of the hierarchy and its endpoints.
    func topologyGeneration() throws(OutboxProblem) -> Int64
    /// How often a change of the hierarchy was made and then undone with its transaction. Anything read meanwhile has to be read
    /// again, since its generation is given out a second time.
    var topologyRollbacks: Int { get }
    /// Reads the node with an id, compared byte for byte.
    func node(id: String) throws(OutboxProblem) -> Node?
    /// Whether there is a node whose id looks like this one, whatever its bytes.
    func hasNode(lookingLike id: String) throws(OutboxProblem) -> Bool
    /// Reads the endpoints of one node, without removed ones, with their credentials.
    func endpoints(atNode node: String) throws(OutboxProblem) -> [StoredEndpoint]
    /// Reads the endpoint with an id, a removed one too, with its credentials.
    func endpoint(id: String) throws(OutboxProblem) -> StoredEndpoint?
    /// Reads one endpoint with its credentials; `nil` when there is none of that number.
    func endpoint(_ key: Int64) throws(OutboxProblem) -> StoredEndpoint?
    /// Reads what deliveries of a revision are pinned to; one that an endpoint ever had stays as long as the endpoint.
    func revision(_ key: Int64) throws(OutboxProblem) -> StoredRevision?
}
