import Glibc

/// Where a server listens and what it puts up with. Every limit carries its unit.
public struct HTTPServerConfiguration: Sendable {
    /// Where a server listens.
    public enum Address: Hashable, Sendable {
        /// A numeric address or a name, and a port; `::` listens for IPv4 too, port 0 lets the system choose a free one.
        case tcp(host: String, port: Int)
        /// A socket in the file system, and who may connect to it, such as 0o660. A socket that nobody listens on any more is
        /// replaced; the file goes when the server stops.
        case unix(path: String, mode: UInt32)
    }

    /// Where it listens.
    public var address: Address
    /// Threads that read, call handlers and write; at least 1.
    public var threads = max(1, min(4, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))

    /// Request line and headers together; more is answered 431, or 414 when it is the request line. 1,024 at least.
    public var headLimitBytes = 32 << 10
    /// Header fields; more are answered 431.
    public var fieldLimit = 100
    /// The longest body for handlers that take whole requests; a longer one is answered 413.
    public var bodyLimitBytes = 8 << 20
    /// Bodies of all connections together, from their first byte until they are answered; what is beyond is answered 503.
    public var bodyMemoryLimitBytes = 256 << 20
    /// The same for one client's address, so that one client does not use up all.
    public var bodyMemoryLimitPerAddressBytes = 64 << 20
    /// How much of an answer that is streamed may wait for its client; more is not taken from the handler.
    public var streamBufferLimitBytes = 256 << 10

    /// Connections at one time. When all are taken, those that have waited longest for a request make room; when there is none,
    /// new ones wait in the system's backlog.
    public var connectionLimit = 4096
    /// Connections of one client at one time: an IPv4 address, or a /64 of IPv6. More are closed. `nil` for no limit of its own.
    /// Named proxies and Unix sockets, which many clients share, have none.
    public var connectionLimitPerAddress: Int? = 1024

    /// What it proves itself with where it speaks TLS; `nil` for HTTP in the clear.
    public var tls: HTTPServerTLS?
    /// From the connection to the end of the handshake of TLS.
    public var handshakeDeadlineMilliseconds = 10_000
    /// Is given each client with which TLS was not agreed, on one of the server's threads; not those that only left.
    public var handshakeFailed: (@Sendable (HTTPHandshakeFailure) -> Void)?

    /// From the first byte of a head to its last. Bytes that trickle in do not prolong it.
    public var headDeadlineMilliseconds = 15_000
    /// From the head to the end of the body, for handlers that take whole requests.
    public var bodyDeadlineMilliseconds = 30_000
    /// How long an answer, or a body that is streamed, may take for each ``progressBytes``. There is no limit to the whole.
    public var progressDeadlineMilliseconds = 30_000
    /// See ``progressDeadlineMilliseconds``.
    public var progressBytes = 4 << 10
    /// How long a handler may take before its client is answered 503; `nil` for as long as it takes.
    public var handlerDeadlineMilliseconds: Int?
    /// The same when the client has ended its side of the connection, as one that is gone has.
    public var halfClosedDeadlineMilliseconds = 10_000
    /// How long a connection may be without a request.
    public var idleLimitMilliseconds = 75_000
    /// How long a client may take to read a refusal, while what it still sends is thrown away.
    public var lingerLimitMilliseconds = 2_000
    /// How long ``HTTPServer/stop()`` waits for the requests that are being answered.
    public var drainLimitMilliseconds = 10_000

    /// Whose word about the client's address is believed.
    public var proxies: ProxyTrust?
    /// Whether answers carry `X-Request-Id`.
    public var sendsRequestID = false
    /// What a request is answered that the server itself refuses. Its status is the refusal's.
    public var refusalResponse: @Sendable (HTTPRefusal) -> HTTPResponse = { .text($0.reason + "\n", status: $0.status) }
    /// Is given each request that has been answered or has come to nothing, on one of the server's threads.
    public var accessLog: (@Sendable (HTTPAccess) -> Void)?

    /// A free port, or this one, and moderate limits.
    public init(host: String = "127.0.0.1", port: Int = 0) { address = .tcp(host: host, port: port) }

    /// Another address, and moderate limits.
    public init(address: Address) { self.address = address }

    /// The first problem with the values; `nil` when they can be served with.
    var problem: String? {
        let least: [(String, Int, Int)] = [
            ("threads", threads, 1), ("headLimitBytes", headLimitBytes, 1024), ("fieldLimit", fieldLimit, 1),
            ("bodyLimitBytes", bodyLimitBytes, 0), ("bodyMemoryLimitBytes", bodyMemoryLimitBytes, 0),
            ("bodyMemoryLimitPerAddressBytes", bodyMemoryLimitPerAddressBytes, 0),
            ("streamBufferLimitBytes", streamBufferLimitBytes, 1), ("connectionLimit", connectionLimit, threads),
            ("connectionLimitPerAddress", connectionLimitPerAddress ?? 1, 1),
            ("handshakeDeadlineMilliseconds", handshakeDeadlineMilliseconds, 1), ("headDeadlineMilliseconds", headDeadlineMilliseconds, 1),
            ("bodyDeadlineMilliseconds", bodyDeadlineMilliseconds, 1),
            ("progressDeadlineMilliseconds", progressDeadlineMilliseconds, 1), ("progressBytes", progressBytes, 1),
            ("handlerDeadlineMilliseconds", handlerDeadlineMilliseconds ?? 1, 1),
            ("halfClosedDeadlineMilliseconds", halfClosedDeadlineMilliseconds, 1),
            ("idleLimitMilliseconds", idleLimitMilliseconds, 1), ("lingerLimitMilliseconds", lingerLimitMilliseconds, 0),
            ("drainLimitMilliseconds", drainLimitMilliseconds, 0),
        ]
        return least.first { $0.1 < $0.2 }.map { "\($0.0) is \($0.1) and must be \($0.2) at least" }
    }

    /// How long a limit of time is; `nil` for none.
    func milliseconds(of timer: ConnectionTimer) -> Int? {
        switch timer {
        case .handshake: return handshakeDeadlineMilliseconds
        case .idle: return idleLimitMilliseconds
        case .head: return headDeadlineMilliseconds
        case .body: return bodyDeadlineMilliseconds
        case .bodyProgress, .answerProgress: return progressDeadlineMilliseconds
        case .handler: return handlerDeadlineMilliseconds
        case .halfClosed: return halfClosedDeadlineMilliseconds
        case .linger: return lingerLimitMilliseconds
        case .none: return nil
        }
    }
}
