public import PosthornModel
public import PosthornText

/// Counts of the outbox at one moment.
public struct OutboxStatus: Sendable {
    /// Events stored.
    public var events: Int64 = 0
    /// Events inserted by other programs that wait for their fan-out.
    public var arrivals: Int64 = 0
    /// Whether there may be more than ``arrivals``, and so than ``events``: they are counted as far as 10,000.
    public var areArrivalsAtLeast = false
    /// Deliveries by state.
    public var deliveries: [DeliveryState: Int64] = [:]
    /// When the event of the oldest delivery that waits for its first attempt happened.
    public var oldestReady: Timestamp?
    /// When the most overdue further attempt was due; may lie ahead.
    public var nextRetry: Timestamp?
    /// Pending deliveries whose time has come: with an engine they are under way or wait for their turn, without one they are
    /// late.
    public var overdue: Int64 = 0
    /// Whether there may be more than ``overdue``: further attempts that are due are counted as far as 10,000.
    public var isOverdueAtLeast = false
    /// Since when the first of them is due.
    public var overdueSince: Timestamp?
    /// Endpoints by state.
    public var endpoints: [EndpointState: Int64] = [:]
    /// Nodes of the hierarchy.
    public var nodes: Int64 = 0
    /// The process that runs the engine, if one does.
    public var engine: Int32?
    /// What is wrong with the engine's hold on this outbox, for people: it delivers from another file that had this name, or its
    /// lock file was removed. `nil` when all is well.
    public var engineTrouble: String?
    /// What the engine last said of itself.
    public var pulse: EngineHeartbeat?
    /// What is deleted, and the newest copy.
    public var upkeep = UpkeepFacts()
    /// Mails about exhausted deliveries.
    public var mails = MailStatus()

    /// Overdue further attempts that are counted.
    package static let overdueLimit: Int64 = 10_000
    /// Events that wait for their fan-out and are counted.
    package static let arrivalLimit: Int64 = 10_000

    /// Counts the events.
    /// - Parameters:
    ///   - routed: Those whose recipients have been found.
    ///   - arrivals: The others, counted as far as one more than ``arrivalLimit``.
    package mutating func count(routed: Int64, arrivals found: Int64) {
        arrivals = min(found, Self.arrivalLimit)
        areArrivalsAtLeast = found > Self.arrivalLimit
        events = routed + arrivals
    }

    /// Counts what is overdue.
    /// - Parameters:
    ///   - ready: Deliveries that wait for their first attempt.
    ///   - retries: Further attempts whose time has come, counted as far as one more than ``overdueLimit``.
    package mutating func count(ready: Int64, retries: Int64) {
        overdue = ready + min(retries, Self.overdueLimit)
        isOverdueAtLeast = retries > Self.overdueLimit
    }

    /// Nothing yet.
    package init() {}
}
