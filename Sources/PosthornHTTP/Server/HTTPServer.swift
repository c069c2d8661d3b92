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
/// It takes what RFC 9110 and RFC 9112 allow and refuses, by closing the connection, whatever two readers could take differently.
/// Decisions and handlers run on the server's own threads: one that blocks holds up every connection of its thread. A handler
/// that needs time answers later, through its ``HTTPResponder``.
public final class HTTPServer: Sendable {
    /// The port it listens on, also when the system chose it; 0 for a Unix socket.
    public let port: Int
    private let shared: ServerShared
    private let threads: [WorkerThread]
    private let stopped = Mutex(false)

    /// Listens, and decides over each request when its head is there.
    /// - Throws: ``HTTPServerProblem`` when it cannot listen there, or the configuration has a limit that nothing can be served with.
    public init(
        configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
        deciding decide: @escaping @Sendable (HTTPRequestHead) -> HTTPDecision
    ) throws(HTTPServerProblem) {
        if let problem = configuration.problem {
            throw HTTPServerProblem(.invalidConfiguration, "cannot start the HTTP server: \(problem)")
        }
        let shared = try Self.resources { () throws(SystemProblem) in try ServerShared(configuration, decide) }
        let listener = try ListeningSocket(configuration.address)
        self.shared = shared
        port = listener.port
        var threads: [WorkerThread] = []
        do throws(HTTPServerProblem) {
            for index in shared.links.indices {
                threads.append(try Self.start(shared, index, index == 0 ? listener : nil))
            }
        } catch {
            if threads.isEmpty { listener.close() }
            Self.end(threads, shared)
            throw error
        }
        self.threads = threads
    }

    /// Listens, with a handler that answers before it returns.
    /// - Throws: ``HTTPServerProblem`` when it cannot listen there.
    public convenience init(
        configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
        handler: @escaping @Sendable (HTTPRequest) -> HTTPResponse
    ) throws(HTTPServerProblem) {
        let decision = HTTPDecision.collect(limitBytes: configuration.bodyLimitBytes, .immediate(handler))
        try self.init(configuration: configuration, deciding: { _ in decision })
    }

    /// Listens, with a handler that may answer later.
    /// - Throws: ``HTTPServerProblem`` when it cannot listen there.
    public convenience init(
        configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
        respondingLater handler: @escaping @Sendable (HTTPRequest, HTTPResponder) -> Void
    ) throws(HTTPServerProblem) {
        let decision = HTTPDecision.collect(limitBytes: configuration.bodyLimitBytes, .later(handler))
        try self.init(configuration: configuration, deciding: { _ in decision })
    }

    private static func start(
        _ shared: ServerShared,
        _ index: Int,
        _ listener: ListeningSocket?
    ) throws(HTTPServerProblem) -> WorkerThread {
        let poller = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard poller >= 0 else { throw outOfResources(SystemProblem("epoll_create1", errno)) }
        do throws(SystemProblem) {
            return try WorkerThread(name: "http-\(index)", stackBytes: WorkerThread.foreignStackBytes) {
                EventLoop(shared, index: index, poller: poller, listener: listener).run()
            }
        } catch {
            close(poller)
            throw outOfResources(error)
        }
    }

    private static func resources<Result>(_ make: () throws(SystemProblem) -> Result) throws(HTTPServerProblem) -> Result {
        do throws(SystemProblem) { return try make() } catch { throw outOfResources(error) }
    }

    private static func outOfResources(_ problem: SystemProblem) -> HTTPServerProblem {
        HTTPServerProblem(.outOfResources, "cannot start the HTTP server: \(problem)")
    }

    deinit { stop() }

    /// Takes no more connections, lets the requests that have arrived be answered (up to the configuration's drain limit),
    /// closes what is open and ends the threads. Not to be called by a handler. The second call does nothing.
    public func stop() {
        stopped.withLock { stopped in
            if stopped { return }
            stopped = true
            for link in shared.links { link.post(.stop) }
            drain()
            Self.end(threads, shared)
        }
    }

    /// Waits until no connection is open, or the limit is over.
    private func drain() {
        let end = MonotonicClock.nanoseconds() + Int64(shared.configuration.drainLimitMilliseconds) * 1_000_000
        while !shared.isDrained {
            let left = (end - MonotonicClock.nanoseconds() + 999_999) / 1_000_000
            if left <= 0 { return }
            shared.drained.wait(milliseconds: left)
        }
    }

    /// Ends the threads that have been started.
    private static func end(_ threads: [WorkerThread], _ shared: ServerShared) {
        for link in shared.links.prefix(threads.count) {
            link.post(.stop)
            link.post(.halt)
        }
        for thread in threads { thread.join() }
    }
}
