public import PosthornModel
public import PosthornText

/// Lists that are read newest first, or back from a row towards the newest, a bounded number of rows at a time, however little of them the caller wants.
///
/// Whether a row is wanted is for the caller to say: a reading stops at the number of rows that it may look at, and says where to go on.
public protocol BoundedReader: AnyObject {
    /// Counts the changes of the hierarchy and its endpoints.
    func topologyGeneration() throws(OutboxProblem) -> Int64
    /// Visits deliveries, newest first.
    /// - Parameter visit: Gets each row; `false` to stop behind it.
    func visitDeliveries(
        _ rows: DeliveryRows,
        _ visit: (VisibleDelivery) -> Bool
    ) throws(OutboxProblem) -> VisitEnd
    /// Visits events without their data, newest first.
    /// - Parameter visit: Gets each row; `false` to stop behind it.
    func visitEvents(
        _ rows: EventRows,
        _ visit: (VisibleEvent) -> Bool
    ) throws(OutboxProblem) -> VisitEnd
    /// Reads the endpoint with an id, a removed one too, with its credentials.
    func endpoint(id: String) throws(OutboxProblem) -> StoredEndpoint?
    /// A text of this outbox's own that is known here alone, for digests of what holds secrets.
    func digestSalt() throws(OutboxProblem) -> String
    /// Reads what deliveries of a revision are pinned to; one that an endpoint ever had stays as long as the endpoint.
    func revision(_ key: Int64) throws(OutboxProblem) -> StoredRevision?
    /// One delivery; `nil` when there is none of that number.
    func visibleDelivery(_ number: Int64) throws(OutboxProblem) -> VisibleDelivery?
}

/// Which deliveries a bounded reading goes through.
public struct DeliveryRows: Sendable {
    /// Only those in these states; all when empty.
    public var states: Set<DeliveryState> = []
    /// Only those of the endpoint with this id.
    public var endpoint: String?
    /// Only those of the event with this id.
    public var event: String?
    /// Only those with a smaller number.
    public var before: Int64?
    /// Only those with a greater number; then the one with the smallest comes first.
    public var after: Int64?
    /// How many to look at.
    public var limit: Int

    /// All deliveries, newest first.
    /// - Parameter limit: How many to look at.
    public init(limit: Int) { self.limit = limit }
}

/// Which events a bounded reading goes through.
public struct EventRows: Sendable {
    /// Only those with a smaller number.
    public var before: Int64?
    /// Only those with a greater number; then the one with the smallest comes first.
    public var after: Int64?
    /// How many to look at.
    public var limit: Int

    /// All events, newest first.
    /// - Parameter limit: How many to look at.
    public init(limit: Int) { self.limit = limit }
}

/// A delivery, with what says who may see it.
public struct VisibleDelivery: Sendable, Equatable {
    /// As lists show it.
    public let delivery: Delivery
    /// The node where its endpoint is now, or was when it was removed.
    public let endpointNode: String
    /// The revision that it is pinned to.
    public let revision: Int64

    /// Creates a row.
    public init(_ delivery: Delivery, endpointNode: String, revision: Int64) {
        self.delivery = delivery
        self.endpointNode = endpointNode
        self.revision = revision
    }
}

/// An event without its data.
public struct VisibleEvent: Sendable {
    /// Its number in this outbox.
    public let number: Int64
    /// The event, its data empty.
    public let event: Event

    /// Creates a row.
    public init(number: Int64, _ event: Event) {
        self.number = number
        self.event = event
    }
}

/// Why a bounded reading ended.
public enum VisitEnd: Sendable, Equatable {
    /// There is nothing more.
    case atEnd
    /// The visitor wanted no more.
    case stopped
    /// As many rows were looked at as may be; the last one had this number, of an event that happened then.
    case atLimit(last: Int64, created: Timestamp)
}
