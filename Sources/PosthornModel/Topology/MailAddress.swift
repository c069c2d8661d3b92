/// An e-mail address that may stand in a mail's header and in an SMTP command.
///
/// Whatever sends mails hands addresses on as they are, so a line break in one would become a header or a command of its own.
public struct MailAddress: Sendable, Hashable, CustomStringConvertible {
    /// `local@domain`.
    public let text: String

    /// What fits into the path of an SMTP command (RFC 5321, 4.5.3.1.3).
    public static let lengthLimitBytes = 254

    /// Takes plain addresses: a dot-atom (RFC 5322, 3.2.3), `@`, and a host name; ASCII throughout.
    /// - Throws: An ``InputProblem`` for everything else, line breaks, display names and quoted forms included.
    public init(_ text: String) throws(InputProblem) {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        let isGood =
            text.utf8.count <= Self.lengthLimitBytes && parts.count == 2 && (1...64).contains(parts[0].count)
            && (1...253).contains(parts[1].count)
            && parts[0].allSatisfy(Self.isAtomByte) && parts[1].allSatisfy(Self.isHostByte)
            && [parts[0], parts[1]].allSatisfy(Self.hasGoodDots)
        if !isGood {
            throw InputProblem(field: "", value: text, reason: "is not a plain e-mail address such as name@example.com")
        }
        self.text = text
    }

    /// `local@domain`.
    public var description: String { text }

    private static func hasGoodDots(_ part: Substring.UTF8View) -> Bool {
        part.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty }
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."):
            return true
        default: return false
        }
    }

    private static func isAtomByte(_ byte: UInt8) -> Bool {
        isHostByte(byte) || "!#$%&'*+/=?^_`{|}~".utf8.contains(byte)
    }
}
