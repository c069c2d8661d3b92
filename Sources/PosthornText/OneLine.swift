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

    /// Whether a scalar moves the cursor, ends a line, shows nothing, or lets text look like other text. All that shows text from
    /// outside asks here.
    public static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        // Controls, the soft hyphen, and the blanks that break a line.
        case 0..<0x20, 0x7F...0x9F, 0xAD, 0x2028...0x2029: return true
        // Marks that change or isolate the direction of writing, and joiners without a shape of their own.
        case 0x061C, 0x180E, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x206F, 0xFEFF: return true
        // Fillers and joiners that take room, or none, and show nothing.
        case 0x034F, 0x115F...0x1160, 0x17B4...0x17B5, 0x3164, 0xFFA0: return true
        // Annotations, musical controls, and tags, which spell words that nobody sees.
        case 0xFFF9...0xFFFB, 0x1D173...0x1D17A, 0xE0000...0xE007F: return true
        default: return false
        }
    }
}
