public import PosthornText

/// What people do to deliveries by hand. Part of ``OutboxStore``, under the same rules.
public protocol ManualActions: AnyObject {
    /// Counts the changes that were made by hand to deliveries and to mails about them, by which an engine notices them.
    func queueGeneration() throws(OutboxProblem) -> Int64
    /// Makes deliveries due now, as ``DeliveryRound/retriedByHand(state:attempts:due:wholeRound:scheduleAttempts:at:)`` decides, and
    /// counts the queue's generation up.
    ///
    /// - Parameters:
    ///   - ids: Which ones; only exhausted and pending ones can be retried, and held ones moved.
    ///   - manner: What follows a failure, and where they go.
    ///   - now: When they are due.
    func retry(_ ids: [Int64], _ manner: RetryManner, at now: Timestamp) throws(OutboxProblem) -> RetryReport
    /// Makes deliveries that were delivered due again, with a whole round of the schedule, and counts the queue's generation up.
    func resend(_ ids: [Int64], at now: Timestamp) throws(OutboxProblem) -> RetryReport
    /// Moves deliveries that were not delivered to cancelled, and counts the queue's generation up.
    func cancel(_ ids: [Int64]) throws(OutboxProblem) -> CancelReport
}
