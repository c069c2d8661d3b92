public import PosthornModel

/// Which deliveries something is done to by hand.
public enum DeliverySelection: Sendable {
    /// Those with these numbers. What is not known, or in a state that does not allow it, is named in the report.
    case deliveries([Int64])
    /// Those that a filter asks for and whose state allows it; its `limit`, `before` and `newestFirst` do not count.
    case matching(DeliveryFilter)

    /// Those in a state, of one endpoint or of all.
    public static func all(in state: DeliveryState, endpoint: String? = nil) -> DeliverySelection {
        var filter = DeliveryFilter()
        (filter.state, filter.endpoint) = (state, endpoint)
        return .matching(filter)
    }
}

/// What people can do to deliveries.
public enum DeliveryAction: Sendable {
    /// Try again now.
    case retry
    /// Try again now where the endpoint is by now; held ones are moved there, and stay held.
    case retryAtCurrentURL
    /// Send again what was delivered.
    case resend
    /// Take back what was not delivered.
    case cancel

    /// The states of the deliveries that it can be done to.
    public var states: Set<DeliveryState> {
        switch self {
        case .retry: [.pending, .exhausted]
        case .retryAtCurrentURL: [.pending, .held, .exhausted]
        case .resend: [.delivered]
        case .cancel: [.pending, .held, .exhausted]
        }
    }
}

/// What `cancel` did.
public struct CancelReport: Sendable, Equatable {
    /// Deliveries that are cancelled now.
    public var cancelled: Int = 0
    /// Numbers that name no delivery.
    public var unknown: [Int64] = []
    /// Deliveries that were delivered or cancelled already, with that state.
    public var refused: [RetryReport.Refusal] = []

    /// A report of nothing done.
    public init() {}

    /// Adds what another call did.
    public mutating func add(_ other: CancelReport) {
        cancelled += other.cancelled
        unknown += other.unknown
        refused += other.refused
    }
}
