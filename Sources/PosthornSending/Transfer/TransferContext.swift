import PosthornCurl
import PosthornModel
import PosthornSystem

/// What the transfers of one thread share.
final class TransferContext {
    let `guard`: EgressGuard
    let responseLimitBytes: Int
    /// How much of an answer's body is kept.
    let excerptLimitBytes: Int
    let tls: TLSClient
    /// Whether connections are kept for later requests; not where descriptors are few.
    let keepsConnections: Bool
    /// How old a connection may be to be used again, and how long it may have been idle; in seconds, 0 for libcurl's defaults.
    let connectionSeconds: (lifetime: Int, idle: Int)
    /// Whether the fields of answers' heads are kept.
    let keepsFields: Bool
    let standing = SuppressedHeaders()
    /// This machine's ways out.
    let routes = RouteWatch.shared
    // Unchecked, as in ``SenderThread``: one thread alone touches them, for every request.
    @exclusivity(unchecked) var sockets: SocketTable
    @exclusivity(unchecked) var shards = ShardAgenda()
    var tunnels = TunnelWatch()
    /// Who keeps count of the hosts' connections.
    weak var observer: (any ConnectionObserver)?

    /// A connection has come about.
    func connected(to address: NetworkAddress) {
        routes.reached(address)
        if `guard`.proxy != nil { tunnels.opened() }
    }

    /// - Parameter epoll: The set that the sockets are watched with; -1 where libcurl waits for them by itself.
    init(
        `guard`: EgressGuard,
        responseLimitBytes: Int,
        excerptLimitBytes: Int,
        tls: TLSClient,
        keepsConnections: Bool = true,
        connectionSeconds: (lifetime: Int, idle: Int) = (0, 0),
        keepsFields: Bool = false,
        epoll: Int32
    ) {
        self.keepsConnections = keepsConnections
        self.keepsFields = keepsFields
        self.connectionSeconds = connectionSeconds
        self.guard = `guard`
        self.responseLimitBytes = max(0, responseLimitBytes)
        self.excerptLimitBytes = excerptLimitBytes
        self.tls = tls
        sockets = SocketTable(epoll: epoll)
    }
}

/// Hears of connections as they come and go; called inside of libcurl.
protocol ConnectionObserver: AnyObject {
    /// A transfer that had to open a connection is about to send, over a new one or one that was idle after all.
    func connected(_ transfer: Transfer, isNew: Bool)

    /// A connection that has carried a request is gone.
    func closed(host: Int, shard: Int)
}
