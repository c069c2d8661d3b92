/// Something that the nodes and endpoints of an outbox can be read from: its writer's store, or a reader.
public protocol TopologySource: AnyObject {
    /// Reads the nodes and the endpoints.
    ///
    /// An endpoint of which something cannot be read says so in its ``StoredEndpoint/fault`` and is no reason to read none.
    /// - Parameters:
    ///   - withCredentials: Whether credentials are read, for which sealed ones need their key; without them the settings hold
    ///     none, and fixed headers have no values.
    ///   - withRemoved: Whether removed endpoints are read too, of which there may be any number.
    func topology(withCredentials: Bool, withRemoved: Bool) throws(OutboxProblem) -> StoredTopology
    /// What has changed since a generation of the topology, so that who has read it follows without reading all of it again; `nil` when
    /// that cannot be said, or so much has that all is to be read.
    /// - Parameter withCredentials: As above.
    func topologyChanges(since generation: Int64, withCredentials: Bool) throws(OutboxProblem) -> TopologyChanges?
    /// Reads the endpoint whose id looks like this one, whatever its bytes; a removed one too.
    /// - Parameter withCredentials: As above.
    func endpoint(lookingLike id: String, withCredentials: Bool) throws(OutboxProblem) -> StoredEndpoint?
}

extension TopologySource {
    /// Reads the nodes and all endpoints, removed ones too, with their credentials.
    public func topology() throws(OutboxProblem) -> StoredTopology { try topology(withCredentials: true) }

    /// Reads the nodes and all endpoints, removed ones too.
    public func topology(withCredentials: Bool) throws(OutboxProblem) -> StoredTopology {
        try topology(withCredentials: withCredentials, withRemoved: true)
    }
}
