public import PosthornModel

/// What an endpoint's state is from now on.
public struct EndpointStateChange: Sendable, Hashable {
    /// The state.
    public let state: EndpointState
    /// Why, for lists; `nil` for no reason that needs saying.
    public let reason: String?
    /// Whether it changes which endpoints get deliveries, so that the topology's generation counts up.
    public let changesRoutes: Bool
    /// Whether what its receiver has asked for (`Retry-After`) is forgotten.
    public let liftsThrottle: Bool

    /// Creates a change.
    public init(state: EndpointState, reason: String?, changesRoutes: Bool = true, liftsThrottle: Bool = false) {
        self.state = state
        self.reason = reason
        self.changesRoutes = changesRoutes
        self.liftsThrottle = liftsThrottle
    }

    /// A state that was asked for. One that is enabled or removed is throttled no more.
    public static func asked(_ state: EndpointState, reason: String?) -> EndpointStateChange {
        EndpointStateChange(state: state, reason: reason, liftsThrottle: state != .disabled)
    }
}

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

extension StoredEndpoint {
    /// Decides what switching an endpoint on or off does.
    /// - Returns: `nil` when that changes nothing.
    package func switched(on isOn: Bool, reason: String?) -> EndpointStateChange? {
        switch (isOn, state) {
        case (false, .disabled), (true, .active), (true, .unverified), (_, .removed): return nil
        case (false, _): return .asked(.disabled, reason: reason)
        // It has to prove itself before it gets anything, also when it did so before.
        case (true, .disabled): return .asked(settings.needsValidation ? .unverified : .active, reason: reason)
        }
    }
}
