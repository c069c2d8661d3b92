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
