/// The states of a mail. These words stand in the outbox and in lists.
public enum MailState: String, CaseIterable, Sendable {
    /// Collects, or waits for its next attempt.
    case waiting
    /// The server has taken it.
    case sent
    /// The server refused it for good, or it was tried for too long.
    case refused
}
