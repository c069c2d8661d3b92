public import Posthorn
public import PosthornModel

/// What became of a simulation: of an outbox that was used before, what this run has changed.
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
    /// Deliveries by the state that they came to in this run, those among them that had waited before; `pending` are all that still wait.
    public let deliveries: [DeliveryState: Int64]
    /// Deliveries of earlier runs that this one went on with.
    public let leftOver: Int64
    /// Requests.
    public let attempts: Int
    /// Mails about exhausted deliveries, by the state that they came to in this run.
    public let mails: [MailState: Int64]
    /// Webio's value requests; `nil` when none were wanted.
    public let valueRequests: (asked: Int, answered: Int, problem: String?)?

    /// - Parameters:
    ///   - before: What was in the outboxes when it began.
    ///   - status: What is in them now.
    init(
        before: [OutboxStatus],
        after status: [OutboxStatus],
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
        mails = status[0].mails.counts.reduce(into: [:]) { $0[$1.key] = Self.change($1.value, before[0].mails.counts[$1.key]) }
        valueRequests = values.map { ($0.asked, $0.answered, $0.problem) }
        events = Int64(emitted - known)
        var deliveries: [DeliveryState: Int64] = [:]
        var leftOver: Int64 = 0
        for (old, new) in zip(before, status) {
            for (state, count) in new.deliveries {
                deliveries[state, default: 0] += state == .pending ? count : Self.change(count, old.deliveries[state])
            }
            // One that was held was not gone on with unless its endpoint takes it again.
            leftOver += (old.deliveries[.pending] ?? 0) + Self.change(old.deliveries[.held] ?? 0, new.deliveries[.held])
        }
        (self.deliveries, self.leftOver) = (deliveries, leftOver)
        attempts = statistics.attempts
    }

    /// How many more there are; none where some were taken away meanwhile.
    private static func change(_ count: Int64, _ before: Int64?) -> Int64 { max(0, count - (before ?? 0)) }
}
