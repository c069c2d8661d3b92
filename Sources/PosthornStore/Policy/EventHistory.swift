public import PosthornModel
public import PosthornText

/// An event as it is looked at for pruning.
public struct EventHistory: Sendable, Hashable {
    /// Its number in the outbox.
    public let seq: Int64
    /// When it happened.
    public let created: Timestamp
    /// Whether its recipients are still to be found.
    public let waitsForFanOut: Bool
    /// Whether it is the newest event or has the newest delivery; those stay, so that their numbers are never given out again.
    public let isNewest: Bool
    /// Whether its data is there, as far as that was asked for.
    public let hasData: Bool
    /// All of its deliveries.
    public let deliveries: [Delivery]

    /// One of its deliveries.
    public struct Delivery: Sendable, Hashable {
        /// Its number.
        public let id: Int64
        /// Its state.
        public let state: DeliveryState
        /// When its last attempt started; `nil` when it had none.
        public let lastAttempt: Timestamp?

        /// Creates a delivery.
        public init(id: Int64, state: DeliveryState, lastAttempt: Timestamp?) {
            self.id = id
            self.state = state
            self.lastAttempt = lastAttempt
        }
    }

    /// Creates a history.
    public init(
        seq: Int64,
        created: Timestamp,
        waitsForFanOut: Bool = false,
        isNewest: Bool = false,
        hasData: Bool = true,
        deliveries: [Delivery]
    ) {
        self.seq = seq
        self.created = created
        self.waitsForFanOut = waitsForFanOut
        self.isNewest = isNewest
        self.hasData = hasData
        self.deliveries = deliveries
    }
}
