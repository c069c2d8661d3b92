/// What an extra header may be.
public enum HeaderRules {
    /// Headers that Posthorn or libcurl writes itself; a second one would change how the request is framed or read.
    public static let reserved: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "expect", "te", "trailer", "upgrade", "keep-alive",
        "proxy-authorization", "proxy-connection", "content-type", "user-agent",
    ]

    /// Names and values of an endpoint's extra headers together; no receiver takes as much.
    public static let totalLimitBytes = 65_536

    /// Throws unless name and value can stand in a request as they are (RFC 9110, sections 5.1 and 5.5).
    public static func check(name: String, value: String, field: String) throws(InputProblem) {
        guard isName(name) else {
            throw InputProblem(field: field, value: shown(name: name), reason: "is not a header name")
        }
        if reserved.contains(name.lowercased()) {
            throw InputProblem(.notAllowed, field: field, value: name, reason: "is written by Posthorn itself; leave it out")
        }
        try check(value: value, field: field)
    }

    /// Whether a text can be a header's name.
    package static func isName(_ text: String) -> Bool { (1...128).contains(text.utf8.count) && text.utf8.allSatisfy(isTokenByte) }

    /// A header's name for messages, cut where it stops being one: who writes `Authorization: Bearer …` there wrote a secret.
    public static func shown(name: String) -> String {
        let start = name.utf8.prefix(while: isTokenByte)
        return InputProblem.printable(String(decoding: start, as: UTF8.self) + (start.count == name.utf8.count ? "" : "…"))
    }

    /// Whether a byte may be in a name (RFC 9110, section 5.6.2).
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
            return true
        default: return "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// Throws unless a value can stand in a header. The value is not repeated, since it may be a secret.
    public static func check(value: String, field: String) throws(InputProblem) {
        guard value.utf8.count <= 8192, value.utf8.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) else {
            throw InputProblem(field: field, reason: "holds a control character (such as CR or LF) or more than 8192 bytes")
        }
    }
}
