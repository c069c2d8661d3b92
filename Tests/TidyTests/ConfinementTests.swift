import Testing

/// What Swift does not check, since one thread alone touches it, says so where it is.
@Suite struct ConfinementTests {
    /// Attributes that take a check away, with the word that their reason has to name.
    static let attributes = [("@exclusivity(unchecked)", "unchecked"), ("unowned(unsafe)", "unsafe")]

    /// Files that have more than one property that is not checked; one struct that holds them all is enough, where nothing asks about one
    /// while another changes.
    static let several = [
        // Throttles and limits ask about the rest of the state while they change.
        "Sources/Posthorn/Dispatch/EngineCore.swift": 3,
        // Sockets are taken off while the agenda of the shards changes.
        "Sources/PosthornSending/Transfer/TransferContext.swift": 2,
        // A count for the benchmark, beside the statements.
        "Sources/PosthornSQLite/SQLiteConnection.swift": 2,
        // What makes requests, paces and counts them is three objects of their own subjects.
        "Sources/PosthornLab/Load/LoadWorker.swift": 5,
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
        #expect(found.map(\.path).isEmpty, "say in a comment why nothing else can touch it meanwhile")
    }

    @Test func uncheckedPropertiesOfAClassAreOneStruct() {
        for file in SourceTree.files(under: "Sources", suffix: ".swift") {
            let count = file.lines.count { Self.isCode($0) && $0.contains("@exclusivity(unchecked)") }
            #expect(count == Self.several[file.path] ?? min(count, 1), "\(file.path) has \(count); put them into one struct")
        }
    }

    @Test func aReasonIsAComment() {
        #expect(Self.lacksReason("@exclusivity(unchecked) var a = 0", "@exclusivity(unchecked)", "unchecked"))
        #expect(!Self.lacksReason("// Unchecked: one thread.\n@exclusivity(unchecked) var a = 0", "@exclusivity(unchecked)", "unchecked"))
        #expect(!Self.lacksReason("// @exclusivity(unchecked)", "@exclusivity(unchecked)", "unchecked"))
    }
}
