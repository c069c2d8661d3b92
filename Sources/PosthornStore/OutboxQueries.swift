public import PosthornModel
public import PosthornText

/// Which deliveries a list shows. Empty fields ask for everything.
public struct DeliveryFilter: Sendable {
    /// Only deliveries in this state.
    public var state: DeliveryState?
    /// Only those of the endpoint with this id.
    public var endpoint: String?
    /// Only those of events at the node with this id.
    public var node: String?
    /// Only those of events of this type.
    public var type: EventPattern?
    /// Only those of the event with this id.
    public var event: String?
    /// Only those of events that happened then or later.
    public var since: Timestamp?
    /// Only those of events that happened before then.
    public var until: Timestamp?
    /// Only those with a smaller number: where a list that began with the newest goes on.
    public var before: Int64?
    /// Only the newest so many.
    public var limit: Int?
    /// Only those that wait, pending or held, for another URL, method or envelope than their endpoint has now.
    public var waitsElsewhere = false
    /// Whether a list begins with the newest; it ends with it otherwise.
    public var newestFirst = false

    /// A filter that asks for everything.
    public init() {}

    /// A filter that asks for everything, the newest first.
    public static var newest: DeliveryFilter {
        var filter = DeliveryFilter()
        filter.newestFirst = true
        return filter
    }
}

/// Counts of the outbox at one moment.
public struct OutboxStatus: Sendable {
    /// Events stored.
    public var events: Int64 = 0
    /// Events inserted by other programs that wait for their fan-out.
    public var arrivals: Int64 = 0
    /// Deliveries by state.
    public var deliveries: [DeliveryState: Int64] = [:]
    /// When the event of the oldest delivery that waits for its first attempt happened.
    public var oldestReady: Timestamp?
    /// When the most overdue further attempt was due; may lie ahead.
    public var nextRetry: Timestamp?
    /// Pending deliveries whose time has come: with an engine they are under way or wait for their turn, without one they are
    /// late.
    public var overdue: Int64 = 0
    /// Since when the first of them is due.
    public var overdueSince: Timestamp?
    /// Endpoints by state.
    public var endpoints: [EndpointState: Int64] = [:]
    /// Nodes of the hierarchy.
    public var nodes: Int64 = 0
    /// The process that runs the engine, if one does.
    public var engine: Int32?
    /// What is wrong with the engine's hold on this outbox, for people: it delivers from another file that had this name, or its
    /// lock file was removed. `nil` when all is well.
    public var engineTrouble: String?
    /// What the engine last said of itself.
    public var pulse: EngineHeartbeat?
    /// Mails about exhausted deliveries.
    public var mails = MailStatus()

    /// Nothing yet.
    package init() {}
}

/// What a running engine writes down about itself once a second while it works.
public struct EngineHeartbeat: Sendable, Hashable {
    /// When it was written.
    public var at: Timestamp
    /// Attempts recorded in the last ten seconds, a second.
    public var attemptsPerSecond: Double
    /// Deliveries that reached `delivered` in the last ten seconds, a second.
    public var deliveredPerSecond: Double
    /// Requests on the wire.
    public var inFlight: Int
    /// How far receivers' clocks are from ours; `nil` while none has said its time.
    public var clockSkew: ClockSkew?

    /// Creates a pulse.
    public init(at: Timestamp, attemptsPerSecond: Double, deliveredPerSecond: Double, inFlight: Int, clockSkew: ClockSkew? = nil) {
        self.clockSkew = clockSkew
        self.at = at
        self.attemptsPerSecond = attemptsPerSecond
        self.deliveredPerSecond = deliveredPerSecond
        self.inFlight = inFlight
    }
}

/// Endpoints that an engine could not use.
public struct LastRunFaults: Sendable, Hashable {
    /// The process of the engine that runs and keeps this up; `nil` when none does, and the last one found it.
    public var engine: Int32?
    /// When it found so last; `nil` when that was not written down.
    public var at: Timestamp?
    /// The reasons, by the endpoints' ids.
    public var reasons: [String: String]

    /// Creates what was found.
    public init(engine: Int32? = nil, at: Timestamp? = nil, reasons: [String: String] = [:]) {
        self.engine = engine
        self.at = at
        self.reasons = reasons
    }
}

/// How to try deliveries again by hand.
public struct RetryManner: Sendable, Hashable {
    /// Whether a failure is followed by the whole schedule again; if not, an exhausted delivery gets one attempt.
    public var wholeRound = false
    /// Whether they go where the endpoint is now, and not where it was when their events were accepted. Held ones stay held.
    public var atCurrentURL = false

    /// One attempt more, where the delivery is pinned to.
    public init(wholeRound: Bool = false, atCurrentURL: Bool = false) {
        self.wholeRound = wholeRound
        self.atCurrentURL = atCurrentURL
    }
}

/// What `retry` or `resend` did.
public struct RetryReport: Sendable, Equatable {
    /// Deliveries that are due now.
    public var retried: Int = 0
    /// How many go to another URL, method or envelope than before; held ones, which are not due, are counted here alone.
    public var moved: Int = 0
    /// Numbers that name no delivery.
    public var unknown: [Int64] = []
    /// Numbers of deliveries whose state allows no retry, with that state.
    public var refused: [Refusal] = []
    /// Whose the retried ones are, by the endpoints' ids.
    public var endpoints: [String: Endpoint] = [:]

    /// An endpoint some of whose deliveries are due now. Unless it is active, an engine holds them instead.
    public struct Endpoint: Sendable, Equatable {
        /// Its state.
        public let state: EndpointState
        /// How many of its deliveries were made due.
        public let deliveries: Int

        /// Creates an endpoint.
        public init(state: EndpointState, deliveries: Int) {
            self.state = state
            self.deliveries = deliveries
        }
    }

    /// A delivery that was not retried.
    public struct Refusal: Sendable, Equatable {
        /// Its number.
        public let delivery: Int64
        /// Its state.
        public let state: DeliveryState

        /// Creates a refusal.
        public init(delivery: Int64, state: DeliveryState) {
            self.delivery = delivery
            self.state = state
        }
    }

    /// A report of nothing done.
    public init() {}

    /// Counts a delivery that is due now.
    package mutating func count(_ endpoint: String, _ state: EndpointState) {
        retried += 1
        endpoints[endpoint] = Endpoint(state: state, deliveries: (endpoints[endpoint]?.deliveries ?? 0) + 1)
    }

    /// Adds what another call did.
    public mutating func add(_ other: RetryReport) {
        retried += other.retried
        moved += other.moved
        unknown += other.unknown
        refused += other.refused
        endpoints.merge(other.endpoints) { Endpoint(state: $1.state, deliveries: $0.deliveries + $1.deliveries) }
    }
}

/// What `prune` deleted.
public struct PruneReport: Sendable, Equatable {
    /// Events.
    public var events = 0
    /// Deliveries.
    public var deliveries = 0
    /// Attempts.
    public var attempts = 0
    /// Endpoints that were removed and had no delivery left.
    public var endpoints = 0

    /// A report of nothing done.
    public init() {}

    /// What both have deleted.
    public static func += (total: inout PruneReport, other: PruneReport) {
        total.events += other.events
        total.deliveries += other.deliveries
        total.attempts += other.attempts
        total.endpoints += other.endpoints
    }
}
