import Glibc
import Synchronization

/// A PostgreSQL server of the tests' own in a temporary folder, reached over a Unix socket alone, with fsync on as in production. It ends
/// with the process that started it, however that ends.
public final class PostgresServer: Sendable {
    private static let binaries = (13...18).reversed().map { "/usr/lib/postgresql/\($0)/bin" }.first { access("\($0)/initdb", X_OK) == 0 }

    /// The program of the server's own version. The `psql` in Debian's `$PATH` is a Perl script, which takes longer to start than to ask.
    public static var psql: String { binaries.map { "\($0)/psql" } ?? "psql" }

    /// Whether there is one to be started.
    public static var isInstalled: Bool { binaries != nil }

    private static let started = Mutex<PostgresServer?>(nil)
    private static let names = Atomic<Int>(0)

    /// One for all tests of a process, started by the first that wants it.
    public static func shared() throws -> PostgresServer {
        try started.withLock { started in
            if let started { return started }
            let made = try PostgresServer()
            started = made
            return made
        }
    }

    let folder: String
    private let binaries: String
    private let settings: [String]
    private let environment: [String]
    /// A pipe whose other end a shell waits at: it ends the server when this process is gone.
    private let lifeline: Int32

    /// Starts one.
    /// - Parameters:
    ///   - settings: More settings, such as `max_connections=20`.
    ///   - log: An empty folder that its log (WAL) is to be in, in files of a megabyte.
    ///   - environment: Variables of its processes, such as `TZ=UTC`.
    public convenience init(settings: [String] = [], log: String? = nil, environment: [String] = []) throws {
        let options = ["-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"]
        if let log { Self.giveAway(log) }
        try self.init(settings, environment, by: ["initdb"] + options + (log.map { ["--waldir=\($0)", "--wal-segsize=1"] } ?? []))
    }

    /// - Parameter words: What makes its folder.
    private init(_ settings: [String], _ environment: [String] = [], by words: [String]) throws {
        guard let binaries = Self.binaries else { throw CommandProblem(program: "initdb", reason: ENOENT) }
        self.binaries = binaries
        self.settings = settings
        self.environment = environment
        var template = Array("/tmp/posthorn-pg-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw CommandProblem(program: "mkdtemp", reason: errno) }
        folder = String(cString: made)
        Self.giveAway(folder)
        lifeline = try Self.tie("\(binaries)/pg_ctl -D \(folder)/data -m immediate stop; rm -rf \(folder)", as: Self.user)
        try Self.check(Command.run(Self.user + ["\(binaries)/\(words[0])", "-D", "\(folder)/data"] + words.dropFirst()), words[0])
        try start()
    }

    private static func giveAway(_ path: String) {
        if getuid() == 0, let postgres = getpwnam("postgres") { chown(path, postgres.pointee.pw_uid, postgres.pointee.pw_gid) }
    }

    /// Makes a standby that follows it.
    public func makeStandby() throws -> PostgresServer {
        let options = ["-h", folder, "-U", "postgres", "-X", "stream", "-c", "fast", "--no-sync", "-R"]
        return try PostgresServer(settings, by: ["pg_basebackup"] + options)
    }

    /// Has a standby take nothing more from its primary, and waits until it does not.
    public func cutOff() throws {
        let place = address(of: "postgres")
        try run("ALTER SYSTEM SET primary_conninfo = ''", in: place)
        try run("SELECT pg_reload_conf()", in: place)
        try wait(for: "SELECT count(*) FROM pg_stat_wal_receiver", in: place) { $0 == "0" }
    }

    /// Makes a primary of a standby, and waits until it is one.
    public func promote() throws {
        try Self.check(Command.run(Self.user + ["\(binaries)/pg_ctl", "-D", "\(folder)/data", "-w", "-s", "promote"]), "pg_ctl promote")
    }

    /// Whether its postmaster runs.
    public func isRunning() throws -> Bool {
        try Command.run(Self.user + ["\(binaries)/pg_ctl", "-D", "\(folder)/data", "status"]).status == 0
    }

    /// The address of a database that is on the first of several servers that takes changes.
    public static func address(of database: String, on servers: [PostgresServer]) -> String {
        "postgresql://postgres@/\(database)?host=\(servers.map(\.folder).joined(separator: ","))&target_session_attrs=read-write"
    }

    deinit { close(lifeline) }

    /// It does not run as root.
    private static var user: [String] {
        getuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] : []
    }

    private static func check(_ result: Command.Result, _ program: String) throws {
        if result.status != 0 { throw PostgresServerProblem(description: "\(program): \(result.output)") }
    }

