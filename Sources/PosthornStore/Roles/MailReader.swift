public import PosthornText

/// The mails that wait, and what they are about, read beside the writer. Part of ``OutboxReader``, under the same rules.
public protocol MailReader: AnyObject {
    /// The contacts for whom mails wait, in no order.
    func waitingRecipients() throws(OutboxProblem) -> [WaitingRecipient]
    /// The waiting mails of a contact, the one that is due first before the others.
    /// - Parameters:
    ///   - due: Only those that are due then or earlier.
    ///   - limit: How many at most.
    func waitingMails(to recipient: String, dueBy due: Timestamp, limit: Int) throws(OutboxProblem) -> [QueuedMail]
    /// The deliveries that a mail reports.
    /// - Parameter limit: How many deliveries are read with their attempts; the others are counted.
    func mailContents(_ key: Int64, limit: Int) throws(OutboxProblem) -> MailContents?
}
