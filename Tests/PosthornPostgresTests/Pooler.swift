#if PostgreSQL
import Dispatch
import Glibc
import PosthornSystem
import PosthornTestSupport
import Synchronization
import Testing

/// pgbouncer in front of the tests' server, in transaction mode: the server's sessions go from one client to the next with each transaction. It
/// ends with the process that started it.
final class Pooler: @unchecked Sendable {
    static let isInstalled = Command.exists("pgbouncer") || access("/usr/sbin/pgbouncer", X_OK) == 0

    private static let started = Mutex<Pooler?>(nil)

    /// One for all tests of a process.
    static func shared() throws -> Pooler {
        try started.withLock { started in
            if let started { return started }
            let made = try Pooler(PostgresServer.shared())
            started = made
            return made
        }
    }

    private let folder: TemporaryDirectory
    /// Kept, and never touched again.
    private let process: BackgroundProgram

    private init(_ server: PostgresServer) throws {
        folder = try TemporaryDirectory()
        let host = String(server.address(of: "x").split(separator: "=").last ?? "")
        let settings = """
            [databases]
            * = host=\(host) user=postgres
            [pgbouncer]
            unix_socket_dir = \(folder.path)
            listen_port = 6432
            auth_type = any
            pool_mode = transaction
            default_pool_size = 3
            max_client_conn = 500
            server_idle_timeout = 1
            log_connections = 0
            log_disconnections = 0
            log_stats = 0

            """
        let file = folder.file("pgbouncer.ini")
        let stream = try #require(fopen(file, "w"))
        fputs(settings, stream)
        fclose(stream)
        // It does not run as root.
        var words = ["setpriv", "--pdeathsig", "KILL"]
        if getuid() == 0, let postgres = getpwnam("postgres") {
            for path in [folder.path, file] { chown(path, postgres.pointee.pw_uid, postgres.pointee.pw_gid) }
            words += ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        }
        process = try Self.start(words + ["--", "/usr/sbin/pgbouncer", file])
        try #require(process.wait { $0.contains("process up") }, "\(process.output)")
    }

    /// The kernel ends it with the thread that has started it, so that one lives for as long as this process.
    private static func start(_ words: [String]) throws -> BackgroundProgram {
        final class Outcome: @unchecked Sendable {
            // Written before the semaphore is signalled, and read afterwards.
            var value: Result<BackgroundProgram, any Error>?
        }
        let (outcome, isStarted) = (Outcome(), DispatchSemaphore(value: 0))
        try WorkerThread(name: "pooler") {
            outcome.value = Result { try BackgroundProgram(words) }
            isStarted.signal()
            while true { pause() }
        }.detach()
        isStarted.wait()
        return try #require(outcome.value).get()
    }

    /// The address of a database by way of it.
    func address(of database: String) -> String { "postgresql://postgres@/\(database)?host=\(folder.path)&port=6432" }
}
#endif
