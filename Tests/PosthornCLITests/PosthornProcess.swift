import Glibc
import PosthornTestSupport
import Testing

/// The built `posthorn`, run as a process of its own against an outbox of its own.
final class PosthornProcess {
    /// What a run left behind.
    struct Result {
        let status: Int32
        let output: String
        let errors: String
        /// The most memory that was resident at once.
        var peakKiB = 0

        /// The lines of the standard output.
        var lines: [String] { output.split(separator: "\n").map(String.init) }
        /// The lines of the standard error.
        var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
    }

    let directory: TemporaryDirectory
    /// The outbox that every run uses.
    var database: String { directory.file("outbox.db") }

    init() throws { directory = try TemporaryDirectory() }

    /// A file in the test's own directory.
    func write(_ text: String, to name: String) -> String { write(Array(text.utf8), to: name) }

    func write(_ bytes: [UInt8], to name: String) -> String {
        let path = directory.file(name)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count <= 0 { break }
                rest = rest.dropFirst(count)
            }
        }
        return path
    }

    /// Runs a command line and waits for its end. Input and outputs are files, so nothing can block on a pipe.
    func run(_ words: String..., input: String = "", outputPath: String? = nil) throws -> Result {
        try run(words, input: Array(input.utf8), outputPath: outputPath)
    }

    func run(
        _ words: [String],
        input: [UInt8] = [],
        outputPath: String? = nil,
        environment: [String: String] = [:]
    ) throws -> Result {
        let (stdin, stdout, stderr) = (write(input, to: "stdin"), write("", to: "stdout"), write("", to: "stderr"))
        let process = try start(words, [stdin, outputPath ?? stdout, stderr], environment: environment)
        let (status, peak) = process.waitWithPeak()
        return Result(status: status, output: contents(stdout), errors: contents(stderr), peakKiB: peak)
    }

    /// Runs a command line whose standard output is a pipe that nobody reads.
    func runIntoClosedPipe(_ words: String...) throws -> Result {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        close(ends[0])
        defer { close(ends[1]) }
        let stderr = write("", to: "stderr")
        let process = try start(words, [write("", to: "stdin"), "/dev/null", stderr], output: ends[1])
        return Result(status: process.wait(), output: "", errors: contents(stderr))
    }

    /// Starts a command line that goes on by itself.
    func start(_ words: String...) throws -> Running { try start(words) }

    func start(_ words: [String]) throws -> Running {
        try start(words, [write("", to: "stdin"), write("", to: "run-stdout"), write("", to: "run-stderr")])
    }

    /// Starts a command line whose standard error is to be waited for.
    func startLogging(_ words: String...) throws -> (Running, LogReader) { try startLogging(words) }

    func startLogging(_ words: [String]) throws -> (Running, LogReader) {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[1]) }
        let log = LogReader(descriptor: ends[0])
        let files = [write("", to: "stdin"), write("", to: "run-stdout"), "/proc/self/fd/\(ends[1])"]
        return (try start(words, files), log)
    }

    /// Reads what a process says as it says it.
    final class LogReader {
        private let descriptor: Int32
        private var text: [UInt8] = []

        init(descriptor: Int32) { self.descriptor = descriptor }

        deinit { close(descriptor) }

        /// Waits until the process has said `words`; `false` when it ended before, or said nothing for too long.
        func wait(for words: String, seconds: Int32 = 300) -> Bool {
            var chunk = [UInt8](repeating: 0, count: 4096)
            while !String(decoding: text, as: UTF8.self).contains(words) {
                var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                if poll(&ready, 1, seconds * 1000) == 0 {
                    Issue.record("it did not say \(words) but: \(String(decoding: text, as: UTF8.self))")
                    return false
                }
                let count = read(descriptor, &chunk, chunk.count)
                if count <= 0 { return false }
                text += chunk[..<count]
            }
            return true
        }
    }

    /// - Parameters:
    ///   - files: Standard input, output and error.
    ///   - output: A descriptor in place of the output's file.
    ///   - variables: The environment beside POSTHORN_DB; nothing else is handed on.
    func start(
        _ words: [String],
        _ files: [String],
        output: Int32? = nil,
        binary: String = PosthornProcess.binary,
        environment variables: [String: String] = [:]
    ) throws -> Running {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, files[0], O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, files[1], O_WRONLY, 0)
        if let output { posix_spawn_file_actions_adddup2(&actions, output, 1) }
        posix_spawn_file_actions_addopen(&actions, 2, files[2], O_WRONLY, 0)
        closeForeignDescriptors(&actions)
        let arguments = [binary] + words
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        let settings = ["POSTHORN_DB=\(database)"] + variables.map { "\($0)=\($1)" }
        var environment: [UnsafeMutablePointer<CChar>?] = settings.map { strdup($0) } + [nil]
        defer { (pointers + environment).forEach { free($0) } }
        var process: pid_t = 0
        let status = posix_spawn(&process, binary, &actions, nil, &pointers, &environment)
        try #require(status == 0, "\(binary): \(String(cString: strerror(status)))")
        return Running(id: process)
    }

    /// Waits until the process that was started last has written something to its standard error.
    func waitForError(_ text: String, seconds: Int = 30) -> Bool {
        let path = directory.file("run-stderr")
        let watch = inotify_init1(Int32(IN_CLOEXEC))
        defer { close(watch) }
        inotify_add_watch(watch, path, UInt32(IN_MODIFY))
        var descriptor = pollfd(fd: watch, events: Int16(POLLIN), revents: 0)
        var buffer = [UInt8](repeating: 0, count: 4096)
        // The system may have no watch left; then looking now and then is all there is.
        for _ in 0..<(seconds * 20) {
            if contents(path).contains(text) { return true }
            if poll(&descriptor, 1, 50) > 0 { _ = read(watch, &buffer, buffer.count) }
        }
        return false
    }

    /// What stands in a file.
    func contents(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count <= 0 { return String(decoding: all, as: UTF8.self) }
            all += chunk[..<count]
        }
    }

    /// A process that was started.
    struct Running {
        let id: pid_t

        /// Waits for its end.
        /// - Returns: The exit status; 128 and the signal's number when one ended it.
        func wait() -> Int32 { waitWithPeak().status }

        /// Waits for its end, and says how much memory it had resident at most.
        func waitWithPeak() -> (status: Int32, peakKiB: Int) {
            var status: Int32 = 0
            var usage = rusage()
            while wait4(id, &status, 0, &usage) < 0 && errno == EINTR {}
            return (status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F), usage.ru_maxrss)
        }

        func send(_ signal: Int32) { kill(id, signal) }
    }

    /// The command stands where the test bundle does.
    static let binary: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let candidates = [own] + CommandLine.arguments
        for path in candidates {
            let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            if access("\(folder)/posthorn", X_OK) == 0 { return "\(folder)/posthorn" }
        }
        return "posthorn"
    }()
}

/// A hierarchy of one node a level, and endpoints at the company.
enum SampleTopology {
    static func json(url: String = "http://127.0.0.1:1/hook", retry: String = #"["0","1m"]"#, more: String = "") -> String {
        """
        { "nodes": [ {"id": "r1", "level": "reseller"}, {"id": "d1", "level": "dealer", "parent": "r1"},
                     {"id": "c1", "level": "company", "parent": "d1"}, {"id": "s1", "level": "site", "parent": "c1"} ],
          "endpoints": [ {"id": "crm", "node": "c1", "url": "\(url)", "vendor": "weseedo", "retry": \(retry)\(more)} ] }
        """
    }

    static func event(_ id: String? = nil, node: String = "s1") -> String {
        let idMember = id.map { #","id":"\#($0)""# } ?? ""
        return #"{"type":"MEETING_STARTED","node":"\#(node)","data":{"id":"m1"}\#(idMember)}"#
    }
}
