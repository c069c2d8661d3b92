public import PosthornModel
public import PosthornText

/// What can be said of an outbox at any moment by reading a few rows, for metrics.
public struct OutboxGauges: Sendable, Equatable {
    /// Deliveries by state.
    public var deliveries: [DeliveryState: Int64] = [:]
    /// Endpoints by state.
    public var endpoints: [EndpointState: Int64] = [:]
    /// When the pending delivery was due that is due first; may lie ahead. `nil` when none waits.
    public var firstDue: Timestamp?
    /// Bytes of the store's data; `nil` where that is not known.
    public var bytes: Int64?
    /// Bytes of its write-ahead log; `nil` where that is not known.
    public var logBytes: Int64?

    /// Nothing.
    package init() {}
}
