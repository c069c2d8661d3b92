/// Where a delivery is among those that it waits for.
public struct LanePlace: Sendable, Equatable {
    /// The number of its endpoint.
    public let endpoint: Int64
    /// The lane's number among the endpoint's.
    public let lane: Int64
    /// The delivery that goes first; `nil` when none waits.
    public let head: Int64?

    /// Creates a place.
    public init(endpoint: Int64, lane: Int64, head: Int64?) {
        self.endpoint = endpoint
        self.lane = lane
        self.head = head
    }
}
