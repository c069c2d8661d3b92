public import PosthornText

/// A mail in the queue.
public struct QueuedMail: Sendable, Hashable {
    /// The outbox's number for it.
    public let key: Int64
    /// What stands before the `@` of its message id.
    public let id: String
    /// The endpoint's id.
    public let endpoint: String
    /// Who gets it.
    public let recipient: String
    /// Its state.
    public let state: MailState
    /// When it was taken for sending first; `nil` while it collects.
    public let closed: Timestamp?
    /// Attempts made so far.
    public let attempts: Int
    /// When the next attempt is due; `nil` unless it waits.
    public let nextAttemptAt: Timestamp?
    /// What the server said last.
    public let answer: String?

    /// Creates a mail.
    public init(
        key: Int64,
        id: String,
        endpoint: String,
        recipient: String,
        state: MailState,
        closed: Timestamp?,
        attempts: Int,
        nextAttemptAt: Timestamp?,
        answer: String?
    ) {
        self.key = key
        self.id = id
        self.endpoint = endpoint
        self.recipient = recipient
        self.state = state
        self.closed = closed
        self.attempts = attempts
        self.nextAttemptAt = nextAttemptAt
        self.answer = answer
    }
}
