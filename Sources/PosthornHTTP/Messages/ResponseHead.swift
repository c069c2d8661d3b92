/// Writes the head of an answer (RFC 9112, section 4).
enum ResponseHead {
    /// How the client learns where the body ends.
    enum BodyEnd: Equatable {
        case length(Int)
        case chunked
        /// With the connection: what HTTP/1.0 has for bodies of unknown length.
        case close
        /// There is none, whatever a length would say (204, 304).
        case none
    }

    /// What the server adds to an answer's own fields.
    struct Additions {
        var bodyEnd: BodyEnd
        /// Whether the answer says that the connection ends with it.
        var closes: Bool
        /// Whether it says that it does not, which HTTP/1.0 clients need.
        var keepsAliveExplicitly = false
        /// `Date`, as it is sent.
        var date: [UInt8]
        /// For `X-Request-Id`; `nil` to send none.
        var requestID: HTTPRequestID?
    }

    /// Appends the head, with its empty line.
    static func write(status: Int, _ headers: HTTPHeaders, _ additions: Additions, into out: inout [UInt8]) {
        let status = (200...999).contains(status) ? status : 500
        out.append(text: "HTTP/1.1 ")
        out.append(decimal: status)
        out.append(.space)
        out.append(text: reason(status))
        out.append(text: "\r\nDate: ")
        out.append(contentsOf: additions.date)
        switch additions.bodyEnd {
        case .length(let length):
            out.append(text: "\r\nContent-Length: ")
            out.append(decimal: length)
        case .chunked: out.append(text: "\r\nTransfer-Encoding: chunked")
        case .close, .none: break
        }
        if additions.closes { out.append(text: "\r\nConnection: close") }
        if additions.keepsAliveExplicitly { out.append(text: "\r\nConnection: keep-alive") }
        if let id = additions.requestID {
            out.append(text: "\r\nX-Request-Id: ")
            out.append(contentsOf: id.description.utf8)
        }
        out.append(text: "\r\n")
        headers.eachField { name, value in
            guard isSendable(name, value) else { return }
            name.withUnsafeBufferPointer { out.append(contentsOf: $0) }
            out.append(text: ": ")
            value.withUnsafeBufferPointer { out.append(contentsOf: $0) }
            out.append(text: "\r\n")
        }
        out.append(text: "\r\n")
    }

    /// A field that is not the server's own and stays in its line.
    private static func isSendable(_ name: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
        guard name.count > 0, name.allSatisfy(\.isToken), value.allSatisfy(\.isText) else { return false }
        switch name.count {
        case 4: return !name.equals(lowercase: "date")
        case 10: return !name.equals(lowercase: "connection")
        case 14: return !name.equals(lowercase: "content-length")
        case 17: return !name.equals(lowercase: "transfer-encoding")
        default: return true
        }
    }

    /// The reason phrase, which clients ignore and which may be empty (RFC 9112, section 4).
    static func reason(_ status: Int) -> StaticString {
        switch status {
        case 200: return "OK"
        case 201: return "Created"
        case 202: return "Accepted"
        case 204: return "No Content"
        case 206: return "Partial Content"
        case 301: return "Moved Permanently"
        case 302: return "Found"
        case 303: return "See Other"
        case 304: return "Not Modified"
        case 307: return "Temporary Redirect"
        case 308: return "Permanent Redirect"
        case 400: return "Bad Request"
        case 401: return "Unauthorized"
        case 403: return "Forbidden"
        case 404: return "Not Found"
        case 405: return "Method Not Allowed"
        case 406: return "Not Acceptable"
        case 408: return "Request Timeout"
        case 409: return "Conflict"
        case 410: return "Gone"
        case 412: return "Precondition Failed"
        case 413: return "Content Too Large"
        case 414: return "URI Too Long"
        case 415: return "Unsupported Media Type"
        case 417: return "Expectation Failed"
        case 422: return "Unprocessable Content"
        case 428: return "Precondition Required"
        case 429: return "Too Many Requests"
        case 431: return "Request Header Fields Too Large"
        case 500: return "Internal Server Error"
        case 501: return "Not Implemented"
        case 502: return "Bad Gateway"
        case 503: return "Service Unavailable"
        case 504: return "Gateway Timeout"
        case 505: return "HTTP Version Not Supported"
        default: return ""
        }
    }
}

extension [UInt8] {
    /// Appends text known at compile time.
    mutating func append(text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }

    /// Appends a number that is not negative in decimal digits.
    mutating func append(decimal number: Int) {
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(truncatingIfNeeded: 0x30 + number / divisor % 10))
            divisor /= 10
        }
    }

    /// Appends a number that is not negative in hexadecimal digits.
    mutating func append(hexadecimal number: Int) {
        append(contentsOf: String(number, radix: 16).utf8)
    }
}
