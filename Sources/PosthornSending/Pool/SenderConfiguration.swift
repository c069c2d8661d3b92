import Glibc

/// How the senders work.
public struct SenderConfiguration: Sendable {
    /// Sender threads; at most one a core is used.
    public var threads: Int
    /// Requests at once that are younger than ``youngMilliseconds``, over all threads; `nil` for 48, and 24 more for each thread beyond
    /// the second. To find a host's idle connection libcurl walks past the busy ones, so 64 at once cost two threads 9 % more CPU than 48;
    /// with fewer than that they wait more.
    public var youngInFlightLimit: Int?
    /// How long a request counts as young. Receivers that take longer get as many starts a second as the limit allows in
    /// this time: 12,000 with two threads.
    public var youngMilliseconds = 4
    /// Requests at once that wait for a new connection and are younger than ``handshakeMilliseconds``, over all threads.
    public var handshakesInFlightLimit = 64
    /// How long a new connection's TCP and TLS handshakes count as young. Cold hosts get as many handshakes a second as the limit
    /// allows in this time, if they take longer: 1,280. It is well above what that many cost a thread.
    public var handshakeMilliseconds = 50
    /// Requests at once that are older than that, over all threads.
    public var slowInFlightLimit = 2048
    /// Bytes of event data in requests at once, over all threads, counting those with more than 16 KiB. One request is
    /// always let through, whatever its size.
    public var largeInFlightLimitBytes = 64 << 20
    /// How much of an answer's body is read; beyond it the status alone decides.
    public var responseLimitBytes = 65_536
    /// Connections over TLS that a thread keeps open, at most, and as many in clear text, as far as the process may have descriptors;
    /// well above what is in flight, or idle ones are closed and opened again. One over TLS holds about 50 KB of the memory.
    public var connectionCacheLimit = 4096
    /// What TLS sessions that can be taken up again may hold of the memory: about 3 KiB a host, so that 5,000 hosts have room. Those
    /// that were used last stay.
    public var sessionLimitBytes = 16 << 20
    /// How old a connection gets, in seconds: an older one is not used again, so that a name that has moved, a server that is to be
    /// emptied and a renewed certificate are followed.
    public var connectionLifetimeSeconds = 300
    /// How long connections stay open that nobody uses, in seconds, about.
    public var idleConnectionSeconds = 120
    /// Which addresses may be reached.
    public var `guard` = EgressGuard()
    /// How names are resolved.
    public var resolver = ResolverConfiguration()
    /// A PEM file of certificate authorities instead of the system's; `SSL_CERT_FILE` in the environment when `nil`.
    public var caFile: String?

    /// How many may be young.
    /// - Parameter running: The threads that there are, which may be fewer than were asked for.
    package func youngPlaces(ofThreads running: Int) -> Int { youngInFlightLimit ?? max(48, 24 * running) }

    /// Two threads, or one on a single core.
    public init() { threads = min(2, Self.cores) }

    /// Cores that are online.
    static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
