import CPosthornLinux
import Glibc
import PosthornBenchReports
import PosthornSystem

/// nginx as a benchmark's receiver, started from a configuration in a temporary folder.
final class NginxProcess {
    let port: Int
    /// The system's authorities and the one that has signed nginx's certificates, in one file; `nil` in clear text.
    let caFile: String?
    private let folder: TemporaryFolder
    private let configuration: NginxConfiguration
    private let process: ChildProcess
    /// Connections that were made to ask for their number.
    private var ownConnections = 0

    /// What makes this program nginx.
    static let subcommand = "nginx"
    private static let startMilliseconds = 10_000
    /// A real certificate names a few hosts; with thousands it would be most of the handshake.
    private static let addressesPerCertificate = 50

    /// - Parameter core: The only core of the machine that it may use; `nil` for all.
    init(_ kind: ReceiverKind, hosts: Int, silentPort: Int, core: Int? = nil) throws {
        folder = try TemporaryFolder()
        do {
            port = try Self.freePort()
            var groups = LoopbackHosts(count: hosts).groups(of: Self.addressesPerCertificate)
            // A benchmark may have one host of its own beside those of another kind.
            if hosts > 1 { groups[0].append(LoopbackHosts(count: 1).address(0)) }
            configuration = NginxConfiguration(
                folder: folder.path,
                port: port,
                silentPort: silentPort,
                silentPath: Sink.silentPath,
                certificates: kind.isTLS ? groups : nil,
                closes: kind.closes
            )
            caFile = kind.isTLS ? try TestAuthority.makeCertificates(configuration) : nil
            try TextFile.write(configuration.text, to: configuration.path)
            process = try ChildProcess([Self.subcommand, configuration.path], core: core)
        } catch {
            folder.remove()
            throw error
        }
        do {
            try waitUntilItListens()
        } catch {
            end()
            throw error
        }
    }

    /// Ends it and removes its folder.
    func end() {
        process.end()
        folder.remove()
    }

    /// The processor time that it has used, in seconds.
    var cpuSeconds: Double { process.cpuSeconds }

    /// The connections to it so far.
    func connections() throws -> ConnectionCount {
        guard let status = status() else { throw BenchProblem("nginx does not answer any more: \(complaints)") }
        let log = ProcessFile.text(configuration.connectionLog)
        return try ConnectionCount(status: status, log: log) - ConnectionCount(opened: ownConnections)
    }

    /// The other side: becomes nginx, which ends with the program that asked for it.
    static func serve(_ arguments: ArraySlice<String>) throws -> Never {
        guard let path = arguments.first else { throw BenchProblem.usage("\(subcommand) is for posthorn-bench itself") }
        _ = posthorn_end_with_parent()
        ProcessFile.raiseDescriptorLimit()
        var words: [UnsafeMutablePointer<CChar>?] = ["nginx", "-c", path].map { (word: String) in strdup(word) } + [nil]
        execvp("nginx", &words)
        throw BenchProblem("nginx does not start: \(String(cString: strerror(errno))) (apt-get install nginx)")
    }

    private func waitUntilItListens() throws {
        for _ in 0..<Self.startMilliseconds {
            if status() != nil { return }
            if let problem = process.endedEarly("nginx") { throw BenchProblem("\(problem): \(complaints)") }
            usleep(1000)
        }
        throw BenchProblem("nginx does not listen within \(Self.startMilliseconds / 1000) s: \(complaints)")
    }

    private var complaints: String {
        let text = ProcessFile.text(configuration.errorLog).split { $0.isNewline }.last.map(String.init) ?? ""
        return text.isEmpty ? "it says nothing of it; is the Debian package nginx installed?" : text
    }

    private func status() -> String? {
        guard let answer = try? LocalRequest.get("/", fromUnixSocket: configuration.statusSocket) else { return nil }
        ownConnections += 1
        return answer
    }

    /// A port that nobody has at this moment.
    private static func freePort() throws -> Int {
        let (listener, port) = try Sink.listen()
        close(listener)
        return port
    }
}
