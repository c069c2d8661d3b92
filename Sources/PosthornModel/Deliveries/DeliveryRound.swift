public import PosthornText

/// Where a delivery is in its schedule, as the outbox keeps it beside the count of attempts.
public struct DeliveryRound: Hashable, Sendable {
    /// Attempts that the current round of the schedule does not count: those of earlier rounds, and those that were made by hand
    /// ahead of the schedule's. Below 0 for one attempt at the end of a schedule that had more left.
    public let base: Int
    /// When the schedule's next attempt is due, while one by hand goes before it; `nil` when the next attempt is the schedule's.
    public let scheduledAt: Timestamp?

    /// A place by its parts.
    public init(base: Int = 0, scheduledAt: Timestamp? = nil) {
        self.base = base
        self.scheduledAt = scheduledAt
    }

    /// Decides what a retry by hand does. It never takes an attempt of the schedule away, however often it is repeated.
    ///
    /// - Parameters:
    ///   - state: The delivery's state.
    ///   - attempts: Attempts made so far.
    ///   - due: When the next attempt is due; `nil` when none is.
    ///   - wholeRound: Whether a failure is followed by the whole schedule again.
    ///   - scheduleAttempts: How many attempts the schedule has.
    ///   - now: When somebody asks for it.
    /// - Returns: The place in the schedule from now on, and when the next attempt is due; `nil` when the state allows no retry.
    public func retriedByHand(
        state: DeliveryState,
        attempts: Int,
        due: Timestamp?,
        wholeRound: Bool,
        scheduleAttempts: Int,
        at now: Timestamp
    ) -> (round: DeliveryRound, due: Timestamp)? {
        switch (state, wholeRound) {
        case (.pending, true), (.exhausted, true): return (DeliveryRound(base: attempts), now)
        // One attempt at the last place of the schedule: when it fails, nothing follows.
        case (.exhausted, false): return (DeliveryRound(base: attempts + 1 - scheduleAttempts), now)
        case (.pending, false):
            // What is due, or on the wire, is tried now in any case, as the schedule has it.
            guard let due, due > now else { return (self, due ?? now) }
            return (DeliveryRound(base: base, scheduledAt: scheduledAt ?? due), now)
        case (.held, _), (.delivered, _), (.cancelled, _): return nil
        }
    }
}
