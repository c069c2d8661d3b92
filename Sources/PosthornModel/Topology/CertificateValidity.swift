public import PosthornText

/// A certificate's validity period.
public struct CertificateValidity: Sendable, Hashable {
    /// X.509's notBefore.
    public let from: Timestamp
    /// X.509's notAfter.
    public let until: Timestamp

    /// A validity by its ends.
    public init(from: Timestamp, until: Timestamp) {
        self.from = from
        self.until = until
    }
}
