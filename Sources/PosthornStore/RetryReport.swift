public import PosthornModel

/// What `retry` or `resend` did.
public struct RetryReport: Sendable, Equatable {
    /// Deliveries that are due now.
    public var retried: Int = 0
    /// How many go to another URL, method or envelope than before; held ones, which are not due, are counted here alone.
    public var moved: Int = 0
    /// Numbers that name no delivery.
    public var unknown: [Int64] = []
    /// Numbers of deliveries whose state allows no retry, with that state, and of those whose event's data was dropped.
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
        /// Whether its state would have allowed it, and its event's data was dropped.
        public let lacksData: Bool

        /// Creates a refusal.
        public init(delivery: Int64, state: DeliveryState, lacksData: Bool = false) {
            self.delivery = delivery
            self.state = state
            self.lacksData = lacksData
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
