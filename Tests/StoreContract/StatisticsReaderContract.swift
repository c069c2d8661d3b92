import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let statisticsReaderRules: [Rule] = [
        Rule("spans are read from the one that begins then up to the one before, oldest first") { try $0.talliesAreRead() }
    ]

    private func talliesAreRead() throws {
        let store = try open()
        var tally = AttemptTally()
        tally.count(.timeout, durationMicroseconds: 15_000_000, lagMilliseconds: 7, state: .pending)
        let one = tally
        let hour: Int64 = 3_600_000
        try store.write { () throws(OutboxProblem) in
            for hours in [2, 0, 1] as [Int64] { try store.add([(1, one)], at: later(hours * hour)) }
        }
        let start = StatisticsSpan.hour.start(of: now)
        func starts(_ since: Int64, _ until: Int64, endpoint: Int64 = 1) throws -> [Int64] {
            try read { reader in
                let (since, until) = (start.advanced(byMilliseconds: since), start.advanced(byMilliseconds: until))
                let spans = try reader.tallies(ofEndpoint: endpoint, .hour, since: since, until: until)
                #expect(spans.allSatisfy { $0.tally == one })
                return spans.map { ($0.start.milliseconds - start.milliseconds) / hour }
            }
        }
        #expect(try starts(0, 3 * hour) == [0, 1, 2])
        #expect(try starts(1, 2 * hour) == [1] && starts(hour, 2 * hour) == [1] && starts(hour, hour) == [])
        #expect(try starts(0, 3 * hour, endpoint: 2) == [])
    }
}
