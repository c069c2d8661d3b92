import Glibc
import PosthornTestSupport
import Testing

/// The Swift of the articles is that of programs: every article's blocks, one after the other, compile without a warning as the top level
/// of a `main.swift` and inside of an asynchronous `main`, and run on a fresh outbox.
@Suite struct SampleTests {
    private static let catalogue = Command.top + "/Sources/Posthorn/Posthorn.docc"

    /// Articles that are programs from their first block to their last.
    private static let articles = [
        "Embedding", "Pruning", "RetryingByHand", "RotatingSecrets", "Testing", "Upgrading", "WebhooksPage",
    ]

    /// What a program with the library and its test kit is linked of.
    private static let modules = [
        "PosthornText", "PosthornModel", "PosthornSystem", "PosthornMigrations", "PosthornStore", "PosthornSQLite", "PosthornFormats",
        "PosthornCurl", "PosthornSending", "PosthornMail", "Posthorn", "PosthornTesting",
    ]
    #if PostgreSQL
    /// What else it is linked of in a build with the trait.
    private static let (moreModules, moreLibraries) = (["PosthornPostgres"], ["-lpq"])
    #else
    private static let (moreModules, moreLibraries): ([String], [String]) = ([], [])
    #endif

    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    /// An article's blocks: what they import, and the rest.
    private struct Sample {
        var imports: [String] = []
        var lines: [String] = []

        init(article: String) throws { try self.init(document: "\(SampleTests.catalogue)/\(article).md") }

        init(document: String) throws {
            var isSwift = false
            for line in try Text.lines(of: document) {
                if line.hasPrefix("```") {
                    isSwift = line == "```swift"
                } else if isSwift {
                    if line.hasPrefix("import ") { imports.append(line) } else { lines.append(line) }
                }
            }
        }
    }

    /// Compiles and links one file with what was built for the tests.
    /// - Parameter support: Files of the checkout that belong to it.
    private func compile(_ source: String, named file: String, with support: [String]) throws -> Command.Result {
        let path = folder.file(file)
        try Text.write(source, to: path)
        let built = Command.product("Modules").split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        // Of the files that there are: a build leaves the objects of those that are gone.
        let objects = try (Self.modules + Self.moreModules).flatMap { module in
            let made = module == "PosthornMigrations" ? ["Migrations.swift", "embedded_resources.swift"] : []
            let names = made + (made.isEmpty ? try Text.swiftFiles(under: "\(Command.top)/Sources/\(module)") : [])
            return names.map { "\(built)/\(module).build/\($0).o" }
        }
        try #require(objects.count > 100, "the objects of the library are not where they were")
        let seams = try Command.moduleFlags(Text.names(in: Command.top + "/Sources"))
        // A main.swift is the top level of a program; in any other file it begins at an attribute.
        let kind = file == "main.swift" ? [] : ["-parse-as-library"]
        let sources = [path] + support.map { "\(Command.top)/\($0)" }
        let libraries = ["-lcurl", "-lsqlite3", "-lcrypto", "-lssl"] + Self.moreLibraries
        let options = ["-swift-version", "6", "-warnings-as-errors", "-I", "\(built)/Modules", "-o", folder.file("sample")]
        return try Command.run(["swiftc"] + options + kind + seams + sources + objects + libraries)
    }

    private func compilesAndRuns(_ source: String, named file: String, with support: [String] = []) throws {
        let compiled = try compile(source, named: file, with: support)
        try #require(compiled.status == 0, "\(compiled.output)")
        let run = try Command.run([folder.file("sample")])
        #expect(run.status == 0, "\(run.output)")
    }

    @Test(.enabled(if: Command.exists("swiftc"), "swiftc is not on the PATH"), arguments: articles)
    func anArticleIsTheTopLevelOfAProgram(_ article: String) throws {
        let sample = try Sample(article: article)
        try #require(sample.imports.contains("import Posthorn") && sample.lines.count > 4)
        try compilesAndRuns((sample.imports + sample.lines).joined(separator: "\n"), named: "main.swift")
    }

