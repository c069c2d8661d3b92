public import PosthornModel

/// Which deliveries a bounded reading goes through.
public struct DeliveryRows: Sendable {
    /// Only those in these states; all when empty.
    public var states: Set<DeliveryState> = []
    /// Only those of the endpoint with this id.
    public var endpoint: String?
    /// Only those of the event with this id.
    public var event: String?
    /// Only those with a smaller number.
    public var before: Int64?
    /// Only those with a greater number; then the one with the smallest comes first.
    public var after: Int64?
    /// How many to look at.
    public var limit: Int

    /// All deliveries, newest first.
    /// - Parameter limit: How many to look at.
    public init(limit: Int) { self.limit = limit }
}
