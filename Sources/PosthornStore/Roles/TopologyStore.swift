public import PosthornText

/// What changes the nodes and endpoints of a store. Part of ``OutboxStore``, under the same rules.
///
/// ``TopologyPlan``, ``EndpointStanding`` and ``StoredEndpoint`` decide what is written; a store only reads and writes.
public protocol TopologyStore: AnyObject {
    /// Carries out a plan and counts the topology's generation up. What waits for removed endpoints is cancelled.
    func change(_ plan: TopologyPlan, at now: Timestamp) throws(OutboxProblem)
    /// Reads what decides about an endpoint's state; `nil` when there is none of that number.
    func standing(ofEndpoint key: Int64) throws(OutboxProblem) -> EndpointStanding?
    /// Writes down an endpoint's state, and counts the topology's generation up where the change says so.
    func write(_ change: EndpointStateChange, ofEndpoint key: Int64, at now: Timestamp) throws(OutboxProblem)
}
