/// The forms of a request's target (RFC 9112, section 3.2), and which bytes may be in one.
enum RequestTarget {
    enum Form: Equatable {
        case origin
        /// A whole URL, with the place of its authority.
        case absolute(authority: Range<Int>)
        case asterisk
        /// Neither path nor URL: what CONNECT has.
        case authority
    }

    /// Reads a target.
    static func form(of target: Span<UInt8>) throws(HTTPRefusal) -> Form {
        guard target.count > 0 else { throw .malformed("the request line has no target, or two blanks in a row") }
        if target.count == 1, target[0] == UInt8(ascii: "*") { return .asterisk }
        if target[0] == UInt8(ascii: "/") {
            try check(target)
            return .origin
        }
        guard let start = authorityStart(target) else { return .authority }
        var end = start
        while end < target.count, target[end] != UInt8(ascii: "/"), target[end] != UInt8(ascii: "?") { end += 1 }
        guard end > start, HostField.isValid(target.extracting(start..<end)) else {
            throw .malformed("the target's host is none")
        }
        try check(target.extracting(end..<target.count))
        return .absolute(authority: start..<end)
    }

    private static func authorityStart(_ target: Span<UInt8>) -> Int? {
        for scheme in ["http://", "https://"] as [StaticString] {
            let length = scheme.utf8CodeUnitCount
            if target.count > length, target.extracting(0..<length).equals(lowercase: scheme) { return length }
        }
        return nil
    }

    /// Checks path and query. Besides RFC 3986's characters it takes those that browsers do not encode
    /// (https://url.spec.whatwg.org/#query-percent-encode-set), since none of them has two readings.
    private static func check(_ text: Span<UInt8>) throws(HTTPRefusal) {
        var isQuery = false
        var i = 0
        while i < text.count {
            let byte = text[i]
            switch byte {
            case UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "|"): break
            case UInt8(ascii: "?"): isQuery = true
            case UInt8(ascii: "%"): i = try escape(text, i, isQuery)
            case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "^"), UInt8(ascii: "`"):
                if !isQuery { throw .malformed("the target's path has a character that must be percent-encoded") }
            default:
                if !byte.isPlainInURI { throw .malformed("the target has a character that must be percent-encoded") }
            }
            i += 1
        }
    }

    /// The last place of an escape that begins at `i`.
    private static func escape(_ text: Span<UInt8>, _ i: Int, _ isQuery: Bool) throws(HTTPRefusal) -> Int {
        guard i + 2 < text.count, let high = text[i + 1].hexValue, let low = text[i + 2].hexValue else {
            throw .malformed("the target has a % without two hexadecimal digits behind it")
        }
        // A C function that is given the decoded name would see a shorter one.
        if !isQuery, high == 0, low == 0 { throw .malformed("the target's path has an encoded NUL") }
        return i + 2
    }
}
