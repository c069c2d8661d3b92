import Glibc
import Posthorn
import PosthornAPI
import PosthornHTTP
import PosthornModel
import PosthornSending
import PosthornSystem

/// The flags of `run` that open the HTTP API.
struct ListenArguments {
    static let flags: [CommandSpecification.Flag] = [
        .init("listen", "ADDRESS", "open the HTTP API at HOST:PORT or unix:PATH"),
        .init("base-path", "PATH", "with --listen: what comes before every path of the API, such as /hooks"),
        .init(
            "trusted-proxy",
            "CIDR",
            isRepeatable: true,
            "with --listen: believe X-Forwarded-For of proxies in this range; with unix:PATH of all who connect (repeatable)"
        ),
        .init(
            "public-url",
            "URL",
            "with --listen: where customers reach it, such as https://hooks.example.com, for links of portal sessions"
        ),
        .init(
            "portal-frame-ancestors",
            "SITE",
            isRepeatable: true,
            "with --listen: a site that may show the dashboard in a frame, such as https://app.example.com (repeatable)"
        ),
        .init("hide-payloads", "with --listen: hide the data of events and the answers of receivers, whatever the key"),
        .init("backup-folder", "FOLDER", "with --listen: where POST /v1/backups makes copies of the outbox"),
        .init(
            "keep-backups",
            "N",
            "with --backup-folder: keep the newest N there, and delete older ones once a new one is made (default: all)"
        ),
        .init("metrics-endpoints", "IDS", "with --listen: endpoints, separated by commas, whose attempts have metrics of their own"),
    ]

    static let details =
        "With --listen the HTTP API is open: events in, deliveries, endpoints, keys, metrics; /openapi.json describes it. Without any key it\n"
        + "listens on a loopback address or a Unix socket only, and all who reach that may do everything; posthorn key create makes a\n"
        + "key, and from then on only keys are let in. TLS is a reverse proxy's."

    private let address: ListenAddress
    private let basePath: String
    private let proxies: [CIDR]
    private let metricsEndpoints: [String]
    private let publicOrigin: String?
    private let hidesPayloads: Bool
    private let frameAncestors: [String]
    private let backupFolder: String?
    private let keptBackups: Int?

