public import PosthornText

/// What the topology file says about an endpoint.
public struct EndpointSettings: Hashable, Sendable {
    /// The operator's id for it.
    public var id: String
    /// The node it belongs to.
    public var node: String
    /// Where requests go; http or https, in canonical form is for the sender to make.
    public var url: String
    /// POST, or GET for Voiso's Call Notify.
    public var method: RequestMethod
    /// The body's form.
    public var envelope: Envelope
    /// The signature's form.
    public var signature: SignatureScheme
    /// Secrets and names that envelope and signature need, by the vendor's names for them. Never printed.
    public var credentials: [String: JSONValue]
    /// Whether the credentials are those that are stored, and not to be read here.
    public var keepsCredentials = false
    /// Which event types it wants.
    public var events: [EventPattern]
    /// Extra fixed headers, in order.
    public var headers: [Header]
    /// One total deadline for connect, headers and body.
    public var timeoutMilliseconds: Int
    /// Requests that may be under way to it at once.
    public var inFlightLimit: Int
    /// Requests that may start in a second; `nil` for no limit.
    public var ratePerSecond: Double?
    /// When it is tried.
    public var retry: RetrySchedule
    /// In which order its events come; `nil` when each goes out as soon as it can.
    public var order: DeliveryOrder?
    /// When it is suspended or disabled; `nil` when that is as the engine has it for all.
    public var health: HealthSettings?

    /// A header that every request to the endpoint carries.
    public struct Header: Hashable, Sendable {
        /// Its name, lower case.
        public let name: String
        /// Its value.
        public let value: String

        /// A header by its name and value.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// 15 seconds for connect, headers and body together.
    public static let defaultTimeoutMilliseconds = 15_000
    /// 64 requests at once, which fills a fast receiver's cores and is kind to a slow one.
    public static let defaultInFlightLimit = 64

    /// Settings for a vendor's format, with the defaults that the topology file has.
    /// - Parameters:
    ///   - vendor: Whose body and signature the receiver expects.
    ///   - method: POST, or GET for Voiso's Call Notify.
    ///   - credentials: What the signature needs, by the vendor's names.
    ///   - events: Which types it wants; all when empty.
    public init(
        id: String,
        node: String,
        url: String,
        vendor: Vendor,
        method: RequestMethod = .post,
        credentials: [String: JSONValue] = [:],
        events: [EventPattern] = [],
        headers: [Header] = [],
        timeoutMilliseconds: Int = defaultTimeoutMilliseconds,
        inFlightLimit: Int = defaultInFlightLimit,
        ratePerSecond: Double? = nil,
        retry: RetrySchedule = .standard
    ) {
        self.init(
            id: id,
            node: node,
            url: url,
            method: method,
            envelope: vendor.envelope,
            signature: vendor.signature,
            credentials: credentials,
            events: events,
            headers: headers,
            timeoutMilliseconds: timeoutMilliseconds,
            inFlightLimit: inFlightLimit,
            ratePerSecond: ratePerSecond,
            retry: retry
        )
    }

    /// Settings for a body and a signature of one's own choice.
    /// - Parameters:
    ///   - method: POST, or GET for Voiso's Call Notify.
    ///   - envelope: How an event becomes a body.
    ///   - signature: How the receiver knows that a request comes from here.
    ///   - credentials: What the signature needs, by the signature's names.
    ///   - events: Which types it wants; all when empty.
    public init(
        id: String,
        node: String,
        url: String,
        method: RequestMethod = .post,
        envelope: Envelope,
        signature: SignatureScheme,
        credentials: [String: JSONValue] = [:],
        events: [EventPattern] = [],
        headers: [Header] = [],
        timeoutMilliseconds: Int = defaultTimeoutMilliseconds,
        inFlightLimit: Int = defaultInFlightLimit,
        ratePerSecond: Double? = nil,
        retry: RetrySchedule = .standard
    ) {
        self.id = id
        self.node = node
        self.url = url
        self.method = method
        self.envelope = envelope
        self.signature = signature
        self.credentials = credentials
        self.events = events
        self.headers = headers
        self.timeoutMilliseconds = timeoutMilliseconds
        self.inFlightLimit = inFlightLimit
        self.ratePerSecond = ratePerSecond
        self.retry = retry
    }

    /// Whether a platform's event of this type is wanted; an endpoint without patterns wants all.
    public func wants(_ type: String) -> Bool {
        events.isEmpty || events.contains { $0.matches(type) }
    }
}

extension EndpointSettings {
    /// Whether the vendor asks a new URL to prove itself before it gets anything.
    public var needsValidation: Bool { signature == .diio }
}

extension EndpointSettings {
    /// WeSeeDo's format, which has no signature: short for what this package makes itself. A platform names the vendor.
    package init(
        id: String,
        node: String,
        url: String,
        method: RequestMethod = .post,
        envelope: Envelope = .weseedo,
        credentials: [String: JSONValue] = [:],
        events: [EventPattern] = [],
        headers: [Header] = [],
        timeoutMilliseconds: Int = defaultTimeoutMilliseconds,
        inFlightLimit: Int = defaultInFlightLimit,
        ratePerSecond: Double? = nil,
        retry: RetrySchedule = .standard
    ) {
        self.init(
            id: id,
            node: node,
            url: url,
            method: method,
            envelope: envelope,
            signature: .none,
            credentials: credentials,
            events: events,
            headers: headers,
            timeoutMilliseconds: timeoutMilliseconds,
            inFlightLimit: inFlightLimit,
            ratePerSecond: ratePerSecond,
            retry: retry
        )
    }
}
