import CPosthornLinux
import Glibc
import PosthornBenchReports
import PosthornHTTP

/// Posthorn's HTTP server with a handler that does nothing, in a process of its own.
struct AnsweringProcess {
    let port: Int
    private let process: ChildProcess

    /// What makes this program that server.
    static let subcommand = "answer"

    /// - Parameter core: The only core of the machine that it may use.
    init(core: Int) throws {
        (process, port) = try ChildProcess.printingPort([Self.subcommand], "the HTTP server", core: core)
    }

    /// The processor time that it has used, in seconds.
    var cpuSeconds: Double { process.cpuSeconds }

    func end() { process.end() }

    /// The other side: one thread that answers every request as nginx does with `return 200 ok`.
    static func serve() throws -> Never {
        var configuration = HTTPServerConfiguration()
        configuration.threads = 1
        let answer = HTTPResponse.text("ok")
        let server = try HTTPServer(configuration: configuration) { _ in answer }
        print(server.port)
        fflush(nil)
        _ = posthorn_end_with_parent()
        return withExtendedLifetime(server) { while true { pause() } }
    }
}
