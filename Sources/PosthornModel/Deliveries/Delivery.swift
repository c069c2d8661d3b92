public import PosthornText

/// One event on its way to one endpoint, as lists show it.
public struct Delivery: Hashable, Sendable {
    /// Its number in this outbox, never used twice.
    public let id: Int64
    /// The event's id.
    public let event: String
    /// The event's type.
    public let type: String
    /// The node where the event happened.
    public let node: String
    /// The endpoint's id.
    public let endpoint: String
    /// Where it goes: what the endpoint's URL was when the event was accepted. May hold secrets.
    public let url: String
    /// Its state.
    public let state: DeliveryState
    /// Attempts made so far.
    public let attempts: Int
    /// When the event happened.
    public let created: Timestamp
    /// When the next attempt is due; `nil` unless it is pending.
    public let nextAttemptAt: Timestamp?
    /// The newest attempt; `nil` when none was made.
    public let last: LastAttempt?

    /// When its last attempt ended, of one that was delivered or is exhausted; `nil` while it goes on, and for a cancelled one.
    public var finished: Timestamp? { state == .delivered || state == .exhausted ? last?.ended : nil }

    /// The result of the newest attempt.
    public struct LastAttempt: Hashable, Sendable {
        /// The status of the answer, when there was one.
        public let status: Int?
        /// Why it failed; `nil` for a success.
        public let error: AttemptError?
        /// The detail for an operator; empty for a success.
        public let errorText: String
        /// When it ended.
        public let ended: Timestamp

        /// Creates an attempt.
        public init(status: Int?, error: AttemptError?, errorText: String, ended: Timestamp) {
            self.status = status
            self.error = error
            self.errorText = errorText
            self.ended = ended
        }
    }

    /// A row of a list.
    public init(
        id: Int64,
        event: String,
        type: String,
        node: String,
        endpoint: String,
        url: String,
        state: DeliveryState,
        attempts: Int,
        created: Timestamp,
        nextAttemptAt: Timestamp?,
        last: LastAttempt?
    ) {
        self.id = id
        self.event = event
        self.type = type
        self.node = node
        self.endpoint = endpoint
        self.url = url
        self.state = state
        self.attempts = attempts
        self.created = created
        self.nextAttemptAt = nextAttemptAt
        self.last = last
    }
}
