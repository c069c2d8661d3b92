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
