public import PosthornModel

/// Lists of events, read beside the writer. Part of ``OutboxReader``, under the same rules.
public protocol EventLists: AnyObject {
    /// The event with an id, and whether it waits for its deliveries.
    func event(id: String) throws(OutboxProblem) -> (event: Event, waitsForFanOut: Bool)?
    /// The newest events, newest first, of 8 MiB of data at most.
    func newestEvents(limit: Int) throws(OutboxProblem) -> [Event]
    /// A page of the events of a type (of every type for `nil`) in the order in which they were stored.
    /// - Parameter last: Only events with a greater number than this.
    /// - Returns: The page, which is empty when there are no more, and the number of its last event.
    func events(ofType pattern: EventPattern?, beyond last: Int64) throws(OutboxProblem) -> (page: [Event], last: Int64)
    /// Whether there is a node of that id, or was one when an event that is still here was accepted.
    func knowsNode(_ id: String) throws(OutboxProblem) -> Bool
    /// Whether there is an event of that id.
    func knowsEvent(_ id: String) throws(OutboxProblem) -> Bool
}
