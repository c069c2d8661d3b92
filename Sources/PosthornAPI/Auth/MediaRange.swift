import PosthornText

/// A media type or a range of them, as `Accept` and `Content-Type` have it (RFC 9110, sections 8.3 and 12.5.1).
struct MediaRange: Sendable, Equatable {
    /// `type/subtype` in lower case; `*` in place of what may be anything.
    let type: String
    /// The charset in lower case, if it names one.
    let charset: String?
    /// Whether it is asked not to be answered (`q=0`).
    let isExcluded: Bool

    /// Reads one; `nil` when the text is none.
    init?(_ text: some StringProtocol) {
        // Octets: every request has one or two of these, and characters cost ten times as much.
        let parts = Array(text.utf8).split(separator: UInt8(ascii: ";")).map(Self.trimmed)
        guard let type = parts.first, type.count(where: { $0 == UInt8(ascii: "/") }) == 1, !type.contains(UInt8(ascii: " ")) else {
            return nil
        }
        var charset: String?
        var isExcluded = false
        for parameter in parts.dropFirst() {
            let halves = parameter.split(separator: UInt8(ascii: "="), maxSplits: 1).map(Self.trimmed)
            guard halves.count == 2 else { continue }
            switch halves[0].lowercasedASCII {
            case "charset": charset = halves[1].filter { $0 != UInt8(ascii: "\"") }[...].lowercasedASCII
            case "q": isExcluded = halves[1].allSatisfy { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: ".") }
            default: break
            }
        }
        self.type = type.lowercasedASCII
        self.charset = charset
        self.isExcluded = isExcluded
    }

    /// Whether a type is one of the range's.
    func includes(_ type: String) -> Bool {
        if isExcluded { return false }
        if self.type == "*/*" || self.type == type { return true }
        guard self.type.hasSuffix("/*") else { return false }
        return type.hasPrefix(self.type.dropLast())
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while let byte = text.first, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { text.removeFirst() }
        while let byte = text.last, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { text.removeLast() }
        return text
    }
}
