public import PosthornModel
public import PosthornText

/// What a delivery is from now on, by a decision of a person.
public struct DeliveryChange: Sendable, Hashable {
    /// Its state.
    public let state: DeliveryState
    /// When the next attempt is due; `nil` when none is.
    public let due: Timestamp?
    /// Where it is in its schedule.
    public let round: DeliveryRound
    /// The revision that it is pinned to.
    public let revision: Int64

    /// Creates a change.
    public init(state: DeliveryState, due: Timestamp?, round: DeliveryRound, revision: Int64) {
        self.state = state
        self.due = due
        self.round = round
        self.revision = revision
    }
}

extension DeliveryAction {
    /// Decides what is done to one delivery.
    ///
    /// - Parameters:
    ///   - row: The delivery as it is.
    ///   - wholeRound: Whether the failure of a retried one is followed by the whole schedule again. What is sent again after it was
    ///     delivered gets the whole schedule in any case.
    ///   - now: When it is asked for.
    /// - Returns: `nil` when the delivery's state does not allow it.
    public func change(of row: DeliveryRow, wholeRound: Bool = false, at now: Timestamp) -> DeliveryChange? {
        guard states.contains(row.state) else { return nil }
        switch self {
        case .cancel:
            return DeliveryChange(state: .cancelled, due: nil, round: DeliveryRound(base: row.round.base), revision: row.revision)
        case .resend:
            return DeliveryChange(state: .pending, due: now, round: DeliveryRound(base: row.attempts), revision: row.revision)
        case .retry: return retried(row, pinnedTo: row.revision, wholeRound, now)
        case .retryAtCurrentURL:
            let current = row.endpoint?.revision ?? row.revision
            if row.state != .held { return retried(row, pinnedTo: current, wholeRound, now) }
            // It stays held: its endpoint takes nothing now, wherever it is.
            return current == row.revision ? nil : DeliveryChange(state: .held, due: row.due, round: row.round, revision: current)
        }
    }

    private func retried(_ row: DeliveryRow, pinnedTo revision: Int64, _ wholeRound: Bool, _ now: Timestamp) -> DeliveryChange? {
        let decision = row.round.retriedByHand(
            state: row.state,
            attempts: row.attempts,
            due: row.due,
            wholeRound: wholeRound,
            scheduleAttempts: row.endpoint?.scheduleAttempts ?? RetrySchedule.standard.attempts,
            at: now
        )
        return decision.map { DeliveryChange(state: .pending, due: $0.due, round: $0.round, revision: revision) }
    }
}

extension DeliveryRow {
    /// Decides how a delivery that is over is sent again by a replay: due now, where its endpoint is now, with a whole round of the
    /// schedule.
    /// - Returns: `nil` when it is not over, or was cancelled, which is for good.
    public func replayed(at now: Timestamp) -> DeliveryChange? {
        guard Replay.states.contains(state) else { return nil }
        let revision = endpoint?.revision ?? self.revision
        return DeliveryChange(state: .pending, due: now, round: DeliveryRound(base: attempts), revision: revision)
    }
}
