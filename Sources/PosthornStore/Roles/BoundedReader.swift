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
    /// Visits deliveries that are tried again, the one first whose next attempt comes first.
    /// - Parameter visit: Gets each row; `false` to stop behind it.
    /// - Returns: Why it ended; at the limit, the last row with the time of its next attempt in place of its event's.
    func visitRetries(
        _ rows: RetryRows,
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
