public import PosthornStore

// Events in order: the calls that block no thread of the caller's.
extension Outbox {
    /// What waits in order for an endpoint, lane by lane: the head, how many are behind it, and since when.
    /// - Parameter id: The endpoint.
    public func lanes(ofEndpoint id: String) async throws(OutboxError) -> LaneSummary {
        try await calls.run { [self] in try lanes(ofEndpoint: id, limit: Self.laneLimit) }
    }

    /// Lets what is behind exhausted deliveries go on. They stay exhausted, and can be retried later; then they go before what waits.
    public func skip(_ deliveries: [Int64]) async throws(OutboxError) -> SkipReport {
        try await calls.run { [self] in try skip(deliveries) }
    }
}
