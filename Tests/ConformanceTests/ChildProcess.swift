import Glibc
import PosthornSystem
import PosthornTestSupport
import Synchronization

/// A program of another language beside the test: its standard output in a file, its standard error read line by line.
final class ChildProcess: @unchecked Sendable {
    // `reader` is set in `init` and used by `wait` alone, which the owner calls once; the rest is immutable or locked.
    private let process: pid_t
    private var reader: WorkerThread?
    private let lines = Mutex<[String]>([])
    private let announced = Semaphore()
    private static let announcement = "listening on http://localhost:"

    /// Starts a program, found by its path or on the PATH.
    init(_ words: [String], outputPath: String, environment extra: [String: String] = [:]) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemProblem("pipe", errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        closeForeignDescriptors(&actions)
        // A test may run on a thread that blocks all signals; its child must hear SIGTERM.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = []
        var own = environ
        while let variable = own.pointee {
            variables.append(strdup(variable))
            own += 1
        }
        variables += extra.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (pointers + variables).forEach { free($0) } }
        var id = pid_t()
        let status = posix_spawnp(&id, words[0], &actions, &attributes, &pointers, &variables)
        close(ends[1])
        guard status == 0 else {
            close(ends[0])
            throw SystemProblem(words[0], status)
        }
        process = id
        let end = ends[0]
        do { reader = try WorkerThread(name: "child-errors") { [self] in read(from: end) } } catch {
            kill(id, SIGKILL)
            throw error
        }
    }

    /// Reads to the end of the standard error, and tells when the port is known or never will be.
    private func read(from end: Int32) {
        guard let file = fdopen(end, "r") else { return announced.signal() }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var room = 0
        defer { free(line) }
        while case let count = getline(&line, &room, file), count > 0, let line {
            let text = String(decoding: UnsafeRawBufferPointer(start: line, count: count), as: UTF8.self)
            lines.withLock { $0.append(String(text.prefix { $0 != "\n" })) }
            if text.hasPrefix(Self.announcement) { announced.signal() }
        }
        announced.signal()
    }

    /// Waits until the program tells its port; `nil` when it ends without.
    func waitForPort() -> Int? {
        announced.wait()
        let text = errorLines.first { $0.hasPrefix(Self.announcement) }
        return text.flatMap { Int($0.dropFirst(Self.announcement.count).prefix { $0.isNumber }) }
    }

    /// What it has said on its standard error so far.
    var errorLines: [String] { lines.withLock { $0 } }

    /// Asks it to stop.
    func stop() { kill(process, SIGTERM) }

    /// Waits for its end.
    /// - Returns: The exit status; 128 and the signal's number when one ended it.
    @discardableResult
    func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        reader?.join()
        reader = nil
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }
}

/// Counts signals for one waiting thread.
private final class Semaphore: @unchecked Sendable {
    // A POSIX semaphore in memory of its own, which any thread may use.
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func signal() { sem_post(semaphore) }

    func wait() { while sem_wait(semaphore) != 0 && errno == EINTR {} }
}
