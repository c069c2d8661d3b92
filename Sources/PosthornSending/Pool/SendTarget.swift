import CPosthornCurl
import PosthornCurl
public import PosthornModel

/// Where the requests of one endpoint go: its URL, method, limits and the composer of its requests.
///
/// New credentials or settings make a new target. Targets of one key share the limits, those of the newest one.
public final class SendTarget: @unchecked Sendable {
    // `parsed` is set once and then only duplicated, which reads it.

    /// The endpoint's key in the outbox.
    public let key: Int64
    /// Where requests go.
    public let url: EndpointURL
    /// Their method.
    public let method: RequestMethod
    /// The total deadline of a request: name, connect, headers and body together.
    public let timeoutMilliseconds: Int
    /// How many requests may be on the wire to this endpoint at once.
    public let inFlightLimit: Int
    /// How many requests may start in a second; `nil` for any number.
    public let ratePerSecond: Double?
    /// Makes the requests.
    public let composer: any RequestComposer
    /// The statuses that say the receiver took the event; `nil` for 200 alone.
    public let success: [ClosedRange<Int>]?
    /// Whose endpoint it is: the ids of the nodes from the top of the hierarchy down to its own.
    public let owners: [String]

    /// The URL as libcurl has parsed it: parsing it again for each request would cost a tenth of the time.
    let parsed: OpaquePointer?
    /// Which of a thread's multi handles sends its requests, as long as their host is not crowded.
    let shard: Int
    /// What connections are shared by.
    let host: HostKey
    /// Its owners as numbers, which are quicker to compare; two differ with all but certainty.
    let nodes: [Int]

    /// Creates a target. Limits below 1 count as 1.
    public init(
        key: Int64,
        url: EndpointURL,
        method: RequestMethod,
        timeoutMilliseconds: Int,
        inFlightLimit: Int,
        ratePerSecond: Double?,
        composer: any RequestComposer,
        success: [ClosedRange<Int>]? = nil,
        owners: [String] = []
    ) {
        self.key = key
        self.url = url
        self.method = method
        self.timeoutMilliseconds = max(1, timeoutMilliseconds)
        self.inFlightLimit = max(1, inFlightLimit)
        self.ratePerSecond = ratePerSecond
        self.composer = composer
        self.success = success
        self.owners = owners
        nodes = owners.map(\.hashValue)
        parsed = url.makeHandle()
        let hash = ShardPlan.hash(of: url)
        shard = ShardPlan.shard(of: hash, isPlainHTTP: url.isPlainHTTP)
        let identity = composer.clientCertificate
        host = HostKey(
            isPlainHTTP: url.isPlainHTTP,
            host: url.host,
            port: url.port,
            certificate: identity?.certificate,
            key: identity?.key,
            hash: hash
        )
    }

    deinit { curl_url_cleanup(parsed) }
}
