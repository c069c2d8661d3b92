import Glibc
import PosthornSystem
import Synchronization

/// Debian's Exim, one process a connection as inetd would start it, with a configuration and a queue of its own. Mails stay
/// in the queue, where a test reads them.
public final class EximServer: Sendable {
    /// The port it listens on.
    public let port: UInt16
    private let folder: TemporaryDirectory
    private let worker: WorkerThread
    private let isStopping: Shared

    private final class Shared: Sendable { let flag = Atomic(false) }

    private static let program = "/usr/sbin/exim4"
    /// Whether Exim is installed; tests that need it are skipped without it.
    public static let isAvailable = access(program, X_OK) == 0

    /// Starts it. The recipient `nobody-here@…` is refused for good; headers that Exim cannot read are too.
    public init() throws {
        folder = try TemporaryDirectory()
        // Exim works under a user of its own.
        chmod(folder.path, 0o777)
        let configuration = folder.file("exim.conf")
        guard let file = fopen(configuration, "w") else { throw SystemProblem("fopen \(configuration)", errno) }
        fputs(Self.text(spool: folder.path), file)
        fclose(file)
        chmod(configuration, 0o644)
        let listener = try Listener(host: "127.0.0.1", port: 0)
        port = listener.port
        let shared = Shared()
        isStopping = shared
        worker = try WorkerThread(name: "exim") {
            while !shared.flag.load(ordering: .acquiring) {
                var set = pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0)
                _ = poll(&set, 1, -1)
                let descriptor = accept(listener.descriptor, nil, nil)
                if descriptor < 0 { continue }
                // Programs that other tests start must not inherit it.
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
                if !shared.flag.load(ordering: .acquiring) { Self.serve(descriptor, configuration) }
                close(descriptor)
            }
            close(listener.descriptor)
        }
    }

    deinit {
        isStopping.flag.store(true, ordering: .releasing)
        SMTPServer.poke(port)
        worker.join()
    }

    /// The bodies of the mails in the queue, as they were taken.
    public var bodies: [String] { queue(suffix: "-D") }
    /// What Exim noted of each mail: sender, recipients, header.
    public var notes: [String] { queue(suffix: "-H") }

    private func queue(suffix: String) -> [String] {
        let input = folder.file("input")
        return (FolderListing.names(in: input) ?? []).filter { $0.hasSuffix(suffix) }.map { name in
            guard let file = fopen("\(input)/\(name)", "r") else { return "" }
            defer { fclose(file) }
            var bytes: [UInt8] = []
            while case let byte = fgetc(file), byte >= 0 { bytes.append(UInt8(byte)) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private static func serve(_ descriptor: Int32, _ configuration: String) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, descriptor, 0)
        posix_spawn_file_actions_adddup2(&actions, descriptor, 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        closeForeignDescriptors(&actions)
        let words = [program, "-C", configuration, "-bs", "-odq"]
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var process = pid_t()
        guard posix_spawn(&process, program, &actions, nil, &pointers, environ) == 0 else { return }
        var status: Int32 = 0
        waitpid(process, &status, 0)
    }

    private static func text(spool: String) -> String {
        """
        keep_environment =
        primary_hostname = exim.example
        spool_directory = \(spool)
        log_file_path = \(spool)/%slog
        tls_advertise_hosts =
        acl_smtp_rcpt = recipient
        acl_smtp_data = content
        begin acl
        recipient:
          deny message = no such user here
               local_parts = nobody-here
          accept
        content:
          deny message = header syntax
               !verify = header_syntax
          accept
        begin routers
        all:
          driver = accept
          transport = none
        begin transports
        none:
          driver = appendfile
          file = /dev/null

        """
    }
}
