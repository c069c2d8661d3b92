/// One that gets an event.
public struct Recipient: Sendable, Hashable {
    /// The endpoint's number.
    public let endpoint: Int64
    /// The endpoint's current revision.
    public let revision: Int64
    /// Whether it takes deliveries now; if not, this one is held.
    public let isActive: Bool
    /// The number of the lane in which its delivery waits for those before it; `nil` when it waits for none.
    public let lane: Int64?

    /// Creates a recipient.
    public init(endpoint: Int64, revision: Int64, isActive: Bool, lane: Int64? = nil) {
        self.endpoint = endpoint
        self.revision = revision
        self.isActive = isActive
        self.lane = lane
    }
}
