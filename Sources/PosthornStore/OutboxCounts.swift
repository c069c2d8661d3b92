public import PosthornModel

/// How many events and deliveries an outbox has, or how many more than before.
public struct OutboxCounts: Sendable, Hashable {
    /// Events whose recipients have been found.
    public var events: Int64 = 0
    private var deliveries = [Int64](repeating: 0, count: DeliveryCount.allCases.count)

    /// None.
    public init() {}

    /// - Parameter values: The events, then each count of deliveries in the order of ``DeliveryCount``.
    package init(values: [Int64]) {
        events = values[0]
        deliveries = Array(values.dropFirst())
    }

    /// The events, then each count of deliveries in the order of ``DeliveryCount``.
    package var values: [Int64] { [events] + deliveries }

    /// How many deliveries count there.
    public subscript(_ count: DeliveryCount) -> Int64 {
        get { deliveries[count.rawValue] }
        set { deliveries[count.rawValue] = newValue }
    }

    /// The deliveries by state, without states in which there are none.
    public var byState: [DeliveryState: Int64] {
        let counts: [DeliveryState: Int64] = [
            .pending: self[.ready] + self[.retrying], .held: self[.held], .delivered: self[.delivered],
            .exhausted: self[.exhausted], .cancelled: self[.cancelled],
        ]
        return counts.filter { $0.value != 0 }
    }

    /// The difference of each count.
    public static func - (a: OutboxCounts, b: OutboxCounts) -> OutboxCounts {
        OutboxCounts(values: zip(a.values, b.values).map { $0 - $1 })
    }
}
