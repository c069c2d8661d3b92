public import PosthornModel
public import PosthornStore

// The hierarchy and its endpoints: the calls that block no thread of the caller's.
extension Outbox {
    /// Makes the hierarchy and its endpoints what a topology says: all of it or, when something is wrong, nothing.
    ///
    /// Events that were accepted before go where the hierarchy said then.
    /// - Parameters:
    ///   - topology: What is wanted. What it lacks is left alone, unless `prune` is set.
    ///   - prune: Whether what the topology lacks is removed; deliveries that wait for a removed endpoint are cancelled.
    ///   - pruneAll: Whether an empty topology may be pruned to as well, which removes everything.
    ///   - keyLost: Whether credentials that this outbox's key does not open are replaced by the topology's, although the key opens no
    ///     others either and so may be the wrong one. What a rotation made since then is lost with the old key.
    /// - Returns: What has changed.
    public func apply(_ topology: Topology, prune: Bool = false, pruneAll: Bool = false, keyLost: Bool = false) async throws(OutboxError)
        -> [TopologyChange]
    {
        try await calls.run { [self] in try apply(topology, prune: prune, pruneAll: pruneAll, keyLost: keyLost) }
    }

    /// Adds a node, or changes the one with its id.
    public func put(_ node: Node) async throws(OutboxError) -> [TopologyChange] {
        try await calls.run { [self] in try put(node) }
    }

    /// Adds an endpoint, or changes the one with its id.
    ///
    /// Of an endpoint that is there, credentials that are left out stay as they are, and so does each value that is `***`.
    public func put(_ endpoint: EndpointSettings) async throws(OutboxError) -> [TopologyChange] {
        try await calls.run { [self] in try put(endpoint) }
    }

    /// Changes one endpoint.
    /// - Parameters:
    ///   - id: The endpoint.
    ///   - change: Changes its settings. It gets them with `***` in place of secrets, and what it leaves as `***` stays as it is.
    /// - Throws: A problem of code `not_found` when there is no such endpoint.
    public func updateEndpoint(_ id: String, _ change: @escaping @Sendable (inout EndpointSettings) -> Void) async throws(OutboxError)
        -> [TopologyChange]
    {
        try await calls.run { [self] in try updateEndpoint(id, change) }
    }

    /// The nodes and the endpoints, removed ones too, without credentials and values of headers; so it needs no key.
    public func topology() async throws(OutboxError) -> StoredTopology {
        try await calls.run { [self] in try topology() }
    }

    /// The topology as JSON, which `posthorn apply` takes back.
    /// - Parameter withSecrets: Whether secrets are written down. If not, each is `***`, which keeps what is stored when it is applied.
    public func exportedTopology(withSecrets: Bool) async throws(OutboxError) -> String {
        try await calls.run { [self] in try exportedTopology(withSecrets: withSecrets) }
    }

    /// One endpoint, with `***` in place of its secrets.
    /// - Throws: A problem of code `not_found` when there is no such endpoint.
    public func endpoint(_ id: String) async throws(OutboxError) -> StoredEndpoint {
        try await calls.run { [self] in try maskedEndpoint(id) }
    }

    /// Removes one endpoint. A topology that has it brings it back.
    /// - Parameters:
    ///   - id: The endpoint.
    ///   - cancelsWaiting: Whether deliveries that wait for it may be cancelled.
    /// - Returns: How many were cancelled.
    /// - Throws: A problem of code `not_allowed_now` when deliveries wait for it and may not be cancelled.
    public func removeEndpoint(_ id: String, cancelsWaiting: Bool = false) async throws(OutboxError) -> Int {
        try await calls.run { [self] in try remove(endpoint: id, cancelsWaiting: cancelsWaiting) }
    }

    /// Removes one node.
    /// - Throws: A problem of code `not_allowed_now` when other nodes or endpoints are at it.
    public func removeNode(_ id: String) async throws(OutboxError) {
        try await calls.run { [self] in try remove(node: id) }
    }

    /// Switches an endpoint off: its deliveries are held. Or on again: they go out.
    /// - Parameters:
    ///   - enabled: Whether it shall take deliveries.
    ///   - id: The endpoint.
    ///   - reason: Why, for lists.
    /// - Returns: The state it has now; an endpoint that must validate its URL first becomes `unverified` when enabled.
    public func setEnabled(_ enabled: Bool, endpoint id: String, reason: String? = nil) async throws(OutboxError) -> EndpointState {
        try await calls.run { [self] in try setEnabled(enabled, endpoint: id, reason: reason) }
    }
}
