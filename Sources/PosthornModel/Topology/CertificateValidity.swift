public import PosthornText

/// From when until when a certificate counts.
public struct CertificateValidity: Sendable, Hashable {
    /// It counts from then on.
    public let from: Timestamp
    /// It counts until then.
    public let until: Timestamp

    /// A validity by its ends.
    public init(from: Timestamp, until: Timestamp) {
        self.from = from
        self.until = until
    }
}
