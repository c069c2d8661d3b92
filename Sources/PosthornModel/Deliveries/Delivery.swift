public import PosthornText

/// The states of a delivery. These words stand in the outbox, the command line and the documents alike.
///
/// ```
///             accepted                       200
///   (event) ───────────▶ pending ──────────────────────▶ delivered
///                         │  ▲ │ not 200, attempts left, next_attempt_at set
///                         │  └─┘
///               disabled ▼ ▲ enabled      not 200, last attempt
///                       held            ───────────────▶ exhausted ──(retry by hand)──▶ pending
///                                        cancelled by hand ▶ cancelled
/// ```
///
/// A delivered one is pending again only when somebody sends it again by hand.
public enum DeliveryState: String, CaseIterable, Sendable {
    /// Waits for its next attempt, or is on the wire.
    case pending
    /// Its endpoint is disabled or unverified; it goes out when that changes.
    case held
    /// The receiver answered 200.
    case delivered
    /// Every attempt failed.
    case exhausted
    /// Somebody took it back, or its endpoint was removed.
    case cancelled

    /// Whether nothing more happens to it unless somebody asks for it: not one that is held, which goes out with its endpoint.
    public var isTerminal: Bool { self != .pending && self != .held }

    /// The states that may follow this one. The outbox refuses every other move.
    public var legalMoves: Set<DeliveryState> {
        switch self {
        case .pending: return [.delivered, .exhausted, .held, .cancelled]
        // A request that was on the wire when its endpoint was disabled may still succeed or fail for good.
        case .held: return [.pending, .delivered, .exhausted, .cancelled]
        case .exhausted: return [.pending, .cancelled]
        // Only when somebody sends it again by hand.
        case .delivered: return [.pending]
        case .cancelled: return []
        }
    }

    /// Whether a delivery in this state may be in another one next, or stay as it is.
    package func mayBecome(_ next: DeliveryState) -> Bool { self == next || legalMoves.contains(next) }
}

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

/// What becomes of a delivery after an attempt.
public struct Transition: Hashable, Sendable {
    /// Its state from now on.
    public let state: DeliveryState
    /// Attempts made, this one included.
    public let attempts: Int
    /// When the next one is due; `nil` when there is none.
    public let nextAttemptAt: Timestamp?
    /// What ``DeliveryRound/base`` is from now on; `nil` to leave it.
    public let roundStartAttempt: Int?

    /// Creates a transition.
    public init(state: DeliveryState, attempts: Int, nextAttemptAt: Timestamp?, roundStartAttempt: Int? = nil) {
        self.state = state
        self.attempts = attempts
        self.nextAttemptAt = nextAttemptAt
        self.roundStartAttempt = roundStartAttempt
    }

    /// Decides what an attempt's outcome means.
    ///
    /// - Parameters:
    ///   - number: The attempt's number, counted from 1 over the delivery's whole life.
    ///   - round: Where the delivery was in its schedule before the attempt.
    ///   - started: When the attempt started.
    ///   - succeeded: Whether the receiver answered 200.
    ///   - isFinal: Whether no further attempt can help; see ``AttemptError/isFinal``.
    ///   - retryAfterMilliseconds: How long the receiver asked us to wait, counted from the attempt's end.
    ///   - ended: When the attempt ended.
    ///   - schedule: The endpoint's schedule.
    ///   - speed: How many times faster than written the schedule runs; 1 in production.
    ///   - endpointIsActive: Whether the endpoint takes deliveries now; if not, a further attempt waits as `held`.
    public static func after(
        attempt number: Int,
        round: DeliveryRound,
        started: Timestamp,
        ended: Timestamp,
        succeeded: Bool,
        isFinal: Bool = false,
        retryAfterMilliseconds: Int64? = nil,
        schedule: RetrySchedule,
        speed: Double = 1,
        endpointIsActive: Bool = true
    ) -> Transition {
        if succeeded { return Transition(state: .delivered, attempts: number, nextAttemptAt: nil) }
        let exhausted = Transition(state: .exhausted, attempts: number, nextAttemptAt: nil)
        if isFinal { return exhausted }
        var due: Timestamp
        var base: Int?
        if let scheduledAt = round.scheduledAt, started < scheduledAt {
            // By hand, ahead of the schedule, which goes on where it was. Once the schedule's time has come, the attempt is its own.
            due = scheduledAt
            base = round.base + 1
        } else {
            guard let gap = schedule.gapMilliseconds(after: number - round.base - 1) else { return exhausted }
            due = started.advanced(byMilliseconds: scaled(gap, speed))
        }
        if let wish = retryAfterMilliseconds, wish > 0 {
            // The receiver can put an attempt off, never bring it forward, and not for longer than a day. Its seconds are
            // real ones, however fast the schedule runs here.
            due = max(due, ended.advanced(byMilliseconds: min(wish, retryAfterLimitMilliseconds)))
        }
        return Transition(state: endpointIsActive ? .pending : .held, attempts: number, nextAttemptAt: due, roundStartAttempt: base)
    }

    /// A receiver's Retry-After puts an attempt off by this at most: 24 hours.
    public static let retryAfterLimitMilliseconds: Int64 = 86_400_000

    /// A length of the schedule at a speed, rounded up so that nothing is ever early; 31,000 years at most, to which any moment
    /// can be added.
    public static func scaled(_ milliseconds: Int64, _ speed: Double) -> Int64 {
        speed == 1 ? milliseconds : Int64(min(1e15, max(0, (Double(milliseconds) / speed).rounded(.up))))
    }
}
