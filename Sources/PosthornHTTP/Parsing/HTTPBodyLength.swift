/// How long a request's body is.
public enum HTTPBodyLength: Equatable, Sendable {
    /// This many bytes; 0 when there is no body.
    case known(Int)
    /// As long as its chunks are.
    case chunked
}