    /// Has a shell do something when this process ends.
    /// - Returns: A descriptor; when it is closed, the shell does it.
    private static func tie(_ command: String, as user: [String]) throws -> Int32 {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw CommandProblem(program: "pipe", reason: errno) }
        defer { close(ends[0]) }
        // Another program that is started meanwhile must not keep it open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        let words = ["setsid"] + user + ["sh", "-c", "read line; \(command)"]
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        let problem = posix_spawnp(&process, words[0], &actions, nil, &arguments, environ)
        guard problem == 0 else { throw CommandProblem(program: words[0], reason: problem) }
        return ends[1]
    }

    /// Starts it again after ``stop(_:)``, and waits until it takes connections.
    public func start() throws {
        let options = ["listen_addresses=", "unix_socket_directories=\(folder)", "max_connections=200"] + settings
        let words = ["env"] + environment + ["\(binaries)/pg_ctl", "-D", "\(folder)/data", "-l", "\(folder)/log", "-w", "-s"]
        try Self.check(Command.run(Self.user + words + ["-o", options.map { "-c \($0)" }.joined(separator: " "), "start"]), "pg_ctl start")
    }

    /// Ends it.
    /// - Parameter mode: `immediate` as by a crash, or `fast`.
    public func stop(_ mode: String) throws {
        let words = ["\(binaries)/pg_ctl", "-D", "\(folder)/data", "-w", "-s", "-m", mode, "stop"]
        try Self.check(Command.run(Self.user + words), "pg_ctl stop")
    }

    /// Makes an empty database.
    /// - Parameter options: More words of `CREATE DATABASE`.
    /// - Returns: Its address.
    public func makeDatabase(_ options: String = "") throws -> String {
        let name = "test\(Self.names.wrappingAdd(1, ordering: .relaxed).newValue)"
        _ = try run("CREATE DATABASE \(name) \(options)", in: address(of: "postgres"))
        return address(of: name)
    }

    /// The address of a database.
    /// - Parameter user: Who connects; `postgres` may do everything.
    public func address(of database: String, as user: String = "postgres") -> String {
        "postgresql://\(user)@/\(database)?host=\(folder)"
    }

    /// The database that an address names.
    public func name(of address: String) -> String { String(address.prefix { $0 != "?" }.split(separator: "/").last ?? "") }

    /// Runs SQL with `psql`, in one transaction, and returns the rows without decoration.
    @discardableResult
    public func run(_ sql: String, in address: String) throws -> String {
        // One word of a command line takes 128 KiB.
        let isLarge = sql.utf8.count > 100_000
        let place = try TemporaryDirectory()
        if isLarge, let file = fopen(place.file("large.sql"), "w") {
            fputs(sql, file)
            fclose(file)
        }
        let words = isLarge ? ["-1", "-f", place.file("large.sql")] : ["-c", sql]
        let result = try Command.run([Self.psql, address, "-v", "ON_ERROR_STOP=1", "-qtAX"] + words)
        try Self.check(result, "psql")
        return result.output
    }
}

extension PostgresServer {
    /// Asks over one connection until the answer is as it should be: `psql` itself takes longer to start than to ask.
    ///
    /// Whoever waits for what never comes is ended by the time limit of the suite.
    /// - Parameters:
    ///   - sql: A query of one row.
    ///   - isThere: Gets the row, its columns separated by blanks.
    public func wait(for sql: String, in address: String, until isThere: (String) -> Bool) throws {
        let place = try TemporaryDirectory()
        guard let file = fopen(place.file("question.sql"), "w") else { throw CommandProblem(program: "psql", reason: errno) }
        fputs("\(sql)\n\\watch 0.02\n", file)
        fclose(file)
        // What it complains of is no row.
        let words = [Self.psql, address, "-v", "ON_ERROR_STOP=1", "-qtAX", "-F", " ", "-f", place.file("question.sql")]
        let asking = try BackgroundProgram(["sh", "-c", #"exec "$@" 2>"$0""#, place.file("complaints")] + words)
        let isAnswered = asking.wait { output in
            guard output.last == "\n", let last = output.split(separator: "\n").last else { return false }
            return isThere(String(last))
        }
        if isAnswered { return }
        let complaints = try Command.run(["cat", place.file("complaints")]).output
        throw PostgresServerProblem(description: "psql: \(complaints), after \(asking.output.suffix(200))")
    }
}

/// Why a server of the tests does not do what it is asked for.
public struct PostgresServerProblem: Error, CustomStringConvertible {
    /// What its program says.
    public let description: String
}
