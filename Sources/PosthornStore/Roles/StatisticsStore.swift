public import PosthornModel
public import PosthornText

/// The spans of time in which attempts are counted.
public enum StatisticsSpan: Int64, CaseIterable, Sendable {
    /// Five minutes, kept for a day.
    case minutes = 300
    /// An hour, kept for ninety days.
    case hour = 3600

    /// Its length.
    public var milliseconds: Int64 { rawValue * 1000 }
    /// How long spans are kept.
    public var keptMilliseconds: Int64 { self == .minutes ? 86_400_000 : 90 * 86_400_000 }

    /// When the span began in which a moment lies.
    public func start(of moment: Timestamp) -> Timestamp {
        let rest = moment.milliseconds % milliseconds
        return Timestamp(milliseconds: moment.milliseconds - (rest < 0 ? rest + milliseconds : rest))
    }
}

/// Counts of each endpoint's attempts. Part of ``OutboxStore``, under the same rules.
public protocol StatisticsStore: AnyObject {
    /// Adds what became of attempts of an endpoint at a moment to the spans in which it lies, and forgets the endpoint's oldest spans.
    func add(_ tally: AttemptTally, ofEndpoint key: Int64, at moment: Timestamp) throws(OutboxProblem)
}

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
