/// The text of a key as its holder sends it: `phk_<id>_<43 characters>`.
///
/// The prefix lets secret scanners find one that was published by mistake, the id names it in logs, and the rest is 256 random bits.
public struct AccessToken: Sendable, CustomStringConvertible, CustomReflectable {
    /// The key's id.
    public let id: String
    /// The whole text. Never to be logged or stored.
    public let text: String

    /// What every key begins with.
    public static let prefix = "phk_"
    /// Characters of an id: lower-case hexadecimal digits.
    public static let idLength = 12
    /// Characters of the secret part: base64url of 32 bytes.
    public static let secretLength = 43

    /// Puts a key's text together.
    public init(id: String, secret: String) {
        self.id = id
        text = "\(Self.prefix)\(id)_\(secret)"
    }

    /// Reads a key; `nil` when the text has not the form of one.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        let start = Self.prefix.utf8.count
        guard bytes.count == start + Self.idLength + 1 + Self.secretLength, bytes.starts(with: Self.prefix.utf8),
            bytes[start..<start + Self.idLength].allSatisfy(Self.isIDDigit), bytes[start + Self.idLength] == UInt8(ascii: "_"),
            bytes[(start + Self.idLength + 1)...].allSatisfy(Self.isSecretDigit)
        else { return nil }
        id = String(decoding: bytes[start..<start + Self.idLength], as: UTF8.self)
        self.text = String(decoding: bytes, as: UTF8.self)
    }

    private static func isIDDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private static func isSecretDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            return true
        default: return false
        }
    }

    /// The id alone.
    public var description: String { "\(Self.prefix)\(id)_***" }

    /// Nothing of the secret.
    public var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}
