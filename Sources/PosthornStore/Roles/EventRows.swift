/// Which events a bounded reading goes through.
public struct EventRows: Sendable {
    /// Only those with a smaller number.
    public var before: Int64?
    /// Only those with a greater number; then the one with the smallest comes first.
    public var after: Int64?
    /// How many to look at.
    public var limit: Int

    /// All events, newest first.
    /// - Parameter limit: How many to look at.
    public init(limit: Int) { self.limit = limit }
}
