import Glibc
import PosthornTestSupport
import Testing

/// `posthorn run --listen` on a free port of the loopback, with an outbox of its own.
final class LiveServer {
    let folder: TemporaryDirectory
    let program: BackgroundProgram
    let port: Int
    /// Keys of the API, in the order in which they were asked for.
    let keys: [String]

    /// A hierarchy of one node a level, and one endpoint at the company.
    static func topology(_ url: String, retry: String = #"["0"]"#) -> String {
        """
        { "nodes": [ {"id": "r1", "level": "reseller"}, {"id": "d1", "level": "dealer", "parent": "r1"},
                     {"id": "c1", "level": "company", "parent": "d1"}, {"id": "s1", "level": "site", "parent": "c1"} ],
          "endpoints": [ {"id": "crm", "node": "c1", "url": "\(url)", "vendor": "weseedo", "retry": \(retry)} ] }
        """
    }

    /// - Parameters:
    ///   - keys: What each key is made with. They are there before the server is: a running one knows a new one within a second.
    ///   - flags: More flags of `run`.
    ///   - signal: A signal that it does not hear, as a shell names it.
    init(topology: String, keys: [[String]] = [], _ flags: [String] = [], deafTo signal: String? = nil) throws {
        folder = try TemporaryDirectory()
        let database = folder.file("outbox.db")
        let file = folder.file("topology.json")
        try Self.write(topology, to: file)
        let posthorn = Command.product("posthorn")
        let applied = try Command.run([posthorn, "apply", "--db", database, file])
        try #require(applied.status == 0, "\(applied.output)")
        self.keys = try keys.map { words in
            let made = try Command.run([posthorn, "key", "create", "--db", database] + words)
            try #require(made.status == 0, "\(made.output)")
            return try #require(made.output.split(separator: "\n").map { String($0) }.first { $0.hasPrefix("phk_") })
        }
        let words = [posthorn, "run", "--db", database, "--listen", "127.0.0.1:0", "--allow", "127.0.0.0/8", "--log", "json"]
        // What is ignored stays so in the program that takes the shell's place.
        let shell = signal.map { ["sh", "-c", "trap '' \($0); exec \"$0\" \"$@\""] } ?? []
        program = try BackgroundProgram(shell + words + flags)
        port = try Self.port(of: program)
    }

    /// Where a program that was started with a free port listens.
    static func port(of program: BackgroundProgram) throws -> Int {
        let mark = #""address":"127.0.0.1:"#
        try #require(program.wait { $0.contains("api_listening") && $0.contains(mark) }, "\(program.output)")
        let after = program.output.split(separator: mark, maxSplits: 1, omittingEmptySubsequences: false).last ?? ""
        return try #require(Int(after.prefix { $0.isNumber }))
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// Runs a command on the same outbox.
    func posthorn(_ words: String...) throws -> Command.Result {
        try Command.run([Command.product("posthorn")] + words + ["--db", folder.file("outbox.db")])
    }

    static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        try #require(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
    }

    static func contents(_ path: String) -> String {
        let file = fopen(path, "r")
        guard let file else { return "" }
        defer { fclose(file) }
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { all += chunk[..<count] }
        return String(decoding: all, as: UTF8.self)
    }
}
