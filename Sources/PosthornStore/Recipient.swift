/// One that gets an event.
public struct Recipient: Sendable, Hashable {
    /// The endpoint's number.
    public let endpoint: Int64
    /// The endpoint's current revision.
    public let revision: Int64
    /// Whether it takes deliveries now; if not, this one is held.
    public let isActive: Bool

    /// Creates a recipient.
    public init(endpoint: Int64, revision: Int64, isActive: Bool) {
        self.endpoint = endpoint
        self.revision = revision
        self.isActive = isActive
    }
}
