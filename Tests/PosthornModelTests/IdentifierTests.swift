import PosthornModel
import PosthornText
import Testing

@Suite struct IdentifierTests {
    private func problem(_ id: String) -> String? {
        do throws(InputProblem) {
            try Identifier.check(id, field: "nodes[0].id")
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        "a", "Acme Desk 7", "-x", "--x", "it's $(x);|&", "c/1", "Zürich", "東京", "नमस्ते", "a\u{301}", String(repeating: "x", count: 128),
    ])
    func aPlatformsOwnIdsAreTaken(_ id: String) { #expect(problem(id) == nil) }

    @Test(arguments: [
        ("", "1 to 128 bytes"), (String(repeating: "x", count: 129), "1 to 128 bytes"), (" a", "begins or ends with a blank"),
        ("a ", "begins or ends with a blank"), ("a\nb", "U+000A"), ("a\tb", "U+0009"), ("a\u{7F}", "U+007F"), ("a\u{9B}b", "U+009B"),
        ("a\u{A0}b", "U+00A0"), ("a\u{3000}b", "U+3000"), ("a\u{AD}b", "U+00AD"), ("a\u{200B}b", "U+200B"), ("\u{202E}ab", "U+202E"),
        ("a\u{2028}b", "U+2028"), ("a\u{FEFF}", "U+FEFF"), ("a\u{E0041}", "U+E0041"), ("a\u{0}b", "U+0000"),
    ])
    func idsThatNobodyCouldTypeAreRefusedInOneLine(_ id: String, _ words: String) {
        #expect(problem(id)?.contains(words) == true, "\(problem(id) ?? "accepted")")
        #expect(problem(id)?.contains("\n") == false)
    }

    /// Swift takes both for the same text, SQLite does not.
    @Test func aParentIsWrittenAsItsNodeIs() {
        let nodes = [Node(id: "caf\u{E9}", level: .company), Node(id: "s", level: .site, parent: "cafe\u{301}")]
        let problem = #expect(throws: InputProblem.self) { try Hierarchy(nodes) }
        #expect(problem?.field == "nodes[1].parent" && problem?.reason.contains("in one way everywhere") == true)
    }

    @Test(arguments: [("crm", "crm"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("-x", "'-x'"), ("$(x)", "'$(x)'"), ("", "''")])
    func aWordOfACommandCanBePasted(_ text: String, _ word: String) { #expect(ShellWord.quoted(text) == word) }

    @Test func identifierStartingWithADashIsAllowed() {
        #expect(ShellWord.argument("crm") == "crm" && ShellWord.argument("-x") == "-- '-x'")
        #expect(ShellWord.option("--endpoint", "-x") == "--endpoint '-x'" && ShellWord.option("--endpoint", "--x") == "--endpoint='--x'")
    }
}
