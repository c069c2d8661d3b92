public import PosthornModel
public import PosthornText

/// Which deliveries a list shows. Empty fields ask for everything.
public struct DeliveryFilter: Sendable {
    /// Only deliveries in this state.
    public var state: DeliveryState?
    /// Only those of the endpoint with this id.
    public var endpoint: String?
    /// Only those of events at the node with this id and below.
    public var node: String?
    /// The ids of that node and all below it, once they are looked up.
    package var nodes: [String]?
    /// Only those of events of this type.
    public var type: EventPattern?
    /// Only those of the event with this id.
    public var event: String?
    /// Only those whose newest attempt failed with one of these; all when empty.
    public var errors: Set<AttemptError> = []
    /// Only those whose newest answer had a status of one of these hundreds, such as 5; all when empty.
    public var statusClasses: Set<Int> = []
    /// Only those with so many attempts or more.
    public var attemptsAtLeast = 0
    /// Only those of events that happened then or later.
    public var since: Timestamp?
    /// Only those of events that happened before then.
    public var until: Timestamp?
    /// Only those with a smaller number: where a list that began with the newest goes on.
    public var before: Int64?
    /// Only the newest so many.
    public var limit: Int?
    /// Only those that wait, pending or held, for another URL, method or envelope than their endpoint has now.
    public var waitsElsewhere = false
    /// Only those of events whose data was dropped.
    package var lacksData = false
    /// Whether a list begins with the newest; it ends with it otherwise.
    public var newestFirst = false

    /// A filter that asks for everything.
    public init() {}

    /// The nodes of which events are asked for; `nil` for all.
    package var wantedNodes: [String]? { nodes ?? node.map { [$0] } }

    /// A filter that asks for everything, the newest first.
    public static var newest: DeliveryFilter {
        var filter = DeliveryFilter()
        filter.newestFirst = true
        return filter
    }
}
