public import PosthornModel
public import PosthornStore
public import PosthornText

// What happened: events, deliveries, attempts: the calls that block no thread of the caller's.
extension Outbox {
    /// The event with an id.
    /// - Throws: A problem of code `not_found` when there is none.
    public func event(_ id: String) async throws(OutboxError) -> StoredEvent {
        try await calls.run { [self] in try storedEvent(id) }
    }

    /// A page of the events of a type (of every type for `nil`), in the order in which they were stored.
    /// - Parameters:
    ///   - pattern: Which types.
    ///   - cursor: Where the page before ended; `nil` to begin.
    /// - Returns: At most 1000 events or some 8 MiB of data; the page after the last event is empty.
    public func events(ofType pattern: EventPattern? = nil, after cursor: PageCursor? = nil) async throws(OutboxError)
        -> Page<Event>
    {
        try await calls.run { [self] in try page(ofType: pattern, after: cursor) }
    }

    /// A page of the deliveries that a filter asks for, newest first unless it says otherwise.
    /// - Parameters:
    ///   - filter: Which ones; its `limit` and `before` do not count here.
    ///   - cursor: Where the page before ended; `nil` to begin.
    ///   - limit: How many deliveries at most, up to 1000.
    /// - Throws: A problem of code `not_found` when the filter names an endpoint, a node or an event that is not and was not there.
    public func deliveries(_ filter: DeliveryFilter = .newest, after cursor: PageCursor? = nil, limit: Int = 100) async throws(OutboxError)
        -> Page<Delivery>
    {
        try await calls.run { [self] in try page(filter, after: cursor, limit: limit) }
    }

    /// The attempts of a delivery, first to last.
    /// - Throws: A problem of code `not_found` when there is no such delivery.
    public func attempts(of delivery: Int64) async throws(OutboxError) -> [Attempt] {
        try await calls.run { [self] in try attempts(of: delivery) }
    }

    /// How many deliveries something would be done to, by the ids of their endpoints and by state. Changes nothing.
    public func count(_ filter: DeliveryFilter, for action: DeliveryAction) async throws(OutboxError) -> [String: [DeliveryState: Int]] {
        try await calls.run { [self] in try count(filter, for: action) }
    }

    /// Counts, ages and rates.
    public func status() async throws(OutboxError) -> OutboxStatus {
        try await calls.run { [self] in try status() }
    }

    /// Endpoints whose receivers have asked to be left alone (`Retry-After`), by their ids, and until when.
    public func throttledEndpoints() async throws(OutboxError) -> [String: Timestamp] {
        try await calls.run { [self] in try throttledEndpoints() }
    }

    /// Endpoints that are failing or suspended, by their ids, where an engine judges them (``EngineConfiguration/health``).
    public func endpointHealth() async throws(OutboxError) -> [String: EndpointHealth] {
        try await calls.run { [self] in try endpointHealth() }
    }

    /// What is known of endpoints that cannot be used.
    public func endpointFaults() async throws(OutboxError) -> EndpointFaults {
        try await calls.run { [self] in try endpointFaults() }
    }
}