    /// What the flags ask for; `nil` without `--listen`.
    init?(_ arguments: ParsedArguments, command: String) throws(UsageProblem) {
        guard let text = arguments.text("listen") else {
            for flag in Self.flags.map(\.name) where arguments.has(flag) {
                throw UsageProblem("--\(flag) goes with --listen", command: command)
            }
            return nil
        }
        do throws(InputProblem) { address = try ListenAddress(text) } catch {
            throw UsageProblem("--listen: \(error.value.map { "\"\($0)\" " } ?? "")\(error.reason)", command: command)
        }
        let path = arguments.text("base-path") ?? ""
        guard path.isEmpty || Self.isBasePath(path) else {
            throw UsageProblem(
                "--base-path: \"\(InputProblem.printable(path))\" is no path; it begins with / and has letters, digits, - and _",
                command: command
            )
        }
        basePath = path
        proxies = try arguments.ranges("trusted-proxy")
        metricsEndpoints = try Self.endpoints(arguments.text("metrics-endpoints"), command)
        hidesPayloads = arguments.has("hide-payloads")
        backupFolder = try arguments.text("backup-folder").map { path throws(UsageProblem) in try Self.folder(path, command) }
        keptBackups = try arguments.integer("keep-backups", 1...100_000)
        if keptBackups != nil, backupFolder == nil { throw UsageProblem("--keep-backups goes with --backup-folder", command: command) }
        publicOrigin = try arguments.text("public-url").map { text throws(UsageProblem) in try Self.origin(text, "public-url", command) }
        frameAncestors = try arguments.all("portal-frame-ancestors").map { text throws(UsageProblem) in
            try Self.origin(text, "portal-frame-ancestors", command)
        }
    }

    /// A folder that is there and may be written.
    private static func folder(_ path: String, _ command: String) throws(UsageProblem) -> String {
        var facts = stat()
        let isFolder = stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
        if isFolder, access(path, R_OK | W_OK | X_OK) == 0 { return path }
        let reason = isFolder ? "may not be read and written by this user" : "is no folder"
        throw UsageProblem("--backup-folder: \"\(InputProblem.printable(path))\" \(reason); make it, or name another", command: command)
    }

    /// Metrics of many endpoints are too much for what reads them: each is two dozen series.
    private static let metricsEndpointLimit = 100

    private static func endpoints(_ text: String?, _ command: String) throws(UsageProblem) -> [String] {
        guard let text else { return [] }
        let ids = text.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
        guard !ids.contains(""), ids.count <= metricsEndpointLimit else {
            throw UsageProblem(
                "--metrics-endpoints: \"\(InputProblem.printable(text))\" is no list of endpoints; write their ids with commas between, "
                    + "\(metricsEndpointLimit) at most",
                command: command
            )
        }
        return ids
    }

    /// A site's scheme, name and port, without which a header could not carry it.
    private static func origin(_ text: String, _ flag: String, _ command: String) throws(UsageProblem) -> String {
        guard text.utf8.count <= 255, text.wholeMatch(of: /https?:\/\/([A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?\/?/) != nil else {
            throw UsageProblem(
                "--\(flag): \"\(InputProblem.printable(text))\" is no site; write its scheme and name alone, such as https://app.example.com",
                command: command
            )
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    private static func isBasePath(_ path: String) -> Bool {
        path.wholeMatch(of: /(\/[A-Za-z0-9_\-]+)+/) != nil
    }

    /// Refuses to make copies of what is no file.
    func refuseBackups(of database: String) throws {
        if backupFolder == nil { return }
        try DatabaseServer.refuse(database, "run --backup-folder", instead: "pg_dump makes a copy while it is used")
    }

    /// Whether other machines can connect, so that only keys may be let in.
    var isOpenToStrangers: Bool { !address.isLoopback && !address.isUnixSocket }

    /// Descriptors that its connections take.
    static let descriptors = HTTPServerConfiguration().connectionLimit

    /// Opens the API, and says where.
    func open(_ outbox: Outbox, beside engine: Engine, guard egress: EgressGuard, caFile: String?, _ log: LogWriter) throws -> APIServer {
        var options = API.Options()
        options.basePath = basePath
        options.guard = egress
        options.metricsEndpoints = metricsEndpoints
        options.publicOrigin = publicOrigin
        options.hidesPayloads = hidesPayloads
        options.frameAncestors = frameAncestors
        options.engine = {
            let statistics = engine.statistics
            return statistics.senders == nil ? nil : statistics
        }
        options.caFile = caFile
        options.updates = { engine.updates() }
        options.report = { log.log(LogRecord(api: $1, request: $0)) }
        options.backups = backupFolder.map { folder in
            BackupFolder(folder, of: outbox, keeping: keptBackups) { log.log(LogRecord(backup: $0, $1, in: folder)) }
        }
        let server = try APIServer(
            outbox,
            listen: address,
            options: options,
            configure: { configuration in
                if !proxies.isEmpty { configuration.proxies = ProxyTrust(ranges: proxies, trustsUnixSocket: true) }
            },
            log: { log.log(LogRecord($0)) }
        )
        let place: String =
            switch address.address {
            case .tcp(let host, _): host.contains(":") ? "[\(host)]:\(server.port)" : "\(host):\(server.port)"
            case .unix(let path, _): "unix:\(path)"
            }
        log.log(LogRecord(listening: place, hasKeys: server.hasKeys))
        let known = Set(try outbox.topology().endpoints.filter { $0.state != .removed }.map(\.settings.id))
        let unknown = metricsEndpoints.filter { !known.contains($0) }
        if !unknown.isEmpty { log.log(LogRecord(unknownMetricsEndpoints: unknown)) }
        return server
    }
}
