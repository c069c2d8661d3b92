public import PosthornModel
public import PosthornText

/// What changes the nodes and endpoints of a store. Part of ``OutboxStore``, under the same rules.
public protocol TopologyStore: AnyObject {
    /// Carries out a plan and counts the topology's generation up.
    func change(_ plan: TopologyPlan, at now: Timestamp) throws(OutboxProblem)
    /// Sets an endpoint's state and counts the topology's generation up.
    func setState(_ state: EndpointState, reason: String?, ofEndpoint key: Int64, at now: Timestamp) throws(OutboxProblem)
    /// Writes down the result of a handshake, unless the endpoint has another revision by now or is not unverified any more.
    ///
    /// - Parameter failure: Why the endpoint stays unverified, for people; `nil` to make it active.
    /// - Returns: Whether it counted.
    func settleHandshake(
        ofEndpoint key: Int64,
        revision: Int64,
        failure: String?,
        at now: Timestamp
    ) throws(OutboxProblem) -> Bool
}
