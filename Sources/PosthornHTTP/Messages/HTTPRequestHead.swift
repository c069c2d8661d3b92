/// A request before its body: what a decision about it is made from.
public struct HTTPRequestHead: Sendable {
    /// The method as it was sent, such as `POST`.
    public let method: String
    /// What is asked for.
    public let target: HTTPTarget
    /// The header fields.
    public let headers: HTTPHeaders
    /// How long the body is.
    public let bodyLength: HTTPBodyLength
    /// The client's address in numbers, without the port, or what a named proxy says it is; empty on a Unix socket.
    public let remoteAddress: String
    /// Whether the client talks TLS, to this server or to a named proxy.
    public let isSecure: Bool
    /// The request's number in the answer's `X-Request-Id` and in the access log.
    public let id: HTTPRequestID

    /// A head made of its parts, for tests of handlers.
    public init(
        method: String = "GET",
        target: HTTPTarget = "/",
        headers: HTTPHeaders = HTTPHeaders(),
        bodyLength: HTTPBodyLength = .known(0),
        remoteAddress: String = "127.0.0.1",
        isSecure: Bool = false,
        id: HTTPRequestID = HTTPRequestID(0)
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.bodyLength = bodyLength
        self.remoteAddress = remoteAddress
        self.isSecure = isSecure
        self.id = id
    }
}
