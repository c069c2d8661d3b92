public import PosthornText

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
    ///   - succeeded: Whether the receiver took the event: ``AttemptOutcome/succeeded``.
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
