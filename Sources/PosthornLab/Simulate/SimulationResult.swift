public import Posthorn
public import PosthornModel

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