    /// Its platform, a database and a customer's server, is that of Examples/SwiftPlatform, which is also its asynchronous `main`.
    @Test(.enabled(if: Command.exists("swiftc"), "swiftc is not on the PATH"))
    func gettingStartedIsTheTopLevelOfAProgram() throws {
        let sample = try Sample(article: "GettingStarted")
        let platform = """
            let folder = try TemporaryFolder()
            let path = folder.path + "/platform.db"
            let receiver = try CustomerServer()
            let database = try Database(path: path)
            try database.execute("CREATE TABLE meeting (id TEXT PRIMARY KEY, state TEXT NOT NULL)")
            """
        let support = ["CustomerServer", "Database"].map { "Examples/SwiftPlatform/\($0).swift" }
        let program = (sample.imports + [platform] + sample.lines + ["folder.remove()"]).joined(separator: "\n")
        try compilesAndRuns(program, named: "main.swift", with: support)
    }

    @Test(.enabled(if: Command.exists("swiftc"), "swiftc is not on the PATH"))
    func theSwiftOfTheREADMEIsTheTopLevelOfAProgram() throws {
        let sample = try Sample(document: Command.top + "/README.md")
        let platform = """
            import Posthorn
            import PosthornTesting

            let test = try TestOutbox()
            _ = try await test.outbox.put(Node(id: "acme-desk", level: .site))
            let path = test.outbox.path
            let configuration = EngineConfiguration(untilSettled: true)
            """
        try compilesAndRuns(([platform] + sample.lines).joined(separator: "\n"), named: "main.swift")
    }

    /// All in one program, each in a function of its own.
    @Test(.enabled(if: Command.exists("swiftc"), "swiftc is not on the PATH"))
    func theArticlesStandInAnAsynchronousMain() throws {
        let samples = try Self.articles.map { (name: $0, sample: try Sample(article: $0)) }
        let functions = samples.map { name, sample in
            (["    static func show\(name)() async throws {"] + sample.lines.map { "        " + $0 } + ["    }"]).joined(separator: "\n")
        }
        let calls = samples.map { "        try await show\($0.name)()" }
        let program =
            Set(samples.flatMap(\.sample.imports)).sorted() + ["@main struct Articles {", "    static func main() async throws {"] + calls
            + ["    }"] + functions + ["}"]
        try compilesAndRuns(program.joined(separator: "\n"), named: "Articles.swift")
    }

    /// An article with Swift that is compiled nowhere would be one that is wrong some day.
    @Test func everyArticleWithSwiftIsCompiledSomewhere() throws {
        // Those whose lines are held to be lines of Examples by DocumentTests.
        let elsewhere: Set<String> = ["GettingStarted", "ServerPackages"]
        for name in try Text.names(in: Self.catalogue) where name.hasSuffix(".md") {
            let article = String(name.dropLast(3))
            guard try !Sample(article: article).lines.isEmpty else { continue }
            #expect(Self.articles.contains(article) || elsewhere.contains(article), "\(name) has Swift that nothing compiles")
        }
    }
}

/// Files and folders, as far as the samples need them.
private enum Text {
    struct Problem: Error { let path: String, errno: Int32 }

    static func lines(of path: String) throws -> [String] {
        guard let stream = fopen(path, "rb") else { throw Problem(path: path, errno: errno) }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    }

    static func write(_ text: String, to path: String) throws {
        guard let stream = fopen(path, "wb") else { throw Problem(path: path, errno: errno) }
        let written = fwrite(text, 1, text.utf8.count, stream)
        guard fclose(stream) == 0, written == text.utf8.count else { throw Problem(path: path, errno: errno) }
    }

    /// The names of Swift files in a folder and all below it.
    static func swiftFiles(under folder: String) throws -> [String] {
        try names(in: folder).filter { !$0.hasPrefix(".") }.flatMap { name -> [String] in
            if name.hasSuffix(".swift") { return [name] }
            var facts = stat()
            let path = "\(folder)/\(name)"
            guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR else { return [] }
            return try swiftFiles(under: path)
        }
    }

    static func names(in folder: String) throws -> [String] {
        guard let names = FolderListing.names(in: folder) else { throw Problem(path: folder, errno: errno) }
        return names
    }
}
