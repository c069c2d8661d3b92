public import PosthornModel
public import PosthornText

/// Counts of each endpoint's attempts. Part of ``OutboxStore``, under the same rules.
public protocol StatisticsStore: AnyObject {
    /// Adds what became of attempts of an endpoint at a moment to the spans in which it lies, and forgets the endpoint's oldest spans.
    func add(_ tally: AttemptTally, ofEndpoint key: Int64, at moment: Timestamp) throws(OutboxProblem)
}
