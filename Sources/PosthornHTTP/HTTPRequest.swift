/// A request that has arrived whole.
public struct HTTPRequest: Sendable {
    /// One `name=value` of the query, decoded.
    public struct QueryItem: Hashable, Sendable {
        /// What stands before the `=`.
        public let name: String
        /// What stands behind it; empty without a `=`.
        public let value: String

        /// A decoded pair.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The method as it was sent, such as `POST`.
    public let method: String
    /// The request target as it was sent: path and query, still encoded.
    public let target: String
    /// The header fields.
    public let headers: HTTPHeaders
    /// The body, with any chunking taken off.
    public let body: [UInt8]
    /// The caller's address in numbers, without the port.
    public let remoteAddress: String

    /// A request made of its parts, for tests of handlers.
    public init(
        method: String = "GET",
        target: String = "/",
        headers: HTTPHeaders = HTTPHeaders(),
        body: [UInt8] = [],
        remoteAddress: String = "127.0.0.1"
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.remoteAddress = remoteAddress
    }

    /// The path, decoded, without the query. A target in absolute form (`http://host/path`) gives its path alone.
    public var path: String {
        var raw = target.utf8.prefix { $0 != UInt8(ascii: "?") }
        if raw.first != UInt8(ascii: "/"), let colon = raw.firstIndex(of: UInt8(ascii: ":")),
            raw[colon...].starts(with: "://".utf8)
        {
            let authority = raw[raw.index(colon, offsetBy: 3)...]
            raw = authority.drop { $0 != UInt8(ascii: "/") }
            if raw.isEmpty { return "/" }
        }
        guard raw.contains(UInt8(ascii: "%")) else { return String(decoding: raw, as: UTF8.self) }
        return PercentDecoding.decode(raw, plusIsBlank: false)
    }

    /// The query as it was sent, without `?`; `nil` when the target has none.
    public var rawQuery: String? {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        return String(target[target.utf8.index(after: mark)...])
    }

    /// The query's pairs, decoded, in their order.
    public var query: [QueryItem] { rawQuery.map(PercentDecoding.pairs) ?? [] }

    /// The value of the first pair with this name.
    public func queryValue(_ name: String) -> String? { query.first { $0.name == name }?.value }
}
