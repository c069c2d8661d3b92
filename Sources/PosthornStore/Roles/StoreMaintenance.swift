/// What keeps a store small and safe: its own upkeep, and the deletion of what is settled. Part of ``OutboxStore``, under the same rules.
public protocol StoreMaintenance: AnyObject {
    /// Puts what was committed where it is safe, as far as that can still be done, once the store's place was found in disorder.
    func saveCommitted()
    /// Work that should be done now and then while nothing is waiting, such as a checkpoint.
    func maintain() throws(OutboxProblem)
    /// Bytes that are kept only because somebody still reads an older state of the outbox; 0 for a store without such a thing.
    var pinnedBytes: Int { get }
    /// Brings rows that a program of an earlier version has written up to date; looks at `limit` at most.
    /// - Parameter known: Up to where ``StatusReader/rowsUpToDate(beyond:limit:)`` found nothing to do.
    /// - Returns: Whether there may be more.
    func bringRowsUpToDate(beyond known: Int64, limit: Int) throws(OutboxProblem) -> Bool
    /// Adds what was not counted to the counts that ``StatusReader/status(at:)`` shows.
    func correct(counts difference: OutboxCounts) throws(OutboxProblem)
    /// Deletes an event with its deliveries, their attempts and notifications, and mails that are about nothing else.
    /// - Returns: How many attempts there were.
    func delete(_ event: EventHistory) throws(OutboxProblem) -> Int
    /// Deletes mails that are about no delivery.
    func deleteNotices(_ mails: [Int64]) throws(OutboxProblem)
    /// Deletes removed endpoints with their revisions; nothing may be left of them.
    func deleteEndpoints(_ endpoints: [RemovedEndpoint]) throws(OutboxProblem)
}
