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
