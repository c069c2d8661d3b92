import Testing

/// The documents say what the source says.
@Suite struct DocumentTests {
    static let catalogue = "Sources/Posthorn/Posthorn.docc"

    @Test func everySubcommandIsNamedInTheREADME() {
        let readme = SourceTree.file("README.md")?.text ?? ""
        let commands = SourceTree.files(under: "Sources/PosthornCLI").flatMap { file in
            file.text.matches(of: /CommandSpecification\(\s*name: "([a-z ]+)"/).map { String($0.1) }
        }
        #expect(commands.count >= 12)
        for command in commands {
            #expect(readme.contains("`posthorn \(command)`"), "README.md does not name `posthorn \(command)`")
        }
    }

    @Test func everyAttemptErrorHasASentenceThatTheDocumentsRepeat() {
        let source = SourceTree.file("Sources/PosthornModel/Deliveries/Attempt.swift")?.text ?? ""
        let document = SourceTree.file("\(Self.catalogue)/Deliveries.md")?.text ?? ""
        let declared = source.matches(of: /\n    case ([a-zA-Z]+)(?: = "([a-z_]+)")?\n/)
        let sentences = Dictionary(
            source.matches(of: /case \.([a-zA-Z]+): return "([^"]+)"/).map { (String($0.1), String($0.2)) },
            uniquingKeysWith: { first, _ in first }
        )
        #expect(declared.count >= 12)
        for entry in declared {
            let name = String(entry.1)
            let word = entry.2.map { String($0) } ?? name
            let sentence = sentences[name]
            #expect(sentence != nil, "AttemptError.\(name) has no sentence")
            #expect(document.contains("| `\(word)` | \(sentence ?? "") |"), "Deliveries.md lacks \(word) with its sentence")
        }
    }

    @Test func theStatesOfADeliveryAreDrawnTheSameEverywhere() {
        let diagrams = [
            "Sources/PosthornModel/Deliveries/Delivery.swift", "Migrations/SQLite/001_outbox.sql", "\(Self.catalogue)/Deliveries.md",
        ].map { path in
            (SourceTree.file(path)?.lines ?? []).map(Self.withoutComment).filter { Self.isOfDiagram($0) }
        }
        #expect(diagrams[0].count == 7)
        #expect(Set(diagrams).count == 1)
    }

    private static func withoutComment(_ line: Substring) -> String {
        line.drop { " /-".contains($0) }.split(separator: " ").joined(separator: " ")
    }

    private static func isOfDiagram(_ line: String) -> Bool {
        line.contains("▶") || line.contains("▼") || line.contains("│") || line.contains("└─┘") || line == "accepted 200"
    }

    @Test func theCodeOfTheArticlesIsThatOfTheCompiledExample() {
        let example = SourceTree.files(under: "Examples/SwiftPlatform").flatMap(\.lines).map(Self.trimmed)
        let known = Set(example)
        let article = SourceTree.file("\(Self.catalogue)/GettingStarted.md")?.lines ?? []
        var isSwift = false
        var checked = 0
        for line in article {
            if line.hasPrefix("```") {
                isSwift = line == "```swift"
                continue
            }
            guard isSwift, !Self.trimmed(line).isEmpty else { continue }
            checked += 1
            #expect(known.contains(Self.trimmed(line)), "GettingStarted.md shows a line that the example does not have: \(line)")
        }
        #expect(checked > 30)
    }

    private static func trimmed(_ line: Substring) -> String {
        String(line.drop { $0 == " " })
    }

    @Test func linksInTheREADMELeadSomewhere() {
        let readme = SourceTree.file("README.md")?.text ?? ""
        let links = readme.matches(of: /\]\(([A-Za-z][A-Za-z0-9_.\/]*)\)/).map { String($0.1) }
        #expect(links.count > 5)
        for link in links {
            #expect(SourceTree.isFolder(link) || SourceTree.file(link) != nil, "README.md links to \(link), which is not there")
        }
    }
}
