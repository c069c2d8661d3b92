public import Posthorn
public import PosthornModel
public import PosthornText

/// How far a simulation is.
public struct SimulationProgress: Equatable, Sendable {
    /// Events that have left the platform, each counted as often as it did.
    public let events: Int
    /// Events that are to leave.
    public let plannedEvents: Int
    /// Deliveries that were answered 200.
    public let answered: Int
    /// Requests that were answered otherwise, or not at all.
    public let failedAttempts: Int
    /// Deliveries that wait for their next attempt.
    public let retriesWaiting: Int
    /// When the first of them is due, as far as it is known.
    public let nextRetry: Timestamp?

    /// - Parameters:
    ///   - events: Events that have left.
    ///   - plannedEvents: Events that are to leave.
    ///   - deliveries: Deliveries of those events.
    ///   - engines: What became of them so far.
    public init(events: Int, plannedEvents: Int, deliveries: Int, engines: EngineStatistics) {
        self.events = events
        self.plannedEvents = plannedEvents
        answered = engines.delivered
        failedAttempts = max(0, engines.attempts - engines.delivered)
        // What has no end and is neither waiting in a sender nor on the wire. An older delivery of the outbox may end besides.
        let unfinished = max(0, deliveries - engines.delivered - engines.exhausted - engines.claimed)
        retriesWaiting = min(failedAttempts, unfinished)
        nextRetry = engines.nextRetry
    }
}

/// What became of a simulation.
public struct SimulationResult: Sendable {
    /// Events that were sent, each counted as often as it was.
    public let events: Int64
    /// Events that were to be sent, each counted as often as it was to be.
    public let planned: Int
    /// Of these, those that were not, because it was stopped.
    public let unsent: Int
    /// Whether it was stopped before all was sent and had ended.
    public let wasStopped: Bool
    /// Of the simulation's events, those that the outbox had before: they were not sent again.
    public let known: Int
    /// How often each wanted fault happened among the events that were reached; one that begins a burst or follows a gap
    /// counts once.
    public let faults: [(fault: SimulationFault, count: Int)]
    /// Deliveries by state.
    public let deliveries: [DeliveryState: Int64]
    /// Requests.
    public let attempts: Int
    /// Mails about exhausted deliveries, by state.
    public let mails: [MailState: Int64]
    /// Webio's value requests; `nil` when none were wanted.
    public let valueRequests: (asked: Int, answered: Int, problem: String?)?

    init(
        _ status: [OutboxStatus],
        planned: Int,
        emitted: Int,
        wasStopped: Bool,
        known: Int,
        _ faults: [(fault: SimulationFault, count: Int)],
        _ statistics: EngineStatistics,
        _ values: ValueAsker.Counts?
    ) {
        self.known = known
        self.planned = planned
        unsent = planned - emitted
        self.wasStopped = wasStopped && (planned > emitted || status.contains { $0.deliveries[.pending] ?? 0 > 0 })
        self.faults = faults
        mails = status[0].mails.counts
        valueRequests = values.map { ($0.asked, $0.answered, $0.problem) }
        events = status.reduce(0) { $0 + $1.events }
        deliveries = status.reduce(into: [:]) { $0.merge($1.deliveries, uniquingKeysWith: +) }
        attempts = statistics.attempts
    }
}
