import Testing

/// Words that wear out where an engineer would say it plainly: "again", "anyone who", "is". A word may lose places, never win any.
@Suite struct WornWordTests {
    /// How often each is there still, in sources, examples and documents. Lower the number when you have mended some.
    static let ceilings: [String: Int] = [
        "anew": 0, "by its parts": 0, "nobody": 110, "somebody": 33, "stands": 53, "stood": 9, "tells": 9,
        "what came of": 0, "whoever": 33,
    ]
    /// Phrases of good English with such a word.
    static let idioms = ["stands for", "stands by", "stands still"]

    /// What people read: not the tests, and not migrations, which are never edited.
    static var prose: [SourceTree.File] {
        ["Sources", "Examples"].flatMap { SourceTree.files(under: $0) }
            + ["README.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md"].compactMap(SourceTree.file)
    }

    /// How often `phrase` is in a text, as whole words, in capitals or not.
    static func count(_ phrase: String, in text: String) -> Int {
        var rest = text.lowercased()[...]
        for idiom in idioms where idiom.hasPrefix(phrase) {
            rest = rest.replacing(idiom, with: "")[...]
        }
        var count = 0
        while let range = rest.firstRange(of: phrase) {
            let before = rest[..<range.lowerBound].last
            let after = rest[range.upperBound...].first
            if !isOfWord(before) && !isOfWord(after) { count += 1 }
            rest = rest[range.upperBound...]
        }
        return count
    }

    private static func isOfWord(_ character: Character?) -> Bool {
        guard let character else { return false }
        return character.isLetter || character.isNumber || character == "_"
    }

    @Test(arguments: ceilings.keys.sorted())
    func aWornWordWinsNoPlaces(_ word: String) {
        let found = Self.prose.map { (path: $0.path, count: Self.count(word, in: $0.text)) }.filter { $0.count > 0 }
        let total = found.reduce(0) { $0 + $1.count }
        let ceiling = Self.ceilings[word] ?? 0
        #expect(
            total <= ceiling,
            "\"\(word)\" is there \(total) times, \(ceiling) are allowed; say it plainly in one of \(found.map { "\($0.path) (\($0.count))" })"
        )
    }

    @Test func wholeWordsAreCountedAndIdiomsAreNot() {
        #expect(Self.count("anew", in: "Anew, anew; renewed, anewly") == 2)
        #expect(Self.count("stands", in: "It stands by, this stands for that, what stands there") == 1)
        #expect(Self.count("whoever", in: "/// A mail, whoever sends it.") == 1)
    }
}
