import Glibc

/// Where a server listens and what it puts up with. Every limit carries its unit.
public struct HTTPServerConfiguration: Sendable {
    /// A numeric address or a name; `::` listens for IPv4 too.
    public var host = "127.0.0.1"
    /// 0 lets the system choose a free one.
    public var port = 0
    /// Threads that read, call handlers and write; at least 1.
    public var threads = max(1, min(4, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
    /// The longest body; a longer one is answered 413.
    public var bodyLimitBytes = 8 << 20
    /// Request line and headers together; more is answered 431.
    public var headerLimitBytes = 32 << 10
    /// Connections at one time; more wait in the system's backlog.
    public var connectionLimit = 4096
    /// How long a request may take to arrive whole once its header is there, or from the moment its connection opened;
    /// and how long its answer may take to be read. Bytes that trickle in do not prolong it.
    public var requestDeadlineMilliseconds = 30_000
    /// How long a kept-alive connection may take until the next request's header is there whole.
    public var idleLimitMilliseconds = 75_000
    /// How long ``HTTPServer/stop()`` waits for the requests that are being answered.
    public var drainLimitMilliseconds = 10_000

    /// 127.0.0.1, a free port and moderate limits.
    public init(host: String = "127.0.0.1", port: Int = 0) {
        self.host = host
        self.port = port
    }
}

/// Why a server could not start; one line for the operator.
public struct HTTPServerProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// The cause, fit for a program to decide on.
    public enum Code: String, Sendable {
        case portInUse, permissionDenied, addressNotAvailable, unknownHost, invalidConfiguration, outOfResources
    }

    /// The cause.
    public let code: Code
    /// What happened, where, and what to do.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// The problem behind an error number of `socket`, `bind` or `listen`.
    init(errno number: Int32, at place: String) {
        switch number {
        case EADDRINUSE:
            self.init(.portInUse, "cannot listen on \(place): another program uses this port; choose another port or stop it")
        case EACCES, EPERM:
            self.init(.permissionDenied, "cannot listen on \(place): ports below 1024 need privileges; choose a higher one")
        case EADDRNOTAVAIL, EAFNOSUPPORT:
            self.init(.addressNotAvailable, "cannot listen on \(place): this machine has no such address")
        default:
            self.init(.outOfResources, "cannot listen on \(place): \(String(cString: strerror(number)))")
        }
    }
}
