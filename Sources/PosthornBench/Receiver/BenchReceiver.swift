import Glibc
import PosthornBenchReports

/// The receiver of a benchmark, in processes of its own, with a count of the connections to it.
struct BenchReceiver {
    /// Where it listens, on every address.
    let port: Int
    /// The authorities that its certificates are to be judged by; `nil` in clear text.
    let caFile: String?
    private let sink: SinkProcess
    private let nginx: NginxProcess?

    /// Starts it.
    /// - Parameter hosts: The addresses that it has certificates for.
    init(_ kind: ReceiverKind, hosts: Int) throws {
        sink = try SinkProcess()
        do {
            nginx = kind.needsNginx ? try NginxProcess(kind, hosts: hosts, silentPort: sink.port) : nil
        } catch {
            sink.end()
            throw error
        }
        port = nginx?.port ?? sink.port
        caFile = nginx?.caFile
    }

    /// Ends it. Requests that were never answered end with it.
    func end() {
        sink.end()
        nginx?.end()
    }

    /// The connections to it so far.
    func connections() throws -> ConnectionCount {
        if let nginx { return try nginx.connections() }
        return ConnectionCount(opened: try sink.acceptedConnections())
    }
}
