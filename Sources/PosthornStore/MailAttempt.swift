public import PosthornText

/// The result of sending a mail.
public struct MailAttempt: Sendable, Hashable {
    /// The mail.
    public let mail: Int64
    /// Its state from now on.
    public let state: MailState
    /// When the next attempt is due; `nil` unless it waits.
    public let nextAttemptAt: Timestamp?
    /// What the server said; `nil` when it took the mail.
    public let answer: String?

    /// Creates a result.
    public init(mail: Int64, state: MailState, nextAttemptAt: Timestamp?, answer: String?) {
        self.mail = mail
        self.state = state
        self.nextAttemptAt = nextAttemptAt
        self.answer = answer
    }
}
