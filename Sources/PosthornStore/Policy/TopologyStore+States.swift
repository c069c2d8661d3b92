public import PosthornModel
public import PosthornText

extension TopologyStore {
    /// Writes down the result of a handshake, as ``EndpointStanding/afterHandshake(ofRevision:failure:)`` decides.
    /// - Returns: Whether it said something of the endpoint as it is by now.
    public func settleHandshake(
        ofEndpoint key: Int64,
        revision: Int64,
        failure: String?,
        at now: Timestamp
    ) throws(OutboxProblem) -> Bool {
        guard let change = try standing(ofEndpoint: key)?.afterHandshake(ofRevision: revision, failure: failure) else { return false }
        try write(change, ofEndpoint: key, at: now)
        return true
    }

    /// Sets an endpoint's state and counts the topology's generation up. One that is enabled or removed is throttled no more.
    public func setState(_ state: EndpointState, reason: String?, ofEndpoint key: Int64, at now: Timestamp) throws(OutboxProblem) {
        try write(.asked(state, reason: reason), ofEndpoint: key, at: now)
    }
}
