/// Base64 (RFC 4648) straight into a byte buffer.
enum Base64 {
    /// Which of the two alphabets, and whether `=` fills up the last group.
    enum Alphabet {
        /// `+`, `/` and padding.
        case standard
        /// `-`, `_` and no padding, as JSON Web Tokens have it.
        case urlWithoutPadding
    }

    private static let standardDigits: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    private static let urlDigits: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    /// Appends the text of `bytes`.
    static func append(_ bytes: UnsafeBufferPointer<UInt8>, _ alphabet: Alphabet = .standard, to out: inout [UInt8]) {
        // Whole runs are appended: an append for each character costs more than encoding it.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: runByteCount / 3 * 4) { run in
            var start = 0
            while start < bytes.count {
                let end = min(start + runByteCount, bytes.count)
                let length = encode(UnsafeBufferPointer(rebasing: bytes[start..<end]), alphabet, into: run)
                out.append(contentsOf: UnsafeBufferPointer(rebasing: run[..<length]))
                start = end
            }
        }
    }

    /// Bytes that are encoded before they are appended together; whole groups of three.
    private static let runByteCount = 192

    /// Writes the text of `bytes` and returns its length.
    private static func encode(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ alphabet: Alphabet,
        into out: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        let digits = (alphabet == .standard ? standardDigits : urlDigits).utf8Start
        var length = 0
        var i = 0
        while i + 3 <= bytes.count {
            let group = UInt32(bytes[i]) << 16 | UInt32(bytes[i + 1]) << 8 | UInt32(bytes[i + 2])
            out[length] = digits[Int(group >> 18)]
            out[length + 1] = digits[Int(group >> 12 & 63)]
            out[length + 2] = digits[Int(group >> 6 & 63)]
            out[length + 3] = digits[Int(group & 63)]
            length += 4
            i += 3
        }
        if i < bytes.count {
            let left = bytes.count - i
            var group = UInt32(bytes[i]) << 16
            if left > 1 { group |= UInt32(bytes[i + 1]) << 8 }
            for place in 0..<4 where place <= left || alphabet == .standard {
                out[length] = place <= left ? digits[Int(group >> (18 - 6 * UInt32(place)) & 63)] : UInt8(ascii: "=")
                length += 1
            }
        }
        return length
    }

    /// The text of `bytes`.
    static func text(_ bytes: [UInt8], _ alphabet: Alphabet = .standard) -> String {
        var out: [UInt8] = []
        bytes.withUnsafeBufferPointer { append($0, alphabet, to: &out) }
        return String(decoding: out, as: UTF8.self)
    }

    /// The bytes that a text stands for, padding optional; `nil` when it is not base64 or has stray bits at its end.
    static func decode(_ text: some Sequence<UInt8>, _ alphabet: Alphabet = .standard) -> [UInt8]? {
        var characters = Array(text)
        if characters.count.isMultiple(of: 4) {
            for _ in 0..<2 where characters.last == UInt8(ascii: "=") { characters.removeLast() }
        }
        guard characters.count % 4 != 1 else { return nil }
        var out: [UInt8] = []
        out.reserveCapacity(characters.count * 3 / 4)
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for character in characters {
            guard let digit = value(of: character, alphabet) else { return nil }
            bits = bits << 6 | digit
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                out.append(UInt8(truncatingIfNeeded: bits >> bitCount))
                bits &= 1 << bitCount - 1
            }
        }
        return bits == 0 ? out : nil
    }

    private static func value(of character: UInt8, _ alphabet: Alphabet) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): return UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+") where alphabet == .standard, UInt8(ascii: "-") where alphabet == .urlWithoutPadding: return 62
        case UInt8(ascii: "/") where alphabet == .standard, UInt8(ascii: "_") where alphabet == .urlWithoutPadding: return 63
        default: return nil
        }
    }
}
