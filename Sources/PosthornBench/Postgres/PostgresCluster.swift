#if PostgreSQL
import CPosthornPostgres
import Glibc
import PosthornBenchReports
import PosthornSystem

/// A PostgreSQL server of a benchmark's own in a temporary folder, reached over a Unix socket alone, with fsync on and as Debian sets it up
/// but for more memory. It ends with this program.
final class PostgresCluster {
    private let folder: TemporaryFolder
    private let process: ChildProcess
    private var databases = 0

    private static let binaries = (14...18).reversed().map { "/usr/lib/postgresql/\($0)/bin" }.first { access("\($0)/initdb", X_OK) == 0 }
    private static let settings = [
        "listen_addresses=", "max_connections=100", "shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=30min",
    ]
    private static let startMilliseconds: Int64 = 30_000

    init() throws {
        guard let binaries = Self.binaries else { throw BenchProblem("initdb is not there (apt-get install postgresql)") }
        folder = try TemporaryFolder()
        do {
            // It does not run as root.
            var user: [String] = []
            if getuid() == 0, let postgres = getpwnam("postgres") {
                user = ["--reuid=\(postgres.pointee.pw_uid)", "--regid=\(postgres.pointee.pw_gid)", "--clear-groups"]
                chown(folder.path, postgres.pointee.pw_uid, postgres.pointee.pw_gid)
            }
            let data = "\(folder.path)/data"
            let options = ["-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"]
            try ChildProcess(running: "setpriv", user + ["--", "\(binaries)/initdb"] + options, isQuiet: true).wait(for: "initdb")
            let settings = (Self.settings + ["unix_socket_directories=\(folder.path)"]).flatMap { ["-c", $0] }
            process = try ChildProcess(
                running: "setpriv",
                user + ["--pdeathsig", "QUIT", "--", "\(binaries)/postgres", "-D", data] + settings,
                isQuiet: true
            )
        } catch {
            folder.remove()
            throw error
        }
        do { try waitUntilItListens() } catch {
            end()
            throw error
        }
    }

    /// Ends it and removes its folder.
    func end() {
        kill(process.id, SIGQUIT)
        waitpid(process.id, nil, 0)
        folder.remove()
    }

    private func waitUntilItListens() throws {
        let end = MonotonicClock.nanoseconds() + Self.startMilliseconds * 1_000_000
        while PQping(address(of: "postgres")) != PQPING_OK {
            if MonotonicClock.nanoseconds() > end { throw BenchProblem("the server does not start within 30 s") }
            usleep(20_000)
        }
    }

    private func address(of database: String) -> String { "postgresql://postgres@/\(database)?host=\(folder.path)" }

    /// A session in the server's own database.
    func session() throws -> PostgresSession { try PostgresSession(address(of: "postgres")) }

    /// Makes an empty database.
    /// - Returns: Its address.
    func makeDatabase() throws -> String {
        databases += 1
        try session().run("CREATE DATABASE bench\(databases)")
        return address(of: "bench\(databases)")
    }

    /// Drops the database that was made last, and has nothing left to be written for it.
    func dropDatabase() throws {
        try session().run("DROP DATABASE bench\(databases) WITH (FORCE)")
        try session().run("CHECKPOINT")
    }

    /// The processor time of the server so far, in seconds: of all its processes, those that have ended too (proc(5)).
    var cpuSeconds: Double {
        guard let folder = opendir("/proc") else { return 0 }
        defer { closedir(folder) }
        var ticks = 0.0
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let number = Int32(name) else { continue }
            let fields = ProcessFile.text("/proc/\(number)/stat").split(separator: ")").last?.split(separator: " ") ?? []
            guard fields.count > 14, number == process.id || Int32(fields[1]) == process.id else { continue }
            let isServer = number == process.id
            ticks += fields[11...(isServer ? 14 : 12)].reduce(0) { $0 + (Double($1) ?? 0) }
        }
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// How many bytes of write-ahead log there were so far.
    func walBytes() throws -> Double { Double(try session().number("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")) }
}

/// A session with a server beside the engine's, such as a platform's.
final class PostgresSession {
    private let handle: OpaquePointer

    init(_ address: String) throws {
        guard let handle = PQconnectdb(address), PQstatus(handle) == CONNECTION_OK else { throw BenchProblem("no session with the server") }
        self.handle = handle
        posthorn_pq_silence(handle)
    }

    deinit { PQfinish(handle) }

    /// Runs a statement; its values are texts.
    func run(_ sql: String, _ values: [String] = []) throws {
        _ = try result(sql, values)
    }

    /// The whole number that a statement returns.
    func number(_ sql: String) throws -> Int64 { Int64(try result(sql, [])) ?? 0 }

    private func result(_ sql: String, _ values: [String]) throws -> String {
        let texts = values.map { strdup($0) }
        defer { for text in texts { free(text) } }
        let pointers = texts.map { UnsafePointer<CChar>($0) }
        let result = PQexecParams(handle, sql, Int32(values.count), nil, pointers, nil, nil, 0)
        defer { PQclear(result) }
        let status = PQresultStatus(result)
        guard status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK else {
            throw BenchProblem("\(sql): \(PQerrorMessage(handle).map { String(cString: $0) } ?? "")")
        }
        return PQntuples(result) > 0 ? String(cString: PQgetvalue(result, 0, 0)) : ""
    }
}
#endif
