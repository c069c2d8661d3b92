import PosthornModel
import PosthornStore
import PosthornText

extension MemoryStore {
    func add(_ tallies: [(endpoint: Int64, tally: AttemptTally)], at moment: Timestamp) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            for (key, tally) in tallies {
                for span in StatisticsSpan.allCases {
                    let oldest = moment.advanced(byMilliseconds: -span.keptMilliseconds)
                    tables.tallies[key, default: [:]][span, default: [:]][span.start(of: moment), default: AttemptTally()].add(tally)
                    let kept = tables.tallies[key]?[span]?.filter { $0.key >= oldest }
                    tables.tallies[key]?[span] = kept
                }
            }
        }
    }
}

extension MemoryReader {
    func tallies(
        ofEndpoint key: Int64,
        _ span: StatisticsSpan,
        since: Timestamp,
        until: Timestamp
    ) throws(OutboxProblem) -> [(start: Timestamp, tally: AttemptTally)] {
        let spans = tables.tallies[key]?[span] ?? [:]
        return spans.filter { $0.key >= since && $0.key < until }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
