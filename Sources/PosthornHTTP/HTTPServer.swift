import CPosthornLinux
import Glibc
internal import PosthornSystem
import Synchronization

/// An HTTP/1.1 server: requests in, responses out. It knows nothing of what they mean.
///
/// ```swift
/// let server = try HTTPServer(configuration: HTTPServerConfiguration(port: 9999)) { request in
///     .text("you asked for \(request.path)")
/// }
/// ```
/// Handlers run on the server's own threads: one that blocks holds up every connection of its thread. A handler that needs
/// time answers later, through its ``HTTPResponder``.
public final class HTTPServer: Sendable {
    enum Handler: Sendable {
        case immediate(@Sendable (HTTPRequest) -> HTTPResponse)
        case later(@Sendable (HTTPRequest, HTTPResponder) -> Void)
    }

    /// The port it listens on, also when the system chose it.
    public let port: Int
    private let core: ServerCore
    private let daemon: Daemon
    private let acceptor: Acceptor
    private let stopped = Mutex(false)

    /// Listens, with a handler that answers before it returns.
    /// - Throws: ``HTTPServerProblem`` when it cannot listen there.
    public convenience init(
        configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
        handler: @escaping @Sendable (HTTPRequest) -> HTTPResponse
    ) throws(HTTPServerProblem) {
        try self.init(configuration, .immediate(handler))
    }

    /// Listens, with a handler that may answer later.
    /// - Throws: ``HTTPServerProblem`` when it cannot listen there.
    public convenience init(
        configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
        respondingLater handler: @escaping @Sendable (HTTPRequest, HTTPResponder) -> Void
    ) throws(HTTPServerProblem) {
        try self.init(configuration, .later(handler))
    }

    private init(_ configuration: HTTPServerConfiguration, _ handler: Handler) throws(HTTPServerProblem) {
        guard configuration.threads > 0, configuration.connectionLimit > 0, configuration.headerLimitBytes >= 1024 else {
            throw HTTPServerProblem(
                .invalidConfiguration,
                "cannot start the HTTP server: it needs a thread, a connection and 1024 bytes for headers at least"
            )
        }
        let waker = try Self.resources { () throws(SystemProblem) in try Waker() }
        core = ServerCore(configuration, handler, waker)
        let listener = try ListeningSocket(host: configuration.host, port: configuration.port)
        port = listener.port
        do throws(HTTPServerProblem) {
            daemon = try Daemon(core)
        } catch {
            close(listener.descriptor)
            throw error
        }
        do throws(SystemProblem) {
            acceptor = try Acceptor(listener, core, daemon)
        } catch {
            daemon.stop()
            close(listener.descriptor)
            throw HTTPServerProblem(.outOfResources, "cannot start the HTTP server: \(error)")
        }
    }

    private static func resources<Result>(_ make: () throws(SystemProblem) -> Result) throws(HTTPServerProblem) -> Result {
        do throws(SystemProblem) { return try make() } catch {
            throw HTTPServerProblem(.outOfResources, "cannot start the HTTP server: \(error)")
        }
    }

    deinit { stop() }

    /// Takes no more connections, lets the requests that have arrived be answered (up to the configuration's drain limit),
    /// closes what is open and ends the threads. Not to be called by a handler. The second call does nothing.
    public func stop() {
        stopped.withLock { stopped in
            if stopped { return }
            stopped = true
            acceptor.stop()
            core.drain()
            daemon.stop()
        }
    }
}
