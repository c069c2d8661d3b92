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
        case .status: return "The receiver answered with a status that is no success: any but 200, unless a vendor file says otherwise."
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
