public import PosthornModel
public import PosthornText

/// The deliveries that are due, and what became of each attempt. Part of ``OutboxStore``, under the same rules.
///
/// A scan visits all deliveries of the shards that this store has leased; it may leave out others, which the engine passes over. `limit` is
/// how many it looks at, those that it leaves out too, and the last one of them is visited: the next scan goes on after that one.
public protocol DeliveryQueue: AnyObject {
    /// Visits first attempts that are due, in the order of acceptance, from after `id`; `visit` says whether to go on.
    func scanReady(
        after id: Int64,
        limit: Int,
        _ visit: (ReadyRow) throws(OutboxProblem) -> Bool
    ) throws(OutboxProblem) -> ScanEnd
    /// Visits further attempts that are due at `now`, by due time, from after a position.
    func scanRetries(
        after position: RetryPosition,
        dueBy now: Timestamp,
        limit: Int,
        _ visit: (RetryRow) throws(OutboxProblem) -> Bool
    ) throws(OutboxProblem) -> ScanEnd
    /// When the first further attempt after `now` is due.
    func nextRetry(after now: Timestamp) throws(OutboxProblem) -> Timestamp?
    /// Whether any delivery is pending, or any event waits for its fan-out.
    func hasUnsettled() throws(OutboxProblem) -> Bool
    /// Where deliveries are in their schedules, by their numbers; those that are not there are left out.
    func rounds(of deliveries: [Int64]) throws(OutboxProblem) -> [Int64: DeliveryRound]
    /// Stores attempts, their deliveries' states and next times.
    ///
    /// A delivery that was cancelled while its request was on the wire stays cancelled, and one that was pruned too gets no
    /// attempt: its result has no place any more.
    /// - Throws: ``OutboxProblem`` of code `fenced` when another engine has the shard of one of them by now; nothing is kept then.
    @discardableResult
    func record(_ attempts: [AttemptRecord]) throws(OutboxProblem) -> RecordConflicts
    /// Brings due times that lie ahead nearer, of deliveries to the endpoints of some shards and, with ``ShardSet/mailShard`` among them, of
    /// mails, when an engine starts with a schedule that runs faster than written.
    func compressDueTimes(of shards: ShardSet, speed: Double, at now: Timestamp) throws(OutboxProblem)
    /// Brings further attempts nearer that were put off by a clock that was ahead, as ``Redating`` decides, and mails. Looks at those that are
    /// due last.
    /// - Parameter limit: How many it looks at.
    /// - Returns: How many it has brought nearer; with 0 there are no more at the end.
    func redate(at now: Timestamp, limit: Int) throws(OutboxProblem) -> Int
}
