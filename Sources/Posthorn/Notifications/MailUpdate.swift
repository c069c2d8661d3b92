import PosthornModel
public import PosthornText
public import PosthornStore

/// What became of a mail about exhausted deliveries, for those who watch.
public struct MailUpdate: Sendable {
    /// Who gets it.
    public let recipient: String
    /// The endpoint's id.
    public let endpoint: String
    /// How many endpoints it is about: several in a digest, of which ``endpoint`` is one.
    public internal(set) var endpoints = 1
    /// How many deliveries it is about.
    public let deliveries: Int
    /// The attempt's number.
    public let attempt: Int
    /// The mail's state after it.
    public let state: MailState
    /// What the server said; `nil` when it took the mail.
    public let answer: String?
    /// When it is tried again, if it is.
    public let nextAttemptAt: Timestamp?
}
