public import PosthornText

/// The mails that wait, and what they are about, read beside the writer. Part of ``OutboxReader``, under the same rules.
public protocol MailReader: AnyObject {
    /// The mail that is due first, at the latest at `now`.
    func dueMail(at now: Timestamp) throws(OutboxProblem) -> QueuedMail?
    /// The first waiting mail with a greater number, due or not.
    func waitingMail(after key: Int64) throws(OutboxProblem) -> QueuedMail?
    /// When the first waiting mail is due.
    func nextMail() throws(OutboxProblem) -> Timestamp?
    /// The deliveries that a mail reports.
    /// - Parameter limit: How many deliveries are read with their attempts; the others are counted.
    func mailContents(_ key: Int64, limit: Int) throws(OutboxProblem) -> MailContents?
}
