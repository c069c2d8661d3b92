public import PosthornModel
public import PosthornText

/// The nodes and endpoints of a store, and how often they have changed. Part of ``OutboxStore``, under the same rules.
public protocol TopologyStore: TopologySource {
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
    /// The endpoints that have changed since a generation of the topology; `nil` when that cannot be said, nodes among it have changed,
    /// or so much that all has to be read.
    func topologyChanges(since generation: Int64) throws(OutboxProblem) -> TopologyChanges?
    /// Carries out a plan and counts the topology's generation up. What waits for removed endpoints is cancelled.
    func change(_ plan: TopologyPlan, at now: Timestamp) throws(OutboxProblem)
}
