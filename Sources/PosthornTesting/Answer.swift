public import Posthorn

/// What a receiver answers in a test.
public enum Answer: Sendable, Hashable {
    /// A status with a body; only 200 counts as received.
    case status(Int, body: String = "", retryAfter: Duration? = nil)
    /// No answer: the connection failed in this way.
    case failure(AttemptError)

    /// 200.
    public static let ok = Answer.status(200)
}
