import PosthornText
import PosthornModel

/// Makes text from outside safe and measurable for one line of a terminal.
enum TerminalText {
    /// The text with control characters, line ends and characters that turn the direction of writing escaped.
    static func text(_ text: String) -> String {
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0A: out += "\\n"
            case 0x0D: out += "\\r"
            case 0x09: out += "\\t"
            case _ where OneLine.isHidden(scalar): out += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// How many columns a terminal gives the text: wide East Asian characters and emoji take two, combining marks none.
    static func width(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.unicodeScalars.reduce(0) { $0 + width($1) }
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x20000...0x3FFFD:
            return 2
        default: return scalar.properties.isEmojiPresentation ? 2 : 1
        }
    }

    /// The text cut to a width, with `…` where something is missing.
    static func cut(_ text: String, to limit: Int) -> String {
        if width(text) <= limit { return text }
        var out = ""
        var used = 0
        for character in text {
            let wide = width(String(character))
            if used + wide > limit - 1 { break }
            out.append(character)
            used += wide
        }
        return out + "…"
    }
}
