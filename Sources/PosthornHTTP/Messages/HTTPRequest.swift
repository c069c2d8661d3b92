/// A request that has arrived whole.
public struct HTTPRequest: Sendable {
    /// One `name=value` of the query, decoded.
    public struct QueryItem: Hashable, Sendable {
        /// What comes before the `=`.
        public let name: String
        /// What comes behind it; empty without a `=`.
        public let value: String

        /// A decoded pair.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Everything but the body.
    public let head: HTTPRequestHead
    /// The body, with any chunking taken off.
    public let body: [UInt8]

    /// A head with its body.
    public init(head: HTTPRequestHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }

    /// A request made of its parts, for tests of handlers.
    public init(
        method: String = "GET",
        target: String = "/",
        headers: HTTPHeaders = HTTPHeaders(),
        body: [UInt8] = [],
        remoteAddress: String = "127.0.0.1",
        isSecure: Bool = false
    ) {
        let length = HTTPBodyLength.known(body.count)
        head = HTTPRequestHead(
            method: method,
            target: HTTPTarget(target),
            headers: headers,
            bodyLength: length,
            remoteAddress: remoteAddress,
            isSecure: isSecure
        )
        self.body = body
    }

    /// The method as it was sent, such as `POST`.
    public var method: String { head.method }

    /// The request target as it was sent: path and query, still encoded.
    public var target: String { head.target.text }

    /// The header fields.
    public var headers: HTTPHeaders { head.headers }

    /// The client's address in numbers, without the port.
    public var remoteAddress: String { head.remoteAddress }

    /// The decoded path; see ``HTTPTarget/path``.
    public var path: String { head.target.path }

    /// The query as it was sent, without `?`; `nil` when the target has none.
    public var rawQuery: String? { head.target.rawQuery }

    /// The query's pairs, decoded, in their order.
    public var query: [QueryItem] { head.target.query }

    /// The value of the first pair with this name.
    public func queryValue(_ name: String) -> String? { query.first { $0.name == name }?.value }
}
