import PosthornText

/// Gathers a request's head line by line. The bytes of all lines are in one buffer, which becomes the headers' own.
struct HeadReader: Sendable {
    /// The lines so far without their ends, and what has come of the next one.
    var bytes: [UInt8] = []
    private var lineStart = 0
    private var requestLine: RequestLine?
    private var fields: [HTTPHeaders.Field] = []
    private var framing = MessageFraming()

    /// Whether nothing of it has come.
    var isEmpty: Bool { bytes.isEmpty }

    /// The first line is whole.
    mutating func takeRequestLine() throws(HTTPRefusal) {
        requestLine = try RequestLine(bytes.span)
        lineStart = bytes.count
        fields.reserveCapacity(8)
    }

    /// Another line is whole. Returns whether it was a field, and not the empty line that ends the head.
    mutating func takeField(limit: Int) throws(HTTPRefusal) -> Bool {
        if lineStart == bytes.count { return false }
        guard fields.count < limit else { throw HTTPRefusal(431, "there are more than \(limit) header fields") }
        // A reference of its own, so that what is read of it does not keep the rest from being changed.
        let gathered = bytes
        let line = gathered.span.extracting(lineStart..<gathered.count)
        let field = try FieldLine(line)
        try framing.note(name: line.extracting(field.name), value: line.extracting(field.value))
        fields.append(HTTPHeaders.Field(name: field.name, value: field.value, offset: lineStart))
        lineStart = gathered.count
        return true
    }

    /// The head is whole.
    mutating func finish() throws(HTTPRefusal) -> ParsedHead {
        guard let line = requestLine else { throw .malformed("there is no request line") }
        let bodyLength = try framing.bodyLength(minorVersion: line.minorVersion)
        let headers = HTTPHeaders(bytes: bytes, fields: fields)
        if let authority = line.authority {
            guard let host = headers.first("host"), Self.isSameHost(bytes.span.extracting(host), bytes.span.extracting(authority)) else {
                throw .malformed("the target names another host than the Host field")
            }
        }
        return ParsedHead(
            method: String(decoding: bytes[line.method], as: UTF8.self),
            target: String(decoding: bytes[line.target], as: UTF8.self),
            minorVersion: line.minorVersion,
            headers: headers,
            bodyLength: bodyLength,
            expectsContinue: framing.expectsContinue && bodyLength != .known(0),
            keepsAlive: framing.keepsAlive(minorVersion: line.minorVersion)
        )
    }

    private static func isSameHost(_ one: Span<UInt8>, _ other: Span<UInt8>) -> Bool {
        guard one.count == other.count else { return false }
        for i in 0..<one.count where one[i].lowercasedASCII != other[i].lowercasedASCII { return false }
        return true
    }
}
