import Glibc
import PosthornTestSupport
import PosthornText
import Testing

/// What `import Posthorn` and `import PosthornTesting` promise, as the compiler sees it: a list that is checked in, so that a change of it is
/// seen. What is added is added to the list; what goes stays in it with a `-` in front until the next release, and needs a line in Changes.
@Suite(.limited()) struct PublicSymbolTests {
    private static let path = "Tests/TidyTests/PublicSymbols.txt"
    /// What is there with the trait PostgreSQL alone.
    private static let traitPath = "Tests/TidyTests/PublicSymbolsPostgreSQL.txt"
    /// Set to anything, the list is written instead of compared.
    private static let writingVariable = "POSTHORN_WRITE_SYMBOLS"
    private static let products = ["Posthorn", "PosthornTesting"]

    /// A public declaration.
    struct Symbol: Hashable {
        let product: String
        /// Its name with the types that it is in, such as `Outbox.emit(_:)`.
        let name: String
        let declaration: String
        let isDocumented: Bool
        /// The compiler's own name.
        let identifier: String
        /// Compilers' names of the types in its declaration.
        let types: Set<String>

        var line: String { "\(product) \(name): \(declaration)" }
    }

    @Test func publicSymbolsAreThoseThatAreCheckedIn() throws {
        let found = Set(try Self.symbols().map(\.line))
        #expect(found.count > 500)
        #if PostgreSQL
        let always = Self.list(Self.path).present
        let gone = always.subtracting(found).sorted()
        #expect(gone.isEmpty, "gone with the trait: \(gone.joined(separator: "; "))")
        try Self.compare(found.subtracting(always), with: Self.traitPath)
        #else
        try Self.compare(found, with: Self.path)
        #endif
    }

    private static func compare(_ found: Set<String>, with path: String) throws {
        let list = list(path)
        if getenv(writingVariable) != nil { try write(list.followed(by: found).text, to: path) }
        let new = found.subtracting(list.present).sorted()
        let gone = list.present.subtracting(found).sorted()
        #expect(
            new.isEmpty && gone.isEmpty,
            """
            new: \(new.joined(separator: "; ")) gone: \(gone.joined(separator: "; ")). If that is meant, write the list with: \
            \(writingVariable)=1 swift test --disable-xctest --filter PublicSymbolTests
            """
        )
    }

    private static func list(_ path: String) -> SymbolList { SymbolList(SourceTree.file(path)?.text ?? "") }

    @Test func removedSymbolsAreNamedInChanges() throws {
        let changes = SourceTree.file("Sources/Posthorn/Posthorn.docc/Changes.md")?.text ?? ""
        let unsaid = Self.list(Self.path).unsaid(in: changes) + Self.list(Self.traitPath).unsaid(in: changes)
        #expect(unsaid.isEmpty, "Changes.md does not name \(unsaid.map { "`\($0)`" }.joined(separator: ", ")), which programs may use")
    }

    @Test func everyPublicSymbolIsDocumented() throws {
        let bare = try Self.symbols().filter { !$0.isDocumented }
        #expect(bare.isEmpty, "no comment: \(bare.map(\.line).joined(separator: "; "))")
    }

    /// A type that a program is given and cannot name, or that has no page, is of little use.
    @Test func everyTypeThatASignatureNamesIsSeenByTheProgram() throws {
        let symbols = try Self.symbols()
        let known = Set(symbols.map(\.identifier))
        let missing = symbols.flatMap { symbol in symbol.types.subtracting(known).map { "\($0) of \(symbol.name)" } }
        #expect(missing.isEmpty, "not exported by Sources/Posthorn/Exports.swift: \(missing.joined(separator: ", "))")
    }

    /// Types of other rooms that no signature of the library needs would be one more thing to learn. What default arguments are made of is
    /// for programs, too.
    @Test func noTypeIsExportedThatNoSignatureNeeds() throws {
        let symbols = try Self.symbols()
        let defaults = ["SystemClock", "SystemRandom"]
        let exports = SourceTree.file("Sources/Posthorn/Exports.swift")?.text ?? ""
        let exported = exports.matches(of: /import [a-z]+ \w+\.(\w+)\n/).map { String($0.1) }
        let idle = symbols.filter { type in
            guard exported.contains(type.name), !defaults.contains(type.name) else { return false }
            // By others than its own members.
            return !symbols.contains { $0.types.contains(type.identifier) && $0.name.prefix { $0 != "." } != type.name }
        }
        #expect(exported.count > 30)
        #expect(idle.isEmpty, "no signature names \(idle.map(\.name).joined(separator: ", "))")
    }

    // MARK: What the compiler sees

    private struct Problem: Error, CustomStringConvertible { let description: String }

    private static func symbols() throws -> Set<Symbol> {
        let folder = try TemporaryDirectory()
        let built = Command.product("Modules")
        let information = try Command.run(["swift", "-print-target-info"]).output
        guard let target = information.firstMatch(of: /"unversionedTriple": "([^"]+)"/) else {
            throw Problem(description: "no target in \(information)")
        }
        let seams = try Command.moduleFlags(SourceTree.names(in: "Sources"))
        var symbols: Set<Symbol> = []
        for product in products {
            let rooms = SourceTree.names(in: "Sources").filter { $0.hasPrefix("Posthorn") }
            let result = try Command.run(
                [
                    Command.toolchain("swift-symbolgraph-extract"), "-module-name", product, "-target", String(target.1), "-I", built,
                    "-minimum-access-level", "public", "-output-dir", folder.path,
                ] + (product == "Posthorn" ? ["-experimental-allowed-reexported-modules=\(rooms.joined(separator: ","))"] : []) + seams
            )
            guard result.status == 0 else { throw Problem(description: result.output) }
            symbols.formUnion(try read(folder.file("\(product).symbols.json"), of: product))
        }
        return symbols
    }

    private static func read(_ path: String, of product: String) throws -> [Symbol] {
        guard let text = SourceTree.text(at: path) else { throw Problem(description: "no \(path)") }
        let graph = try JSONValue.parse(Array(text.utf8))
        return (graph["symbols"]?.elements ?? []).compactMap { symbol in
            guard let identifier = symbol["identifier"]?["precise"]?.string, !identifier.contains("::SYNTHESIZED::") else { return nil }
            let fragments = symbol["declarationFragments"]?.elements ?? []
            let types = fragments.compactMap { $0["preciseIdentifier"]?.string }.filter { $0.contains(/^s:[0-9]+Posthorn/) }
            return Symbol(
                product: product,
                name: (symbol["pathComponents"]?.elements ?? []).compactMap(\.string).joined(separator: "."),
                declaration: fragments.compactMap { $0["spelling"]?.string }.joined().split(whereSeparator: \.isWhitespace)
                    .joined(separator: " "),
                isDocumented: symbol["docComment"] != nil,
                identifier: identifier,
                types: Set(types)
            )
        }
    }

    private struct FileProblem: Error { let errno: Int32 }

    private static func write(_ text: String, to path: String) throws {
        guard let stream = fopen("\(SourceTree.top)/\(path)", "wb") else { throw FileProblem(errno: errno) }
        let written = fwrite(text, 1, text.utf8.count, stream)
        guard fclose(stream) == 0, written == text.utf8.count else { throw FileProblem(errno: errno) }
    }
}

extension JSONValue {
    /// An array's elements; `nil` when it is none.
    fileprivate var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

    /// A string's text; `nil` when it is none.
    fileprivate var string: String? { if case .string(let text) = self { text } else { nil } }
}
