/// Text from outside, made safe for one line of a mail, a log or a terminal.
public enum OneLine {
    /// The text with control characters, line ends and characters that turn the direction of writing escaped, cut to a
    /// number of characters with `…` where something is missing.
    public static func text(_ text: String, limit: Int) -> String {
        var out = ""
        for (count, scalar) in text.unicodeScalars.enumerated() {
            if count == limit { return out + "…" }
            if isHidden(scalar) {
                out += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// Whether a scalar moves the cursor, ends a line, or lets text look like other text.
    public static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF: return true
        default: return false
        }
    }
}
