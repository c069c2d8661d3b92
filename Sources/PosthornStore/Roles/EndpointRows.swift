public import PosthornText

/// The states of single endpoints. Part of ``OutboxStore``, under the same rules.
///
/// ``EndpointStanding`` and ``StoredEndpoint`` decide what a state becomes; a store only reads and writes.
public protocol EndpointRows: AnyObject {
    /// Reads what decides about an endpoint's state; `nil` when there is none of that number.
    func standing(ofEndpoint key: Int64) throws(OutboxProblem) -> EndpointStanding?
    /// Writes down an endpoint's state, and counts the topology's generation up where the change says so.
    func write(_ change: EndpointStateChange, ofEndpoint key: Int64, at now: Timestamp) throws(OutboxProblem)
}
