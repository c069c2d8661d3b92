public import PosthornText

/// What is looked at to decide what may be deleted. A reader reads all of it page by page; the writer's store reads again, in its
/// transaction, what is to be deleted. ``Retention`` decides.
public protocol RetentionSource: AnyObject {
    /// A page of the events with a greater number than `seq`, in the order of their numbers.
    /// - Parameter limit: Deliveries that are read, from where on a page ends with its event.
    func histories(beyond seq: Int64, limit: Int) throws(OutboxProblem) -> [EventHistory]
    /// One event; `nil` when there is none of that number.
    func history(ofEvent seq: Int64) throws(OutboxProblem) -> EventHistory?
    /// All endpoints that are removed.
    func removedEndpoints() throws(OutboxProblem) -> [RemovedEndpoint]
    /// One endpoint that is removed; `nil` when there is none of that number, or it is there again.
    func removedEndpoint(_ key: Int64) throws(OutboxProblem) -> RemovedEndpoint?
    /// Mails about an endpoint's health that were queued before a time and wait no more.
    /// - Parameter limit: How many at most.
    func oldNotices(before time: Timestamp, limit: Int) throws(OutboxProblem) -> [Int64]
}
