public import PosthornText

/// What may be deleted, found beside the writer. Part of ``OutboxReader``, under the same rules.
public protocol RetentionReader: AnyObject {
    /// Finds events older than `cutoff` that never had a recipient.
    func orphans(createdBefore cutoff: Timestamp) throws(OutboxProblem) -> [Int64]
    /// Finds endpoints that were removed before `cutoff` and of which no delivery and no mail is left.
    func forgottenEndpoints(removedBefore cutoff: Timestamp) throws(OutboxProblem) -> [RemovedEndpoint]
}
