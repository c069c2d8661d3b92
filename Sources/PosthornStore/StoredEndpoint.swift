public import PosthornModel

/// An endpoint as the outbox holds it.
public struct StoredEndpoint: Sendable, Equatable {
    /// The outbox's own number for it.
    public let key: Int64
    /// The number of its current revision, to which new deliveries are pinned.
    public let revision: Int64
    /// What the topology says, credentials as they are kept up.
    public let settings: EndpointSettings
    /// Whether it takes deliveries.
    public let state: EndpointState
    /// Why it is in that state, for people.
    public let stateReason: String?
    /// Why it cannot be used; `nil` when all of it could be read.
    public let fault: EndpointFault?
    /// Whether its credentials or fixed headers are sealed.
    public let isSealed: Bool

    /// Creates an endpoint.
    public init(
        key: Int64,
        revision: Int64,
        settings: EndpointSettings,
        state: EndpointState,
        stateReason: String?,
        fault: EndpointFault? = nil,
        isSealed: Bool = false
    ) {
        self.key = key
        self.revision = revision
        self.settings = settings
        self.state = state
        self.stateReason = stateReason
        self.fault = fault
        self.isSealed = isSealed
    }

    /// The same endpoint with other settings.
    public func withSettings(_ settings: EndpointSettings) -> StoredEndpoint {
        StoredEndpoint(
            key: key,
            revision: revision,
            settings: settings,
            state: state,
            stateReason: stateReason,
            fault: fault,
            isSealed: isSealed
        )
    }

    /// The same endpoint in another state.
    public func withState(_ state: EndpointState) -> StoredEndpoint {
        StoredEndpoint(
            key: key,
            revision: revision,
            settings: settings,
            state: state,
            stateReason: stateReason,
            fault: fault,
            isSealed: isSealed
        )
    }
}
