import Glibc

/// The receiver, running in a process of its own.
struct SinkProcess {
    let port: Int
    private let process: pid_t

    init() throws {
        var pipes: [Int32] = [0, 0]
        guard pipe(&pipes) == 0 else { throw BenchProblem("pipe: \(String(cString: strerror(errno)))") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, pipes[1], 1)
        posix_spawn_file_actions_addclose(&actions, pipes[0])
        var pid = pid_t()
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("posthorn-bench"), strdup(Sink.subcommand), nil]
        defer { arguments.forEach { free($0) } }
        let status = posix_spawn(&pid, "/proc/self/exe", &actions, nil, &arguments, environ)
        close(pipes[1])
        defer { close(pipes[0]) }
        guard status == 0 else { throw BenchProblem("the receiver does not start: \(String(cString: strerror(status)))") }
        process = pid
        var line = [UInt8](repeating: 0, count: 16)
        let count = read(pipes[0], &line, line.count)
        guard let port = Int(String(decoding: line.prefix(max(0, count)), as: UTF8.self).filter(\.isNumber)) else {
            throw BenchProblem("the receiver tells no port")
        }
        self.port = port
    }

    func end() {
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
    }
}
