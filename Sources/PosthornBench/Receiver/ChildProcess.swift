import Glibc
import PosthornFigures

/// This program once more, in a process of its own.
struct ChildProcess {
    let id: pid_t

    /// This program's file. The link is read and not started itself: under a tool such as callgrind the kernel follows it to
    /// the tool.
    private static let program: String = {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/exe", &path, path.count)
        return length > 0 && length < path.count
            ? String(decoding: path[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self) : "/proc/self/exe"
    }()

    /// Starts it with these arguments. `input` and `output` become its standard input and output, if given.
    init(_ arguments: [String], input: Int32? = nil, output: Int32? = nil) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input { posix_spawn_file_actions_adddup2(&actions, input, 0) }
        if let output { posix_spawn_file_actions_adddup2(&actions, output, 1) }
        var words: [UnsafeMutablePointer<CChar>?] = (["posthorn-bench"] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var started = pid_t()
        let status = posix_spawn(&started, Self.program, &actions, nil, &words, environ)
        guard status == 0 else { throw BenchProblem("a second process does not start: \(String(cString: strerror(status)))") }
        id = started
    }

    /// Kills it.
    func end() {
        kill(id, SIGKILL)
        waitpid(id, nil, 0)
    }
}
