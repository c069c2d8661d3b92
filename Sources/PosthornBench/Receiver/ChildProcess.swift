import Glibc
import PosthornBenchReports
import PosthornSystem

/// A program in a process of its own: most often this one once more.
struct ChildProcess {
    let id: pid_t

    /// This program's file. The link is read and not started itself: under a tool such as callgrind the kernel follows it to
    /// the tool.
    static let program: String = {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/exe", &path, path.count)
        return length > 0 && length < path.count
            ? String(decoding: path[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self) : "/proc/self/exe"
    }()

    /// Starts this program with these arguments. `input` and `output` become its standard input and output, if given.
    /// - Parameter core: The only core of the machine that it may use; `nil` for all.
    init(_ arguments: [String], input: Int32? = nil, output: Int32? = nil, core: Int? = nil) throws {
        if let core {
            let words = ["taskset", "--cpu-list", "\(core)", Self.program] + arguments
            try self.init(file: "taskset", words, input: input, output: output)
        } else {
            try self.init(file: Self.program, ["posthorn-bench"] + arguments, input: input, output: output)
        }
    }

    /// Starts a program that `$PATH` leads to, with these arguments; what it prints goes to standard error.
    /// - Parameter isQuiet: Whether what it prints goes nowhere, its complaints included.
    init(running name: String, _ arguments: [String], isQuiet: Bool = false) throws {
        try self.init(file: name, [name] + arguments, input: nil, output: 2, isQuiet: isQuiet)
    }

    private init(file: String, _ words: [String], input: Int32?, output: Int32?, isQuiet: Bool = false) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input { posix_spawn_file_actions_adddup2(&actions, input, 0) }
        if let output { posix_spawn_file_actions_adddup2(&actions, output, 1) }
        if isQuiet { for end in [Int32(1), 2] { posix_spawn_file_actions_addopen(&actions, end, "/dev/null", O_WRONLY, 0) } }
        var words: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var started = pid_t()
        // A name with a slash, as this program's has, is not looked for in $PATH.
        let status = posix_spawnp(&started, file, &actions, nil, &words, environ)
        guard status == 0 else { throw BenchProblem("\(file) does not start: \(String(cString: strerror(status)))") }
        id = started
    }

    /// Starts this program with these arguments, and reads the first line that it prints.
    /// - Parameter core: The only core of the machine that it may use; `nil` for all.
    static func printing(_ arguments: [String], core: Int? = nil) throws -> (process: ChildProcess, line: String) {
        var pipes: [Int32] = [0, 0]
        guard pipe(&pipes) == 0 else { throw BenchProblem("pipe: \(String(cString: strerror(errno)))") }
        for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(pipes[0]) }
        let process: ChildProcess
        do {
            defer { close(pipes[1]) }
            process = try ChildProcess(arguments, output: pipes[1], core: core)
        }
        var line = [UInt8](repeating: 0, count: 32)
        let count = read(pipes[0], &line, line.count)
        return (process, String(decoding: line.prefix(max(0, count)), as: UTF8.self))
    }

    /// The same of a program whose first line is the port at which it serves.
    /// - Parameter what: What it is, for the complaint that it printed none.
    static func printingPort(_ arguments: [String], _ what: String, core: Int? = nil) throws -> (ChildProcess, Int) {
        let (process, line) = try printing(arguments, core: core)
        guard let port = Int(line.filter(\.isNumber)) else {
            process.end()
            throw BenchProblem("\(what) names no port")
        }
        return (process, port)
    }

    /// Waits for its end; throws unless it ended with status 0.
    func wait(for what: String) throws {
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0 {
            if errno != EINTR { throw BenchProblem("waitpid: \(String(cString: strerror(errno)))") }
        }
        if let problem = Self.problem(status, what) { throw BenchProblem(problem) }
    }

    /// How it has ended, if it has, whatever its status; it cannot be waited for afterwards.
    func endedEarly(_ what: String) -> String? {
        var status: Int32 = 0
        guard waitpid(id, &status, WNOHANG) == id else { return nil }
        return Self.problem(status, what) ?? "\(what) ended at once"
    }

    private static func problem(_ status: Int32, _ what: String) -> String? {
        let signal = status & 0x7F
        if signal != 0 { return "\(what) was ended by signal \(signal)" }
        return status >> 8 != 0 ? "\(what) ended with status \(status >> 8)" : nil
    }

    /// The processor time that it has used so far, in seconds, as the kernel counts it for the whole process (proc(5)).
    var cpuSeconds: Double {
        // The name, in parentheses, may have blanks in it.
        let fields = ProcessFile.text("/proc/\(id)/stat").split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Kills it.
    func end() {
        kill(id, SIGKILL)
        waitpid(id, nil, 0)
    }
}
