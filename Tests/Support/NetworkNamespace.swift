import Glibc

/// A network of its own for a process: nothing is there at first, not even a loopback interface that is up.
public enum NetworkNamespace {
    /// The program that makes one.
    public static let program = "/usr/bin/unshare"

    /// Its arguments in front of a command: a network and mounts of its own.
    public static let arguments = ["-n", "-m"]

    /// Whether this process may make one; tests that need it are skipped where not.
    public static let isAvailable: Bool = {
        var words: [UnsafeMutablePointer<CChar>?] =
            ([program] + arguments + ["/bin/sh", "-c", "ip link show lo && python3 -c ''"])
            .map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for end in [Int32(1), 2] { posix_spawn_file_actions_addopen(&actions, end, "/dev/null", O_WRONLY, 0) }
        var process = pid_t()
        guard posix_spawn(&process, program, &actions, nil, &words, environ) == 0 else { return false }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        return status == 0
    }()

    /// Why a test is skipped.
    public static let reason: StaticString = "only root can make a network namespace (unshare, ip), with python3"
}
