public import PosthornModel

/// What the outbox knows of the hierarchy.
public struct StoredTopology: Sendable {
    /// Counted up by every change of nodes and endpoints.
    public let generation: Int64
    /// All nodes.
    public let nodes: [Node]
    /// The endpoints, removed ones too where those were asked for.
    public let endpoints: [StoredEndpoint]

    /// Creates a topology.
    public init(generation: Int64, nodes: [Node], endpoints: [StoredEndpoint]) {
        self.generation = generation
        self.nodes = nodes
        self.endpoints = endpoints
    }
}

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

/// What is wrong with a stored endpoint. Its settings hold a harmless value in place of each that could not be read.
public struct EndpointFault: Sendable, Equatable {
    /// The first thing that could not be read.
    public let problem: OutboxProblem
    /// Whether its credentials are among what could not be read.
    public let losesCredentials: Bool

    /// Creates a fault.
    public init(_ problem: OutboxProblem, losesCredentials: Bool) {
        self.problem = problem
        self.losesCredentials = losesCredentials
    }
}

/// What a delivery is pinned to.
public struct StoredRevision: Sendable, Hashable {
    /// The number of the revision.
    public let key: Int64
    /// The endpoint's number.
    public let endpoint: Int64
    /// Where requests go.
    public let url: String
    /// POST or GET.
    public let method: RequestMethod
    /// The body's form.
    public let envelope: Envelope
    /// Whether method or envelope could not be read and stand for nothing.
    public let isDamaged: Bool

    /// Creates a revision.
    public init(
        key: Int64,
        endpoint: Int64,
        url: String,
        method: RequestMethod,
        envelope: Envelope,
        isDamaged: Bool = false
    ) {
        self.key = key
        self.endpoint = endpoint
        self.url = url
        self.method = method
        self.envelope = envelope
        self.isDamaged = isDamaged
    }
}

extension StoredRevision: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The revision, its URL without the values of its query.
    public var description: String { Redaction.text("StoredRevision", shown) }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// The same members as ``description`` has.
    public var customMirror: Mirror { Redaction.mirror(of: self, shown) }

    private var shown: KeyValuePairs<String, Any> {
        [
            "key": key, "endpoint": endpoint, "url": MaskedURL.text(url), "method": method.rawValue, "envelope": envelope.rawValue,
            "isDamaged": isDamaged,
        ]
    }
}
