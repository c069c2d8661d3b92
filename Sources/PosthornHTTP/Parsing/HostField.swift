/// `uri-host [ ":" port ]` (RFC 9110, section 7.2), in the letters that names of hosts are made of.
enum HostField {
    /// Whether a value names a host; an empty one is for targets that have none.
    static func isValid(_ value: Span<UInt8>) -> Bool {
        let end = hostEnd(value)
        guard let end else { return false }
        if end == value.count { return true }
        return value[end] == .colon && isPort(value.extracting((end + 1)..<value.count))
    }

    /// Where the host ends; `nil` when it is none.
    private static func hostEnd(_ value: Span<UInt8>) -> Int? {
        if value.count > 0, value[0] == UInt8(ascii: "[") {
            guard let close = value.firstIndex(of: UInt8(ascii: "]")), close > 2 else { return nil }
            let isAddress = value.extracting(1..<close).allSatisfy { $0.hexValue != nil || $0 == .colon || $0 == UInt8(ascii: ".") }
            return isAddress ? close + 1 : nil
        }
        var i = 0
        while i < value.count, value[i] != .colon {
            guard isName(value[i]) else { return nil }
            i += 1
        }
        // A port needs a host before it.
        return i == 0 && value.count > 0 ? nil : i
    }

    /// Commas, which RFC 3986 lets a name have, are what two merged fields look like.
    private static func isName(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "~")
    }

    private static func isPort(_ text: Span<UInt8>) -> Bool {
        guard text.count <= 5, text.allSatisfy(\.isDigit) else { return false }
        var number = 0
        for i in 0..<text.count { number = number * 10 + Int(text[i] - 0x30) }
        return number <= 65_535
    }
}
