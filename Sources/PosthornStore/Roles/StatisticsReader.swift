public import PosthornModel
public import PosthornText

/// What is read of the counts of attempts beside the writer. Part of ``OutboxReader``, under the same rules.
public protocol StatisticsReader: AnyObject {
    /// The spans of an endpoint that began then or later and before another moment, oldest first. Those without attempts are left out.
    func tallies(
        ofEndpoint key: Int64,
        _ span: StatisticsSpan,
        since: Timestamp,
        until: Timestamp
    ) throws(OutboxProblem) -> [(start: Timestamp, tally: AttemptTally)]
}
