/// What became of a mail.
public enum MailResult: Sendable, Hashable {
    /// The server has taken it.
    case sent
    /// Not now: no connection, no answer, or a reply of 4xx. Worth another try later.
    case temporary(String)
    /// Never: a reply of 5xx to this mail.
    case permanent(String)
    /// No mail at all can be handed in with these settings: the login is refused, or there is no STARTTLS where it is
    /// demanded. Worth another try once an operator has mended that.
    case unusable(String)
}
