import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let statisticsRules: [Rule] = [
        Rule("what became of attempts is added up by span, for each endpoint") { try $0.talliesAreAdded() },
        Rule("old spans are forgotten, those of five minutes sooner") { try $0.talliesAreForgotten() },
    ]

    private func tally(_ delivered: Int, _ error: AttemptError? = nil) -> AttemptTally {
        var tally = AttemptTally()
        for _ in 0..<delivered { tally.count(nil, durationMicroseconds: 5000, lagMilliseconds: 3, state: .delivered) }
        // It had been due for a month.
        if let error { tally.count(error, durationMicroseconds: 90_000, lagMilliseconds: 30 * 86_400_000, state: .exhausted) }
        return tally
    }

    private func tallies(_ key: Int64, _ span: StatisticsSpan) throws -> [(start: Timestamp, tally: AttemptTally)] {
        try read { try $0.tallies(ofEndpoint: key, span, since: later(-100 * 86_400_000), until: later(100 * 86_400_000)) }
    }

    private func talliesAreAdded() throws {
        let store = try open()
        try store.write { () throws(OutboxProblem) in
            try store.add([(1, tally(2)), (2, tally(5))], at: now)
            try store.add([(1, tally(1, .timeout))], at: now)
            try store.add([(1, tally(1))], at: later(300_000))
        }
        var both = tally(2)
        both.add(tally(1, .timeout))
        let minutes = try tallies(1, .minutes)
        #expect(minutes.map(\.tally) == [both, tally(1)])
        #expect(minutes[0].tally.lags.count == 4 && minutes[0].tally.lags.percentile(99) ?? 0 >= 30 * 86_400_000_000)
        #expect(minutes.map(\.start) == [StatisticsSpan.minutes.start(of: now), StatisticsSpan.minutes.start(of: later(300_000))])
        #expect(try tallies(2, .minutes).map(\.tally) == [tally(5)])
        #expect(try tallies(1, .hour).reduce(0) { $0 + $1.tally.delivered } == 4)
        let part = try read { try $0.tallies(ofEndpoint: 1, .minutes, since: minutes[1].start, until: later(86_400_000)) }
        #expect(part.map(\.tally) == [tally(1)])
        #expect(try read { try $0.tallies(ofEndpoint: 1, .minutes, since: later(-86_400_000), until: minutes[1].start) }.count == 1)
    }

    private func talliesAreForgotten() throws {
        let store = try open()
        func add(_ moment: Timestamp) throws {
            try store.write { () throws(OutboxProblem) in try store.add([(1, tally(1))], at: moment) }
        }
        try add(now)
        try add(later(2 * 86_400_000))
        #expect(try tallies(1, .minutes).count == 1 && tallies(1, .hour).count == 2)
        try add(later(91 * 86_400_000))
        #expect(try tallies(1, .hour).count == 2)
    }
}
