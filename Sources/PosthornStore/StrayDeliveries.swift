/// Deliveries that wait for ever, since what they point to is not there.
public struct StrayDeliveries: Sendable, Equatable {
    /// How many there are.
    public let count: Int64
    /// The first one's number.
    public let first: Int64?

    package init(count: Int64, first: Int64?) {
        self.count = count
        self.first = first
    }
}
