public import PosthornText

/// What keeps a store small and safe: its own upkeep, and the deletion of what is settled. Part of ``OutboxStore``, under the same rules.
public protocol StoreMaintenance: AnyObject {
    /// Puts what was committed where it is safe, as far as that can still be done, once the store's place was found in disorder.
    func saveCommitted()
    /// Work that should be done now and then while nothing is waiting, such as a checkpoint.
    func maintain() throws(OutboxProblem)
    /// Bytes that are kept only because somebody still reads an older state of the outbox; 0 for a store without such a thing.
    var pinnedBytes: Int { get }
    /// Deletes a batch of settled events with their deliveries and attempts.
    ///
    /// - Parameters:
    ///   - cutoff: Only events whose deliveries all ended before.
    ///   - after: The delivery to start behind.
    ///   - limit: Deliveries to look at.
    /// - Returns: What was deleted, and where to go on; `nil` at the end.
    func prune(
        settledBefore cutoff: Timestamp,
        after: Int64,
        limit: Int
    ) throws(OutboxProblem) -> (report: PruneReport, last: Int64?)
    /// Deletes events that have no deliveries.
    /// - Returns: How many there were.
    func deleteEvents(_ seqs: [Int64]) throws(OutboxProblem) -> Int
    /// Deletes removed endpoints of which no delivery is left, with their revisions; not those that have come back meanwhile.
    /// - Returns: How many were deleted.
    func deleteEndpoints(_ endpoints: [RemovedEndpoint]) throws(OutboxProblem) -> Int
}
