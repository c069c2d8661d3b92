/// Where a value is in a JSON text, as RFC 6901 writes it: `/customer/id`.
public struct JSONPointer: Hashable, Sendable {
    /// The pointer as it was written.
    public let text: String
    private let tokens: [String]

    /// No pointer needs more.
    private static let lengthLimit = 256

    /// Reads a pointer; `nil` for what is none, and for the empty one, which means the whole text.
    public init?(_ text: String) {
        guard text.first == "/", text.utf8.count <= Self.lengthLimit else { return nil }
        var tokens: [String] = []
        for part in text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst() {
            guard let token = Self.token(part) else { return nil }
            tokens.append(token)
        }
        self.text = text
        self.tokens = tokens
    }

    /// Takes the escapes out: ~1 is a slash, ~0 a tilde, and no other tilde may stand there (RFC 6901, section 3).
    private static func token(_ part: Substring.UTF8View.SubSequence) -> String? {
        var bytes: [UInt8] = []
        var rest = part[...]
        while let byte = rest.popFirst() {
            if byte != UInt8(ascii: "~") {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "0"): bytes.append(UInt8(ascii: "~"))
            case UInt8(ascii: "1"): bytes.append(UInt8(ascii: "/"))
            default: return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The value that it points to; `nil` when there is none.
    public func value(in root: JSONValue) -> JSONValue? {
        var value = root
        for token in tokens {
            switch value {
            case .object:
                guard let member = value[token] else { return nil }
                value = member
            case .array(let elements):
                guard let index = Self.index(token), index < elements.count else { return nil }
                value = elements[index]
            case .null, .bool, .number, .string: return nil
            }
        }
        return value
    }

    /// Digits without a leading zero (RFC 6901, section 4).
    private static func index(_ token: String) -> Int? {
        guard token.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), token == "0" || token.first != "0" else {
            return nil
        }
        return Int(token)
    }
}
