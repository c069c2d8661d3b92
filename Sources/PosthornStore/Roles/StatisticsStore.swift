public import PosthornModel
public import PosthornText

/// Counts of each endpoint's attempts. Part of ``OutboxStore``, under the same rules.
public protocol StatisticsStore: AnyObject {
    /// Adds what became of attempts of endpoints at a moment to the spans in which it lies, and forgets the endpoints' oldest spans.
    /// - Parameter tallies: One an endpoint at most.
    func add(_ tallies: [(endpoint: Int64, tally: AttemptTally)], at moment: Timestamp) throws(OutboxProblem)
}
