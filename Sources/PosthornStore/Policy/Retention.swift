public import PosthornModel
public import PosthornText

/// What may be deleted when an outbox is pruned.
public struct Retention: Sendable, Hashable {
    /// What ended before this is old, where nothing else is said of its state.
    public let cutoff: Timestamp
    private let cutoffs: [DeliveryState: Timestamp]
    /// Of events all of whose deliveries ended before this, the data may be dropped.
    public let payloadCutoff: Timestamp

    /// Everything that ended before a time.
    public init(settledBefore cutoff: Timestamp) {
        self.cutoff = cutoff
        cutoffs = [:]
        payloadCutoff = Timestamp(milliseconds: .min)
    }

    /// What a policy does not keep any more.
    public init(_ policy: RetentionPolicy, at now: Timestamp) {
        func cutoff(_ length: Int64?) -> Timestamp {
            length.map { now.advanced(byMilliseconds: -$0) } ?? Timestamp(milliseconds: .min)
        }
        self.cutoff = cutoff(policy.keepMilliseconds)
        cutoffs = policy.byState.mapValues(cutoff)
        payloadCutoff = cutoff(policy.keepPayloadsMilliseconds)
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

    /// Whether the data of any event may be dropped before the rest of it.
    public var dropsPayloads: Bool { payloadCutoff.milliseconds > .min }

    /// Whether an event's data may be dropped: when it has some, all of its deliveries have ended, and the last attempt of each was before
    /// the cutoff, and so was the event where one had no attempt, or it has no deliveries at all.
    public func permitsDroppingData(of event: EventHistory) -> Bool {
        event.hasData && !event.waitsForFanOut
            && event.deliveries.allSatisfy { $0.state.isTerminal && ($0.lastAttempt ?? event.created) < payloadCutoff }
            && (!event.deliveries.isEmpty || event.created < payloadCutoff)
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
        return report
    }

    /// Drops the data of those of some events that may lose it as they are now.
    /// - Parameter digests: Numbers of events, and SHA-256 of the data of each, which never changes.
    /// - Returns: Of how many it was dropped.
    public func dropData(_ digests: [(seq: Int64, digest: String)], _ retention: Retention) throws(OutboxProblem) -> Int {
        var dropped = 0
        for (seq, digest) in digests {
            guard let event = try history(ofEvent: seq), retention.permitsDroppingData(of: event) else { continue }
            try dropData(ofEvent: seq, digest: digest)
            dropped += 1
        }
        return dropped
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
