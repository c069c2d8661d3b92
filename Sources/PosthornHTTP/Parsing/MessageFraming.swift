/// What the fields say about the message itself: where its body ends, for which host it is, what becomes of the connection.
///
/// Where a body ends must have one reading only: two readers that differ are a smuggled request (RFC 9112, section 6.3).
struct MessageFraming: Sendable {
    private var length: Int?
    private var isChunked = false
    private var hasHost = false
    /// Whether the client waits for 100 (Continue) before it sends the body.
    private(set) var expectsContinue = false
    private var hasOtherExpectation = false
    private var hasClose = false
    private var hasKeepAlive = false

    /// Takes note of a field that says something about the message.
    mutating func note(name: Span<UInt8>, value: Span<UInt8>) throws(HTTPRefusal) {
        switch name.count {
        case 4 where name.equals(lowercase: "host"): try noteHost(value)
        case 6 where name.equals(lowercase: "expect"):
            if value.equals(lowercase: "100-continue") { expectsContinue = true } else { hasOtherExpectation = true }
        case 10 where name.equals(lowercase: "connection"): noteConnection(value)
        case 14 where name.equals(lowercase: "content-length"):
            if length != nil { throw .malformed("there are two Content-Length fields") }
            length = try ContentLength.read(value)
        case 17 where name.equals(lowercase: "transfer-encoding"):
            if isChunked { throw .malformed("there are two Transfer-Encoding fields") }
            try TransferCoding.check(value)
            isChunked = true
        default: break
        }
    }

    private mutating func noteHost(_ value: Span<UInt8>) throws(HTTPRefusal) {
        if hasHost { throw .malformed("there are two Host fields") }
        guard HostField.isValid(value) else { throw .malformed("the Host field's value is no host") }
        hasHost = true
    }

    private mutating func noteConnection(_ value: Span<UInt8>) {
        ConnectionOptions.each(of: value) { option in
            if option.equals(lowercase: "close") { hasClose = true }
            if option.equals(lowercase: "keep-alive") { hasKeepAlive = true }
        }
    }

    /// How long the body is, once all fields have been noted.
    mutating func bodyLength(minorVersion: Int) throws(HTTPRefusal) -> HTTPBodyLength {
        if minorVersion >= 1, !hasHost { throw .malformed("there is no Host field") }
        if isChunked, length != nil { throw .malformed("there are Content-Length and Transfer-Encoding together") }
        if isChunked, minorVersion == 0 { throw .malformed("HTTP/1.0 has no Transfer-Encoding") }
        // HTTP/1.0 knows no expectations (RFC 9110, section 10.1.1).
        if minorVersion == 0 {
            expectsContinue = false
        } else if hasOtherExpectation {
            throw HTTPRefusal(417, "this expectation cannot be met")
        }
        return isChunked ? .chunked : .known(length ?? 0)
    }

    /// Whether the connection may serve another request afterwards (RFC 9112, section 9.3).
    func keepsAlive(minorVersion: Int) -> Bool { !hasClose && (minorVersion >= 1 || hasKeepAlive) }
}

/// `1*DIGIT` (RFC 9110, section 8.6), once, and no list of equal ones.
enum ContentLength {
    /// As many digits as fit whatever they are.
    private static let digitLimit = 18

    /// Reads a value.
    static func read(_ value: Span<UInt8>) throws(HTTPRefusal) -> Int {
        guard value.count > 0, value.allSatisfy(\.isDigit) else { throw .malformed("the Content-Length is no number") }
        guard value.count <= digitLimit else { throw .malformed("the Content-Length has more than \(digitLimit) digits") }
        var number = 0
        for i in 0..<value.count { number = number * 10 + Int(value[i] - 0x30) }
        return number
    }
}

/// The one coding that is served: `chunked` (RFC 9112, section 6.1).
enum TransferCoding {
    /// Throws for any other value: 501 where it is one that could be meant, 400 where it is none.
    static func check(_ value: Span<UInt8>) throws(HTTPRefusal) {
        if value.equals(lowercase: "chunked") { return }
        guard value.count > 0, value.allSatisfy(\.isToken) else {
            throw .malformed("the Transfer-Encoding is not a single chunked")
        }
        throw HTTPRefusal(501, "no Transfer-Encoding but chunked is served")
    }
}

/// The members of a Connection field: `#token` (RFC 9110, section 7.6.1).
enum ConnectionOptions {
    /// Calls `body` with each member, without the blanks around it.
    static func each(of value: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
        var start = 0
        while start <= value.count {
            var end = start
            while end < value.count, value[end] != UInt8(ascii: ",") { end += 1 }
            var (first, last) = (start, end)
            while first < last, value[first].isBlank { first += 1 }
            while last > first, value[last - 1].isBlank { last -= 1 }
            if first < last { body(value.extracting(first..<last)) }
            start = end + 1
        }
    }
}
