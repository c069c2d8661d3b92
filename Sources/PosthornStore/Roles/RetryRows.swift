/// Which deliveries a bounded reading of those that are tried again goes through: pending ones with attempts behind them, the one first
/// whose next attempt comes first.
public struct RetryRows: Sendable {
    /// Only those behind this place.
    public var after: RetryPosition?
    /// Only those before this place; then the last one of them comes first.
    public var before: RetryPosition?
    /// How many to look at.
    public var limit: Int

    /// All of them.
    /// - Parameter limit: How many to look at.
    public init(limit: Int) { self.limit = limit }
}
