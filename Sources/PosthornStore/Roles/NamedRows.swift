/// Which rows of a list by id a bounded reading takes.
public struct NamedRows: Sendable {
    /// Only those whose ids are behind this one.
    public var after: String?
    /// Only those whose ids are before this one; then the one next to it comes first.
    public var before: String?
    /// How many at most.
    public var limit: Int

    /// The first of all rows.
    /// - Parameter limit: How many at most.
    public init(limit: Int) { self.limit = limit }
}
