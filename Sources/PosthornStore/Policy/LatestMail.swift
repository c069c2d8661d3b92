public import PosthornText

/// The newest mail of an endpoint for a recipient.
public struct LatestMail: Sendable, Hashable {
    /// The store's number for it.
    public let key: Int64
    /// When it was taken for sending first; `nil` while it collects.
    public let closed: Timestamp?

    /// Creates a mail.
    public init(key: Int64, closed: Timestamp?) {
        self.key = key
        self.closed = closed
    }
}
