public import PosthornModel
public import PosthornText

/// What may be deleted when an outbox is pruned.
public struct Retention: Sendable, Hashable {
    /// What ended before this is old, where nothing else is said of its state.
    public let cutoff: Timestamp
    private let cutoffs: [DeliveryState: Timestamp]

    /// Everything that ended before a time.
    public init(settledBefore cutoff: Timestamp) {
        self.cutoff = cutoff
        cutoffs = [:]
    }

    /// What a policy does not keep any more.
    public init(_ policy: RetentionPolicy, at now: Timestamp) {
        func cutoff(_ length: Int64?) -> Timestamp {
            length.map { now.advanced(byMilliseconds: -$0) } ?? Timestamp(milliseconds: .min)
        }
        self.cutoff = cutoff(policy.keepMilliseconds)
        cutoffs = policy.byState.mapValues(cutoff)
    }

    /// What ended in a state before this is old.
    public func cutoff(for state: DeliveryState) -> Timestamp { cutoffs[state] ?? cutoff }

    /// The latest of all cutoffs: nothing that happened since may go.
    public var latestCutoff: Timestamp { max(cutoff, cutoffs.values.max() ?? cutoff) }

    /// Whether an event may go, with its deliveries and their attempts: when all of its deliveries have ended, the last attempt of each
    /// was before the cutoff of its state, and so was the event where one had no attempt, or it has no deliveries at all.
    public func permits(_ event: EventHistory) -> Bool {
        if event.isNewest || event.waitsForFanOut { return false }
        if event.deliveries.isEmpty { return event.created < cutoff }
        return event.deliveries.allSatisfy { $0.state.isTerminal && ($0.lastAttempt ?? event.created) < cutoff(for: $0.state) }
    }

    /// Whether a removed endpoint may go.
    public func permits(_ endpoint: RemovedEndpoint) -> Bool {
        endpoint.removed < cutoff && !endpoint.isInUse && !endpoint.isNewest
    }
}

extension OutboxStore {
    /// Deletes those of some events that may go as they are now, with deliveries and attempts.
    /// - Parameter seqs: Numbers of events.
    public func prune(_ seqs: [Int64], _ retention: Retention) throws(OutboxProblem) -> PruneReport {
        var report = PruneReport()
        for seq in seqs {
            guard let event = try history(ofEvent: seq), retention.permits(event) else { continue }
            report.attempts += try delete(event)
            report.deliveries += event.deliveries.count
            report.events += 1
        }
        if report.deliveries > 0 { try deleteEmptyMails() }
        return report
    }

    /// Deletes those of some removed endpoints that may go as they are now; not those that have come back meanwhile.
    /// - Parameter keys: Their numbers.
    /// - Returns: How many were deleted.
    public func prune(endpoints keys: [Int64], _ retention: Retention) throws(OutboxProblem) -> Int {
        var found: [RemovedEndpoint] = []
        for key in keys {
            if let endpoint = try removedEndpoint(key), retention.permits(endpoint) { found.append(endpoint) }
        }
        try deleteEndpoints(found)
        return found.count
    }
}
