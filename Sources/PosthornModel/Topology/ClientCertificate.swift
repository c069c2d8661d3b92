/// The certificate and the private key with which an endpoint's requests prove who sends them (mutual TLS).
///
/// An object, so that a request carries a reference and a sender sees at once whether it is the one it used last.
public final class ClientCertificate: Sendable, CustomStringConvertible, CustomReflectable {
    /// PEM: the certificate, then those of its authorities that the receiver may lack.
    public let certificate: [UInt8]
    /// PEM: the private key, not encrypted.
    public let key: [UInt8]

    /// A pair that belongs together; whoever makes it has checked that.
    public init(certificate: [UInt8], key: [UInt8]) {
        self.certificate = certificate
        self.key = key
    }

    /// Nothing of the key.
    public var description: String { "***" }

    /// Nothing of the key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
