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
        let page = SourceTree.file("\(Self.catalogue)/Commands.md")?.text ?? ""
        for command in commands {
            #expect(readme.contains("`posthorn \(command)`"), "README.md does not name `posthorn \(command)`")
            #expect(page.contains("\n## posthorn \(command)\n"), "Commands.md has no part about posthorn \(command)")
        }
    }

    @Test func everyAttemptErrorHasASentenceThatTheDocumentsRepeat() {
        let source = SourceTree.file("Sources/PosthornModel/Deliveries/AttemptError.swift")?.text ?? ""
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
            "Sources/PosthornModel/Deliveries/DeliveryState.swift", "Migrations/SQLite/001_outbox.sql", "\(Self.catalogue)/Deliveries.md",
            "\(Self.catalogue)/Architecture.md",
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

    /// Each document that shows Swift, with how many lines of it at least.
    @Test(
        arguments: [
            ("\(catalogue)/GettingStarted.md", 27), ("README.md", 5), ("\(catalogue)/ServerPackages.md", 50),
        ]
    )
    func theSwiftOfTheDocumentsIsThatOfTheCompiledExample(_ path: String, _ least: Int) {
        let example = ["Examples/SwiftPlatform", "Examples/shop/Sources"].flatMap { SourceTree.files(under: $0) }
            .flatMap(\.lines).map(Self.trimmed)
        let known = Set(example)
        var isSwift = false
        var checked = 0
        for line in SourceTree.file(path)?.lines ?? [] {
            if line.hasPrefix("```") {
                isSwift = line == "```swift"
                continue
            }
            guard isSwift, !Self.trimmed(line).isEmpty else { continue }
            checked += 1
            #expect(known.contains(Self.trimmed(line)), "\(path) shows a line that the example does not have: \(line)")
        }
        #expect(checked >= least)
    }

    private static func trimmed(_ line: Substring) -> String {
        String(line.drop { $0 == " " })
    }

    /// The articles of the catalogue, without their ending.
    private static let articles = SourceTree.names(in: catalogue).filter { $0.hasSuffix(".md") }.map { String($0.dropLast(3)) }

    @Test func theREADMEIsShortAndItsIndexNamesEveryArticle() {
        let readme = SourceTree.file("README.md")
        #expect((readme?.lineCount ?? 0) > 50)
        #expect((readme?.lineCount ?? 0) <= 180)
        let overview = SourceTree.file("\(Self.catalogue)/Posthorn.md")?.text ?? ""
        for article in Self.articles where article != "Posthorn" {
            #expect(readme?.text.contains("](\(Self.catalogue)/\(article).md)") == true, "README.md has no link to \(article)")
            #expect(overview.contains("- <doc:\(article)>"), "Posthorn.md does not list \(article)")
        }
    }

    /// Where a link or picture leads from `path`: a file or folder of the checkout.
    private static func target(of link: String, in path: String) -> String {
        var parts = path.split(separator: "/").dropLast()
        for part in link.split(separator: "/") where part != "." {
            if part == ".." { parts = parts.dropLast() } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }

    @Test func linksAndPicturesLeadSomewhere() {
        let articles = Self.articles.map { "\(Self.catalogue)/\($0).md" }
        let documents = ["README.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md"] + articles
        var checked = 0
        for path in documents {
            let text = SourceTree.file(path)?.text ?? ""
            let links = text.matches(of: /\]\(([A-Za-z.][A-Za-z0-9_.\/-]*)\)/).map { String($0.1) }
            for link in links {
                checked += 1
                let target = Self.target(of: link, in: path)
                // DocC finds pictures by their names alone.
                let resource = "\(Self.catalogue)/Resources/\(link)"
                let isThere = [target, resource].contains(where: SourceTree.exists)
                #expect(isThere, "\(path) links to \(link), which is not there")
            }
            for reference in text.matches(of: /<doc:([A-Za-z]+)>/) {
                checked += 1
                #expect(Self.articles.contains(String(reference.1)), "\(path) refers to the article \(reference.1), which is not there")
            }
        }
        #expect(checked > 40)
    }
}
