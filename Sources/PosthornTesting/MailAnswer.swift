/// What the mail server answers in a test.
public enum MailAnswer: Sendable, Hashable {
    /// It has the mail.
    case taken
    /// Not now, with its reply; the mail is tried again.
    case notNow(String)
    /// Never, with its reply.
    case refused(String)
}
