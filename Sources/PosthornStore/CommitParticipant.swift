public import PosthornText

/// Something that rides on the writer's thread: the engine. Every method is called on that thread.
public protocol CommitParticipant: AnyObject, Sendable {
    /// Whether there is something for the next transaction.
    var hasPendingWrites: Bool { get }
    /// Whether a commit a little later would serve many more: there is a stream of results, and few have come in yet.
    var prefersLargerBatch: Bool { get }
    /// How many attempts the last transaction recorded, for metrics. Asked before it is told of the commit.
    var recordedCount: Int { get }
    /// Writes it, inside the transaction.
    func write(to store: any OutboxStore) throws(OutboxProblem)
    /// What was written is durable.
    func committed()
    /// Nothing was written, or a turn could not be finished; the same is asked for again soon.
    func failed(_ problem: OutboxProblem)
    /// What was asked for since the last call has gone well: the transaction, if there was one, the turn and the store's
    /// own work.
    /// - Returns: Whether another turn is wanted at once.
    func succeeded() -> Bool
    /// Between two transactions: reads what is to do next.
    /// - Parameter foreignCommit: Whether anybody but the participant has written since the last call: another process, another
    ///   connection, or a caller of the writer.
    /// - Returns: When to be called again at the latest; `nil` when only a wake-up matters.
    func runCycle(_ store: any OutboxStore, foreignCommit: Bool) throws(OutboxProblem) -> Timestamp?
}
