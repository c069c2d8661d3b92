public import PosthornModel
public import PosthornText

/// A delivery as a store holds it, with what is needed to decide what may be done to it by hand.
public struct DeliveryRow: Sendable, Hashable {
    /// Its state.
    public let state: DeliveryState
    /// Attempts made so far.
    public let attempts: Int
    /// When the next attempt is due, or would be if it was not held; `nil` when none is.
    public let due: Timestamp?
    /// Where it is in its schedule.
    public let round: DeliveryRound
    /// The revision that it is pinned to.
    public let revision: Int64
    /// Whether its event has its data, without which it cannot be sent.
    public let hasData: Bool
    /// Its endpoint; `nil` when the outbox is damaged and has none of that number.
    public let endpoint: Endpoint?

    /// What matters of a delivery's endpoint.
    public struct Endpoint: Sendable, Hashable {
        /// Its id.
        public let id: String
        /// Its state.
        public let state: EndpointState
        /// Its current revision.
        public let revision: Int64
        /// How many attempts its schedule has.
        public let scheduleAttempts: Int

        /// Creates an endpoint.
        public init(id: String, state: EndpointState, revision: Int64, scheduleAttempts: Int) {
            self.id = id
            self.state = state
            self.revision = revision
            self.scheduleAttempts = scheduleAttempts
        }
    }

    /// Creates a row.
    public init(
        state: DeliveryState,
        attempts: Int,
        due: Timestamp?,
        round: DeliveryRound = DeliveryRound(),
        revision: Int64,
        hasData: Bool = true,
        endpoint: Endpoint?
    ) {
        self.state = state
        self.attempts = attempts
        self.due = due
        self.round = round
        self.revision = revision
        self.hasData = hasData
        self.endpoint = endpoint
    }
}
