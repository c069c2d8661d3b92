/// How requests to a receiver go on the wire, beside what they hold.
public struct WireOptions: Equatable, Sendable {
    /// Whether connections are used again; without that each request opens one, TLS handshake included.
    public var keepsConnections = true
    /// Whether a new connection may take up the TLS session of an earlier one; without that each makes a full handshake.
    public var resumesSessions = true
    /// Whether a receiver has to prove itself by its certificate.
    public var verifiesCertificates = true
    /// A method in place of POST or GET.
    public var method: String?
    /// A PEM file of certificate authorities instead of the system's.
    public var caFile: String?

    /// Connections used again, sessions taken up, certificates checked against the system's authorities, POST or GET.
    public init() {}
}
