import Glibc
import PosthornTestSupport
import Testing

/// A program that goes on by itself, and what it writes.
final class BackgroundProgram {
    let process: pid_t
    private let descriptor: Int32
    private(set) var output = ""
    /// How it ended, once it was waited for.
    private var ended: Int32?

    /// - Parameter variables: The environment in place of the test's own; `nil` for that.
    init(_ words: [String], environment variables: [String: String]? = nil) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw CommandProblem(program: words[0], reason: errno) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        closeForeignDescriptors(&actions)
        var arguments = words.map { strdup($0) } + [nil]
        var settings = (variables ?? [:]).map { strdup("\($0)=\($1)") } + [nil]
        defer { for word in arguments + settings { free(word) } }
        // The threads that tests run on hold all signals back, and a child would begin so.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var process = pid_t()
        let problem = settings.withUnsafeMutableBufferPointer { own in
            posix_spawnp(&process, words[0], &actions, &attributes, &arguments, variables == nil ? environ : own.baseAddress)
        }
        close(ends[1])
        guard problem == 0 else {
            close(ends[0])
            throw CommandProblem(program: words[0], reason: problem)
        }
        self.process = process
        descriptor = ends[0]
    }

    deinit {
        if ended == nil { stop(SIGKILL) }
        close(descriptor)
    }

    /// Reads on until it has written something.
    /// - Returns: Whether it has, before it ended and before a minute was over.
    func wait(until isThere: (String) -> Bool) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while !isThere(output) {
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 60_000) > 0 else { return false }
            let count = read(descriptor, &chunk, chunk.count)
            if count <= 0 { return false }
            output += String(decoding: chunk[..<count], as: UTF8.self)
        }
        return true
    }

    /// Asks it to end, and waits until it has.
    /// - Returns: Its exit status; 128 and the signal's number when one ended it.
    @discardableResult
    func stop(_ signal: Int32 = SIGTERM) -> Int32 {
        if let ended { return ended }
        kill(process, signal)
        // What it still writes must not make it wait.
        _ = wait { _ in false }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        let result = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
        ended = result
        return result
    }
}

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
    init(topology: String, keys: [[String]] = [], _ flags: [String] = []) throws {
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
        program = try BackgroundProgram(words + flags)
        let mark = #""address":"127.0.0.1:"#
        try #require(program.wait { $0.contains("api_listening") && $0.contains(mark) }, "\(program.output)")
        let after = program.output.split(separator: mark, maxSplits: 1, omittingEmptySubsequences: false).last ?? ""
        port = try #require(Int(after.prefix { $0.isNumber }))
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
