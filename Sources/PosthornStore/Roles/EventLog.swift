public import PosthornModel
public import PosthornText

/// The accepted events of a store, and those that other programs inserted and that wait for their deliveries. Part of ``OutboxStore``, under the same rules.
public protocol EventLog: AnyObject {
    /// Stores events with their deliveries, but for those whose id is known.
    /// - Returns: The result of each, in their order.
    func accept(_ candidates: [NewEventRow], at now: Timestamp) throws(OutboxProblem) -> [InsertResult]
    /// The oldest events that another program inserted and that have no deliveries yet.
    func arrivals(limit: Int) throws(OutboxProblem) -> [UnroutedEvent]
    /// Whether there are arrivals.
    func hasArrivals() throws(OutboxProblem) -> Bool
    /// Gives arrivals their deliveries; from then on they are no arrivals.
    /// - Parameter events: The arrivals' numbers, and who gets each of them.
    func fanOut(_ events: [(seq: Int64, recipients: [Recipient])], at now: Timestamp) throws(OutboxProblem)
    /// Reads an event, and whether the library checked it when it was accepted; one that was inserted by SQL had only the
    /// table's own checks.
    func event(_ seq: Int64) throws(OutboxProblem) -> (event: Event, isChecked: Bool)?
}
