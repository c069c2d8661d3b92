public import PosthornText

/// A contact for whom mails wait.
public struct WaitingRecipient: Sendable, Hashable {
    /// The address.
    public let recipient: String
    /// When the first of the mails is due.
    public let due: Timestamp

    /// Creates a contact.
    public init(recipient: String, due: Timestamp) {
        self.recipient = recipient
        self.due = due
    }
}
