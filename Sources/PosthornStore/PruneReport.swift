/// What `prune` deleted.
public struct PruneReport: Sendable, Equatable {
    /// Events.
    public var events = 0
    /// Deliveries.
    public var deliveries = 0
    /// Attempts.
    public var attempts = 0
    /// Endpoints that were removed and had no delivery left.
    public var endpoints = 0

    /// Events that have lost their data alone.
    public var payloads = 0

    /// A report of nothing done.
    public init() {}

    /// What both have deleted.
    public static func += (total: inout PruneReport, other: PruneReport) {
        total.events += other.events
        total.deliveries += other.deliveries
        total.attempts += other.attempts
        total.endpoints += other.endpoints
        total.payloads += other.payloads
    }
}
