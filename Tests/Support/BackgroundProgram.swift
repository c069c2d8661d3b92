public import Glibc

/// A program that goes on by itself, and what it writes.
public final class BackgroundProgram {
    /// Its number.
    public let process: pid_t
    private let descriptor: Int32
    /// What it has written so far.
    public private(set) var output = ""
    /// How it ended, once it was waited for.
    private var ended: Int32?

    /// Starts it.
    /// - Parameters:
    ///   - words: The program, found on the PATH unless its name has a slash, and its arguments.
    ///   - variables: The environment in place of the test's own; `nil` for that.
    public init(_ words: [String], environment variables: [String: String]? = nil) throws {
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
    public func wait(until isThere: (String) -> Bool) -> Bool {
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

    /// Waits until it has ended by itself; it is killed after a minute in which it has written nothing.
    /// - Returns: Its exit status.
    public func waitForEnd() -> Int32 {
        // Its output ends when it exits, after which no signal changes the status.
        _ = wait { _ in false }
        return stop(SIGKILL)
    }

    /// Asks it to end, and waits until it has.
    /// - Returns: Its exit status; 128 and the signal's number when one ended it.
    @discardableResult
    public func stop(_ signal: Int32 = SIGTERM) -> Int32 {
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
