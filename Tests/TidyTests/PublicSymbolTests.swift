import Glibc
import Testing

/// What `import Posthorn` and `import PosthornTesting` promise: a list that is checked in, so that a change of it is seen.
@Suite struct PublicSymbolTests {
    private static let path = "Tests/TidyTests/PublicSymbols.txt"
    /// Set to anything, the list is written instead of compared.
    private static let writingVariable = "POSTHORN_WRITE_SYMBOLS"
    private static let rooms = ["Sources/Posthorn", "Sources/PosthornTesting"]

    /// A public declaration: the file's room, what it is declared in, and its first line.
    struct Symbol: Hashable {
        let line: String
        let isDocumented: Bool
        let place: String
    }

    @Test func publicSymbolsAreThoseThatAreCheckedIn() throws {
        let found = Self.symbols.map(\.line).sorted()
        let text = found.joined(separator: "\n") + "\n"
        if getenv(Self.writingVariable) != nil { try Self.write(text) }
        let known = (SourceTree.file(Self.path)?.text ?? "").split(separator: "\n").map { String($0) }
        let (new, gone) = (Set(found).subtracting(known).sorted(), Set(known).subtracting(found).sorted())
        #expect(
            new.isEmpty && gone.isEmpty,
            """
            new: \(new.joined(separator: "; ")) gone: \(gone.joined(separator: "; ")). If that is meant, write the list with: \
            \(Self.writingVariable)=1 swift test --disable-xctest --filter PublicSymbolTests
            """
        )
        #expect(found.count > 150)
    }

    @Test func everyPublicSymbolIsDocumented() {
        let bare = Self.symbols.filter { !$0.isDocumented }
        #expect(bare.isEmpty, "no comment: \(bare.map { "\($0.place) \($0.line)" }.joined(separator: "; "))")
    }

    private static var symbols: [Symbol] {
        rooms.flatMap { room in
            SourceTree.files(under: room, suffix: ".swift").flatMap { symbols(of: $0, in: String(room.dropFirst("Sources/".count))) }
        }
    }

    /// By the indentation, which `swift format` keeps: a declaration belongs to the one before it that is less indented.
    private static func symbols(of file: SourceTree.File, in room: String) -> [Symbol] {
        var owners: [(indent: Int, name: String)] = []
        var isDocumented = false
        var found: [Symbol] = []
        for (number, line) in file.lines.enumerated() {
            let indent = line.prefix { $0 == " " }.count
            let text = line.dropFirst(indent)
            if text.hasPrefix("///") {
                isDocumented = true
                continue
            }
            // An attribute is between a comment and what it is about.
            if text.hasPrefix("@") { continue }
            if !text.isEmpty { owners.removeAll { $0.indent >= indent } }
            if text.hasPrefix("public "), !text.hasPrefix("public import") {
                let owner = owners.map(\.name).joined(separator: ".")
                let declaration = signature(text.dropFirst("public ".count))
                found.append(
                    Symbol(
                        line: "\(room) \(owner.isEmpty ? "" : owner + ".")\(declaration)",
                        isDocumented: isDocumented,
                        place: "\(file.path):\(number + 1)"
                    )
                )
            }
            if let name = owner(declaredBy: text) { owners.append((indent, name)) }
            isDocumented = false
        }
        return found
    }

    /// A declaration's first line without what it holds.
    private static func signature(_ text: Substring) -> String {
        let head = text.split(separator: "{", maxSplits: 1, omittingEmptySubsequences: false).first ?? text
        return head.split(separator: " ").joined(separator: " ")
    }

    private static func owner(declaredBy text: Substring) -> String? {
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "extension", "actor"]
        let words = text.split(whereSeparator: { " :{<".contains($0) })
        guard let kind = words.firstIndex(where: { kinds.contains($0) }), kind + 1 < words.count, text.hasSuffix("{") else { return nil }
        return String(words[kind + 1])
    }

    private struct FileProblem: Error { let errno: Int32 }

    private static func write(_ text: String) throws {
        guard let stream = fopen("\(SourceTree.top)/\(path)", "wb") else { throw FileProblem(errno: errno) }
        let written = fwrite(text, 1, text.utf8.count, stream)
        guard fclose(stream) == 0, written == text.utf8.count else { throw FileProblem(errno: errno) }
    }
}
