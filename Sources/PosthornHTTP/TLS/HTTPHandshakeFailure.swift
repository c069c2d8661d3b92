import CPosthornTLS
import Glibc

/// A client with which TLS was not agreed.
public struct HTTPHandshakeFailure: Equatable, Sendable {
    /// The client's address in numbers; empty for a Unix socket's.
    public let remoteAddress: String
    /// Why not, in OpenSSL's words; what begins with `tlsv1 alert` or `sslv3 alert` came from the client.
    public let reason: String
}
