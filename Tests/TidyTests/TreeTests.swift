import Glibc
import Testing

/// The shape of the checkout.
@Suite struct TreeTests {
    static let topLevel: Set<String> = ["Package.swift", "Sources", "Tests", "Migrations", "Examples", "README.md", "LICENSE"]

    @Test func theTopLevelHoldsOnlyWhatBelongsThere() {
        let ignored = (SourceTree.file(".gitignore")?.lines ?? []).filter { !$0.isEmpty }
        for name in SourceTree.names(in: "") where !name.hasPrefix(".") {
            if ignored.contains(where: { fnmatch(String($0), name, 0) == 0 }) { continue }
            #expect(Self.topLevel.contains(name), "\(name) does not belong at the top level")
        }
    }

    @Test func theMigrationsListIsTheFolder() {
        let text = SourceTree.file("Migrations/Migrations.swift")?.text ?? ""
        let halves = text.split(separator: "public static let postgreSQL", maxSplits: 1)
        #expect(halves.count == 2)
        for (name, text) in zip(["SQLite", "PostgreSQL"], halves) { Self.check(SourceTree.names(in: "Migrations/\(name)"), text) }
    }

    private static func check(_ folder: [String], _ text: Substring) {
        let listed = text.matches(of: /Migration\(number: (\d+), name: "([^"]+)", sql: PackageResources\.([a-z0-9_]+)(?:, oldest: \d+)?\)/)
        #expect(!folder.isEmpty)
        #expect(listed.map { String($0.2) } == folder, "the list has other names or another order than the folder")
        for (i, entry) in listed.enumerated() {
            let name = String(entry.2)
            let prefix = String(repeating: "0", count: max(0, 3 - String(i + 1).count)) + String(i + 1)
            #expect(Int(entry.1) == i + 1, "\(name) has a number that does not follow the one before it")
            #expect(name.hasPrefix(prefix + "_"), "\(name) must start with \(prefix)_")
            // What the package manager makes of a file's name: no leading digit, no dot.
            let symbol = "_" + name.dropFirst().map { $0 == "." ? "_" : String($0) }.joined()
            #expect(String(entry.3) == symbol, "\(name) is listed with another file's contents")
        }
    }

    /// Files of Sources that are longer than the limit, each with the length it had; it may shrink, never grow.
    static let longFiles: [String: Int] = [:]
    static let lineLimit = 350
    /// Made by a test, and looked things up in rather than read.
    static let generated: Set<String> = ["Sources/Posthorn/Posthorn.docc/Commands.md"]

    @Test func filesCanBeReadInOneSitting() {
        for file in SourceTree.files(under: "Sources") where !Self.generated.contains(file.path) {
            let limit = Self.longFiles[file.path] ?? Self.lineLimit
            #expect(file.lineCount <= limit, "\(file.path) has \(file.lineCount) lines; split it by topic (at most \(limit))")
        }
    }

    @Test func exceptionsToTheLengthThatAreNotNeededAnyMoreAreTakenOut() {
        for path in Self.longFiles.keys {
            let lines = SourceTree.file(path)?.lineCount ?? 0
            #expect(lines > Self.lineLimit, "\(path) has \(lines) lines and needs no exception")
        }
    }

    @Test func aTypeThatOtherRoomsSeeIsInAFileOfItsName() {
        let declaration = /^(?:@\w+(?:\([^)]*\))? )*(?:public|package) (?:final |indirect )*(?:struct|class|enum|protocol|actor) (\w+)/
        for file in SourceTree.files(under: "Sources", suffix: ".swift") {
            // Swift's own way to name a file of extensions: `Type+Subject.swift`.
            let subject = file.name.dropLast(".swift".count).split(separator: "+").first.map(String.init) ?? ""
            for type in file.lines.compactMap({ try? declaration.firstMatch(in: $0) }).map({ String($0.1) }) {
                #expect(type == subject, "\(type) is in \(file.path); it belongs into a file of its own name")
            }
        }
    }
}
