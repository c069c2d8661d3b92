/// What is looked at to decide whose data may be dropped. Part of ``OutboxReader``, under the same rules; ``Retention`` decides.
public protocol PayloadSource: AnyObject {
    /// A page of the events that have their data and a greater number than `seq`, in the order of their numbers.
    /// - Parameter limit: Deliveries that are read, from where on a page ends with its event.
    func historiesWithData(beyond seq: Int64, limit: Int) throws(OutboxProblem) -> [EventHistory]
    /// The data of an event; `nil` when there is no such event, or it was dropped.
    func data(ofEvent seq: Int64) throws(OutboxProblem) -> [UInt8]?
}
