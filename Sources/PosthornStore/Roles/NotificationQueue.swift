public import PosthornText

/// What a store keeps for the mails about exhausted deliveries. Part of ``OutboxStore``, under the same rules.
///
/// A notification is queued in the commit that exhausts its delivery, so a crash leaves both or neither. Notifications of
/// one endpoint for one recipient share a mail for as long as it waits for its first attempt.
public protocol NotificationQueue: AnyObject {
    /// Takes a waiting mail for sending: from now on nothing is added to it. A later call changes nothing.
    /// - Returns: The mail as it is now; `nil` when it does not wait any more.
    func closeMail(_ key: Int64, at now: Timestamp) throws(OutboxProblem) -> QueuedMail?
    /// Stores the result of sending a mail.
    func recordMail(_ attempt: MailAttempt) throws(OutboxProblem)
    /// The mails that were refused, newest first.
    func refusedMails(limit: Int) throws(OutboxProblem) -> [QueuedMail]
    /// Lets a refused mail be tried again from the start of its schedule, with its contents unchanged, and counts the
    /// queue's generation up.
    /// - Parameter recipient: Who gets it now.
    /// - Returns: Whether it was refused until then.
    func retryMail(_ key: Int64, to recipient: String, at now: Timestamp) throws(OutboxProblem) -> Bool
}
