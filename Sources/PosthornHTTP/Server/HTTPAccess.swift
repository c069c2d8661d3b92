/// A request that has been answered, or has come to nothing: a line of an access log.
public struct HTTPAccess: Sendable {
    /// What became of it.
    public enum Outcome: String, Sendable {
        /// The answer was handed to the system whole.
        case answered
        /// The server itself refused the request.
        case refused
        /// The client went before the answer was out.
        case gone
        /// A limit of time was over.
        case late
        /// It was cut off: a handler hung up, or the server stopped.
        case cut
    }

    /// The request's number, also in the answer's `X-Request-Id`.
    public let id: HTTPRequestID
    /// Its head; `nil` when none could be read.
    public let head: HTTPRequestHead?
    /// What the decision over it noted; `nil` when there was none.
    public let note: (any Sendable)?
    /// The client's address in numbers.
    public let remoteAddress: String
    /// The status of the answer; `nil` when there was none.
    public let status: Int?
    /// What became of it.
    public let outcome: Outcome
    /// Bytes of the request's body, without chunking.
    public let bodyBytes: Int
    /// Bytes of the answer, its head included.
    public let answerBytes: Int
    /// From the head's last byte to the end of the answer.
    public let durationNanoseconds: Int64
}
