/// Files that look right in an editor and are of another kind than wanted.
public enum ForeignText {
    /// What bytes begin with that is no part of their text: a byte order mark of UTF-8 or UTF-16; `nil` when nothing is.
    public static func byteOrderMark(of bytes: [UInt8]) -> String? {
        // Every event is looked at.
        guard let first = bytes.first, first >= 0xEF else { return nil }
        let start = bytes.prefix(3)
        if start.elementsEqual([0xEF, 0xBB, 0xBF]) { return "begins with a byte order mark (BOM); save it as UTF-8 without one" }
        if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) { return "is UTF-16; save it as UTF-8" }
        return nil
    }

    /// What a file that should hold one secret is instead: a text with a byte order mark, or JSON; `nil` when it is neither.
    public static func kind(of bytes: [UInt8]) -> String? {
        if let mark = byteOrderMark(of: bytes) { return mark }
        let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        switch first {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""):
            return (try? JSONScanner.validate(bytes)) == nil ? nil : "is JSON"
        default: return nil
        }
    }
}
