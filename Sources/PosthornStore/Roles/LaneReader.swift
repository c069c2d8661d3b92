/// Lanes as lists show them, read beside the writer. Part of ``OutboxReader``, under the same rules.
public protocol LaneReader: AnyObject {
    /// The lanes of an endpoint in which anything waits, or whose head is exhausted where that stops them. Counts are lower bounds where more
    /// waits than may be looked at; stopped lanes are looked at first.
    /// - Parameters:
    ///   - key: The endpoint's number.
    ///   - stops: Whether an exhausted delivery stops its lane.
    ///   - limit: How many lanes are told one by one: those that stand still first, then those in which most waits.
    ///   - rows: How many rows of what waits in order may be looked at; less by those that were.
    func lanes(ofEndpoint key: Int64, stops: Bool, limit: Int, rows: inout Int) throws(OutboxProblem) -> LaneSummary
}
