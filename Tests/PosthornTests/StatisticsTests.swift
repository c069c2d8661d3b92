import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

@testable import Posthorn

/// What an engine counts of its attempts.
@Suite(.limited(), .onEachStore) struct StatisticsTests {
    @Test func attemptsAreCountedByEndpointWhenTheEngineHasEnded() throws {
        let receiver = try MisbehavingReceiver { request in request.target.contains("bad") ? .status(503) : .ok }
        let bench = try EngineBench()
        var bad = EndpointSettings(id: "bad", node: "c", url: receiver.url + "?bad")
        bad.retry = try RetrySchedule(["0", "1ms"])
        try bench.apply([EndpointSettings(id: "good", node: "c", url: receiver.url), bad])
        for number in 0..<10 { _ = try bench.outbox.emit(NewEvent(id: "e\(number)", type: "T", node: "s", data: "{}")) }
        try bench.engine(untilSettled: true).run()
        let scope = bench.outbox.scoped(to: nil)
        let good = try scope.statistics(ofEndpoint: "good", since: nil, until: nil, .fiveMinutes).total
        #expect(good.delivered == 10 && good.attempts == 10 && good.failed.isEmpty && good.durations.percentile(50) != nil)
        let other = try scope.statistics(ofEndpoint: "bad", since: nil, until: nil, .hour).total
        #expect(other.delivered == 0)
        #expect(other.exhausted == 10)
        #expect(other.attempts == 20)
        #expect(other.failed == [.status: 20])
        let all = try scope.statistics(since: nil, until: nil, .fiveMinutes)
        let sum = (all.steps ?? []).reduce(into: AttemptTally()) { $0.add($1.tally) }
        #expect(sum.delivered == 10 && sum.exhausted == 10 && sum.attempts == 30 && sum.failed == [.status: 20])
        #expect(all.knownSince == all.steps?.first?.start)
        #expect(throws: ScopeProblem.self) { try scope.statistics(ofEndpoint: "none", since: nil, until: nil, .hour) }
    }

    @Test func anAttemptIsAsLateAsItsDeliveryWasDueBeforeAndARetryFromItsOwnTime() throws {
        let clock = TestClock()
        let isMended = Mutex(false)
        let receiver = try MisbehavingReceiver { _ in isMended.withLock { $0 } ? .ok : .status(503) }
        let bench = try EngineBench(clock: clock)
        var endpoint = EndpointSettings(id: "a", node: "c", url: receiver.url)
        endpoint.retry = try RetrySchedule(["0", "1h"])
        try bench.apply([endpoint])
        // That an event says it is old makes no attempt late.
        let old = clock.now().advanced(byMilliseconds: -86_400_000)
        _ = try bench.outbox.emit(NewEvent(id: "e", type: "T", node: "s", created: old, data: "{}"))
        clock.advance(by: 600_000)
        let first = try bench.engine()
        try first.start()
        #expect(bench.waitFor("failure", where: { $0.isFailure(.pending, attempt: 1) }))
        try first.stop()
        isMended.withLock { $0 = true }
        clock.advance(by: 3_600_000 + 120_000)
        try bench.engine(untilSettled: true).run()
        let steps = try bench.outbox.scoped(to: nil).statistics(ofEndpoint: "a", since: nil, until: nil, .hour).steps
        let minutes = steps.map { Double($0.tally.lags.percentile(50) ?? 0) / 60_000_000 }
        #expect(minutes.count == 2 && (10...12.5).contains(minutes[0]) && (2...2.5).contains(minutes[1]), "\(minutes)")
    }

    @Test func aTreeIsAddedUpOfItsEndpointsAndWhatNobodyCountedIsNotKnown() throws {
        let clock = TestClock()
        let bench = try EngineBench(clock: clock)
        try bench.apply([
            EndpointSettings(id: "a", node: "c", url: "https://a.example/"),
            EndpointSettings(id: "b", node: "s", url: "https://b.example/"),
        ])
        func statistics(_ node: String?) throws -> TreeStatistics {
            try bench.outbox.scoped(to: node).statistics(since: nil, until: nil, .fiveMinutes)
        }
        #expect(try statistics(nil).knownSince == nil && statistics("c").knownSince == nil && statistics("c").steps?.isEmpty == true)
        var tally = AttemptTally()
        tally.count(nil, durationMicroseconds: 1000, lagMilliseconds: 0, state: .delivered)
        let one = tally
        func count(_ key: Int64, minutesAgo: Int64) throws {
            let moment = clock.now().advanced(byMilliseconds: -minutesAgo * 60_000)
            try bench.outbox.writer.perform { (store) throws(OutboxProblem) in try store.add([(key, one)], at: moment) }
        }
        let view = try bench.outbox.scoped(to: nil).topology()
        let (a, b) = (view.endpoint("a")?.key ?? -1, view.endpoint("b")?.key ?? -1)
        for (key, minutes) in [(a, 10), (b, 10), (b, 20)] as [(Int64, Int64)] {
            try count(key, minutesAgo: minutes)
            try count(StatisticsDuty.allEndpoints, minutesAgo: minutes)
        }
        func steps(_ node: String?) throws -> [String] { (try statistics(node).steps ?? []).map { "\($0.start) \($0.tally.delivered)" } }
        // It is 2020-07-15T12:33:14.
        #expect(try steps(nil) == ["2020-07-15T12:10:00.000Z 1", "2020-07-15T12:20:00.000Z 2"])
        #expect(try steps("c") == steps(nil) && steps("s") == ["2020-07-15T12:10:00.000Z 1", "2020-07-15T12:20:00.000Z 1"])
        #expect(try statistics("c").knownSince == Timestamp(iso8601: "2020-07-15T12:10:00Z"))
        // Counted before: then what has no row had no attempts.
        try count(a, minutesAgo: 300)
        #expect(try statistics("c").knownSince == statistics("c").since)
    }

    @Test func stepsAreAlignedAndDaysAreMadeOfHours() throws {
        let clock = TestClock()
        let bench = try EngineBench(clock: clock)
        try bench.apply([EndpointSettings(id: "a", node: "c", url: "https://a.example/")])
        let key = try bench.outbox.scoped(to: nil).topology().endpoint("a")?.key ?? 0
        var tally = AttemptTally()
        tally.count(nil, durationMicroseconds: 1000, lagMilliseconds: 0, state: .delivered)
        let one = tally
        for hours in [0, 1, 1, 30] as [Int64] {
            let moment = clock.now().advanced(byMilliseconds: -hours * 3_600_000)
            try bench.outbox.writer.perform { (store) throws(OutboxProblem) in try store.add([(key, one)], at: moment) }
        }
        func steps(_ step: StatisticsStep, _ since: String? = nil) throws -> [String] {
            let start = since.flatMap { Timestamp(iso8601: $0) }
            let statistics = try bench.outbox.scoped(to: nil).statistics(ofEndpoint: "a", since: start, until: nil, step)
            return statistics.steps.map { "\($0.start) \($0.tally.delivered)" }
        }
        // It is 2020-07-15T12:33:14.
        #expect(try steps(.fiveMinutes) == ["2020-07-15T11:30:00.000Z 2", "2020-07-15T12:30:00.000Z 1"])
        #expect(try steps(.hour) == ["2020-07-15T11:00:00.000Z 2", "2020-07-15T12:00:00.000Z 1"])
        #expect(try steps(.day) == ["2020-07-14T00:00:00.000Z 1", "2020-07-15T00:00:00.000Z 3"])
        #expect(try steps(.hour, "2020-07-15T12:59:00Z") == ["2020-07-15T12:00:00.000Z 1"])
        #expect(throws: InputProblem.self) { try steps(.fiveMinutes, "2020-07-01T00:00:00Z") }
    }
}
