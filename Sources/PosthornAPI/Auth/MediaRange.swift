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
        let parts = text.split(separator: ";").map { Self.trimmed($0).lowercased() }
        guard let type = parts.first, type.split(separator: "/", omittingEmptySubsequences: false).count == 2, !type.contains(" ") else {
            return nil
        }
        var charset: String?
        var isExcluded = false
        for parameter in parts.dropFirst() {
            let halves = parameter.split(separator: "=", maxSplits: 1).map { Self.trimmed($0) }
            guard halves.count == 2 else { continue }
            if halves[0] == "charset" { charset = halves[1].replacing("\"", with: "") }
            if halves[0] == "q" { isExcluded = halves[1].allSatisfy { $0 == "0" || $0 == "." } }
        }
        self.type = type
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

    private static func trimmed(_ text: some StringProtocol) -> String {
        String(String(text.drop { $0 == " " || $0 == "\t" }).reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
