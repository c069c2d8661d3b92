/// Why a body did not become whole.
public enum HTTPBodyFailure: Error, Equatable, Sendable {
    /// The client has gone, or was cut because it was too slow.
    case gone
    /// The server has refused it, and answers that: too long, or not what HTTP says a body is.
    case refused(HTTPRefusal)
    /// The request was answered before it was whole.
    case answered
}
