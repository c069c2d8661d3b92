/// `method SP request-target SP HTTP-version` (RFC 9112, section 3), one blank between the parts and none around them.
struct RequestLine {
    /// Where the method is in the line.
    let method: Range<Int>
    /// Where the target is.
    let target: Range<Int>
    /// HTTP/1.x.
    let minorVersion: Int
    /// Where the target names its own host (absolute form).
    let authority: Range<Int>?

    /// Reads a line without its end.
    init(_ line: Span<UInt8>) throws(HTTPRefusal) {
        guard let first = line.firstIndex(of: .space), first > 0, line.extracting(0..<first).allSatisfy(\.isToken) else {
            throw .malformed("the request line does not begin with a method and one blank")
        }
        let rest = line.extracting((first + 1)..<line.count)
        guard let length = rest.firstIndex(of: .space) else { throw .malformed("the request line has no HTTP version") }
        minorVersion = try Self.version(rest.extracting((length + 1)..<rest.count))
        method = 0..<first
        target = (first + 1)..<(first + 1 + length)
        let form = try RequestTarget.form(of: line.extracting(target))
        let name = line.extracting(method)
        switch form {
        case .origin: authority = nil
        case .absolute(let range): authority = (range.lowerBound + target.lowerBound)..<(range.upperBound + target.lowerBound)
        case .asterisk:
            guard name.equals(upper: "OPTIONS") else { throw .malformed("the target * is only for OPTIONS") }
            authority = nil
        case .authority:
            guard name.equals(upper: "CONNECT") else {
                throw .malformed("the target must be a path that begins with /, or a whole http URL")
            }
            authority = nil
        }
        // Neither a tunnel nor an echo of the request, credentials included, is anything that a web server should offer.
        if name.equals(upper: "CONNECT") || name.equals(upper: "TRACE") { throw HTTPRefusal(501, "this method is not served") }
    }

    /// A later minor version is read as 1.1 (RFC 9110, section 6.2); another major one is another protocol.
    private static func version(_ text: Span<UInt8>) throws(HTTPRefusal) -> Int {
        let prefix: StaticString = "http/"
        let length = prefix.utf8CodeUnitCount
        guard text.count == length + 3, text.extracting(0..<length).equals(upper: "HTTP/"), text[length].isDigit,
            text[length + 1] == UInt8(ascii: "."), text[length + 2].isDigit
        else { throw .malformed("the request line does not end with an HTTP version") }
        guard text[length] == UInt8(ascii: "1") else { throw HTTPRefusal(505, "only HTTP/1.1 and HTTP/1.0 are served") }
        return min(1, Int(text[length + 2] - 0x30))
    }
}

extension Span<UInt8> {
    /// Whether these are exactly the bytes of `text`: methods and the version's name know no other case.
    func equals(upper text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { text in
            for i in 0..<text.count where self[i] != text[i] { return false }
            return true
        }
    }
}
