import Testing

/// What Swift does not check, since one thread alone touches it, says so where it is.
@Suite struct ConfinementTests {
    /// Attributes that take a check away, with the word that their reason has to name.
    static let attributes = [("@exclusivity(unchecked)", "unchecked"), ("unowned(unsafe)", "unsafe")]

    /// Files that have one without a reason. The list may shrink, never grow.
    static let unexplained: Set<String> = [
        "Sources/PosthornSending/Pool/Shard.swift", "Sources/PosthornSending/Transfer/Transfer.swift",
        "Sources/PosthornSending/Transfer/TransferContext.swift",
    ]

    /// Whether a text uses an attribute and no comment in it names the word.
    static func lacksReason(_ text: String, _ attribute: String, _ word: String) -> Bool {
        let lines = text.split(separator: "\n")
        guard lines.contains(where: { isCode($0) && $0.contains(attribute) }) else { return false }
        return !lines.contains { !isCode($0) && $0.lowercased().contains(word) }
    }

    private static func isCode(_ line: Substring) -> Bool { !line.drop { $0 == " " }.hasPrefix("//") }

    @Test func whateverTakesACheckAwaySaysWhy() {
        let found = SourceTree.files(under: "Sources", suffix: ".swift").filter { file in
            Self.attributes.contains { Self.lacksReason(file.text, $0.0, $0.1) }
        }
        let paths = Set(found.map(\.path))
        #expect(paths.subtracting(Self.unexplained).isEmpty, "say in a comment why nothing else can touch it meanwhile")
        #expect(Self.unexplained.subtracting(paths).isEmpty, "take these off the list; they have a reason by now")
    }

    @Test func aReasonIsAComment() {
        #expect(Self.lacksReason("@exclusivity(unchecked) var a = 0", "@exclusivity(unchecked)", "unchecked"))
        #expect(!Self.lacksReason("// Unchecked: one thread.\n@exclusivity(unchecked) var a = 0", "@exclusivity(unchecked)", "unchecked"))
        #expect(!Self.lacksReason("// @exclusivity(unchecked)", "@exclusivity(unchecked)", "unchecked"))
    }
}
