public import Posthorn
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
