public import PosthornModel

/// What matters of an endpoint for decisions about its state.
public struct EndpointStanding: Sendable, Hashable {
    /// Its state.
    public let state: EndpointState
    /// The number of its current revision.
    public let revision: Int64

    /// Creates a standing.
    public init(state: EndpointState, revision: Int64) {
        self.state = state
        self.revision = revision
    }

    /// Decides what the result of a handshake does.
    ///
    /// - Parameters:
    ///   - asked: The revision whose URL was asked.
    ///   - failure: Why the endpoint stays unverified, for people; `nil` when it has proved itself.
    /// - Returns: `nil` when the result says nothing of the endpoint as it is by now: its URL was changed, or it is not unverified any
    ///   more.
    public func afterHandshake(ofRevision asked: Int64, failure: String?) -> EndpointStateChange? {
        guard state == .unverified, revision == asked else { return nil }
        guard let failure else { return EndpointStateChange(state: .active, reason: nil) }
        // No route changes, so nothing has to be read again.
        return EndpointStateChange(state: .unverified, reason: failure, changesRoutes: false)
    }
}
