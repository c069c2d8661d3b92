#if PostgreSQL
/// Values in PostgreSQL's text form, read: pure.
enum PostgresText {
    /// A whole number; 0 for anything else, such as the empty text of a NULL.
    static func integer(_ text: UnsafeRawBufferPointer) -> Int64 {
        guard let first = text.first else { return 0 }
        let isNegative = first == UInt8(ascii: "-")
        var value: Int64 = 0
        for byte in text.dropFirst(isNegative ? 1 : 0) {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return 0 }
            // Downwards, since the least number has no counterpart.
            value = value &* 10 &- Int64(byte - UInt8(ascii: "0"))
        }
        return isNegative ? value : 0 &- value
    }

    /// A `bytea`, which the server writes as `\x` and two hexadecimal digits a byte (`bytea_output = hex`).
    static func bytes(ofHex text: UnsafeRawBufferPointer) -> [UInt8] {
        guard text.count >= 2 else { return [] }
        return (0..<(text.count - 2) / 2).map { digit(text[2 + 2 * $0]) << 4 | digit(text[3 + 2 * $0]) }
    }

    /// Bytes as PostgreSQL reads a `bytea`.
    static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return "\\x" + String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8 {
        byte <= UInt8(ascii: "9") ? byte &- UInt8(ascii: "0") : (byte | 0x20) &- UInt8(ascii: "a") &+ 10
    }

    /// What `LIKE` takes for a pattern in which `*` stands for any run of characters.
    static func likePattern(_ pattern: String) -> String {
        String(
            pattern.flatMap { character -> [Character] in
                switch character {
                case "*": ["%"]
                case "%", "_", "\\": ["\\", character]
                default: [character]
                }
            }
        )
    }
}
#endif
