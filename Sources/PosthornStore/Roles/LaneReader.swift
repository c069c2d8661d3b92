/// Lanes as lists show them, read beside the writer. Part of ``OutboxReader``, under the same rules.
public protocol LaneReader: AnyObject {
    /// The lanes of an endpoint in which anything waits, or whose head is exhausted where that stops them. Reads all that waits in order for
    /// the endpoint.
    /// - Parameters:
    ///   - key: The endpoint's number.
    ///   - stops: Whether an exhausted delivery stops its lane.
    ///   - limit: How many lanes are told one by one: those that stand still first, then those in which most waits.
    func lanes(ofEndpoint key: Int64, stops: Bool, limit: Int) throws(OutboxProblem) -> LaneSummary
}
