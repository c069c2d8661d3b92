public import Posthorn

/// A mail about exhausted deliveries that went out in a test.
public struct SentMail: Sendable, Hashable {
    /// Who gets it.
    public let to: MailAddress
    /// Its subject.
    public let subject: String
    /// Its plain text.
    public let text: String
    /// Its date, by the test's clock.
    public let time: Timestamp
}

/// What the mail server answers in a test.
public enum MailAnswer: Sendable, Hashable {
    /// It has the mail.
    case taken
    /// Not now, with its reply; the mail is tried again.
    case notNow(String)
    /// Never, with its reply.
    case refused(String)
}
