/// What a receiver's answer to a case is worth.
public enum AuditVerdict: String, Sendable {
    case good
    /// It would be better otherwise, and does no harm.
    case acceptable
    case bad
    /// The answer is right, and what matters does not show in it.
    case unknown
    /// The format has no such case.
    case skipped
}
