public import PosthornText

/// Why an attempt failed: a closed list, stored as these words and fit for a metric's label.
public enum AttemptError: String, CaseIterable, Sendable {
    /// The receiver answered, but not with 200.
    case status = "http_status"
    /// The total deadline passed.
    case timeout
    /// The host's name did not resolve.
    case dns
    /// The connection was refused or the host could not be reached.
    case connect
    /// The TLS handshake failed or the certificate is not valid for this host.
    case tls
    /// The connection ended before the answer's headers were whole.
    case closed = "connection_closed"
    /// The answer is not HTTP as Posthorn accepts it.
    case badResponse = "bad_response"
    /// The answer's headers are larger than the limit.
    case headersTooLarge = "headers_too_large"
    /// The address may not be reached; see the egress guard.
    case refusedAddress = "refused_address"
    /// The request could not be built, such as a signature that needs a field which the data lacks.
    case unbuildable
    /// The machine ran out of something the request needs: memory, file descriptors, ports.
    case resources
    /// libcurl failed in a way that none of the others describes.
    case other = "internal"

    /// Whether another attempt would end the same way: the event and the endpoint's format do not go together.
    public var isFinal: Bool { self == .unbuildable }

    /// What it means and what to look at, for people.
    public var sentence: String {
        switch self {
        case .status: return "The receiver answered with a status other than 200; only 200 counts as received."
        case .timeout: return "The receiver did not finish its answer before the deadline (connect, headers and body together)."
        case .dns: return "The host's name could not be resolved; check the URL and the name servers."
        case .connect: return "No connection came about: refused, unreachable or filtered."
        case .tls: return "The TLS handshake failed: the certificate, its host name, its dates or the protocol version."
        case .closed: return "The receiver closed the connection before it had sent a whole answer header."
        case .badResponse: return "The receiver's answer is not well-formed HTTP."
        case .headersTooLarge: return "The receiver's answer headers are larger than any real one's."
        case .refusedAddress: return "The URL leads to an address that the egress guard forbids."
        case .unbuildable: return "The endpoint's format cannot carry this event; no further attempt is made, since none can help."
        case .resources: return "This machine lacked memory, descriptors, ports or a way out; the request did not leave it."
        case .other: return "The request failed inside the sender; the error text has the detail."
        }
    }
}

/// The result of one attempt, as the sender saw it.
public struct AttemptOutcome: Hashable, Sendable {
    /// When the request was started.
    public var started: Timestamp
    /// From the start to the end of the answer, or to the failure.
    public var durationMicroseconds: Int64
    /// The status of the answer, when its header was whole.
    public var status: Int?
    /// Why it failed; `nil` for a success.
    public var error: AttemptError?
    /// The detail for an operator; never a secret. Empty for a success.
    public var errorText: String
    /// The start of the answer's body, at most ``excerptLimitBytes``.
    public var response: [UInt8]
    /// The address that was reached, as `192.0.2.1:443` or `[2001:db8::1]:443`; empty when none was.
    public var address: String
    /// How long the receiver asked us to wait (Retry-After), when it did.
    public var retryAfterMilliseconds: Int64?
    /// The `Date` of the answer, when it was the first on its connection; the others would say the same.
    public var receiverDate: Timestamp?

    /// How much of an answer is kept: the first KiB.
    public static let excerptLimitBytes = 1024

    /// Whether the receiver took the event: an answer of exactly 200.
    public var succeeded: Bool { error == nil && status == 200 }

    /// Creates an outcome.
    public init(
        started: Timestamp,
        durationMicroseconds: Int64,
        status: Int? = nil,
        error: AttemptError? = nil,
        errorText: String = "",
        response: [UInt8] = [],
        address: String = "",
        retryAfterMilliseconds: Int64? = nil,
        receiverDate: Timestamp? = nil
    ) {
        self.started = started
        self.durationMicroseconds = durationMicroseconds
        self.status = status
        self.error = error
        self.errorText = errorText
        self.response = response
        self.address = address
        self.retryAfterMilliseconds = retryAfterMilliseconds
        self.receiverDate = receiverDate
    }
}

/// One recorded attempt, as lists show it.
public struct Attempt: Hashable, Sendable {
    /// The delivery's id.
    public let delivery: Int64
    /// Counted from 1.
    public let number: Int
    /// Its result.
    public let outcome: AttemptOutcome

    /// A row of a list.
    public init(delivery: Int64, number: Int, outcome: AttemptOutcome) {
        self.delivery = delivery
        self.number = number
        self.outcome = outcome
    }
}
