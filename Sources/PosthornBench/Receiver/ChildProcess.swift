import Glibc

/// This program once more, in a process of its own.
struct ChildProcess {
    let id: pid_t

    /// Starts it with these arguments. Its standard output is `output`, if given.
    init(_ arguments: [String], output: Int32? = nil) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let output { posix_spawn_file_actions_adddup2(&actions, output, 1) }
        var words: [UnsafeMutablePointer<CChar>?] = (["posthorn-bench"] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var started = pid_t()
        let status = posix_spawn(&started, "/proc/self/exe", &actions, nil, &words, environ)
        guard status == 0 else { throw BenchProblem("a second process does not start: \(String(cString: strerror(status)))") }
        id = started
    }

    /// Kills it.
    func end() {
        kill(id, SIGKILL)
        waitpid(id, nil, 0)
    }
}
