public import PosthornModel

/// A delivery, with what says who may see it.
public struct VisibleDelivery: Sendable, Equatable {
    /// As lists show it.
    public let delivery: Delivery
    /// The node where its endpoint is now, or was when it was removed.
    public let endpointNode: String
    /// The revision that it is pinned to.
    public let revision: Int64
    /// Whether its event has its data: without it nothing can be sent again.
    public let hasData: Bool

    /// Creates a row.
    public init(_ delivery: Delivery, endpointNode: String, revision: Int64, hasData: Bool = true) {
        self.delivery = delivery
        self.endpointNode = endpointNode
        self.revision = revision
        self.hasData = hasData
    }
}
