import PosthornModel
import PosthornSending
import PosthornText
import Testing

@testable import PosthornLab

/// What may be said of a bound, and what nobody can know. Each case is a receiver or a generator as its own log would show it.
@Suite struct LatencyEvidenceTests {
    private static func verdict(
        _ text: String,
        _ answers: [LoadAnswer],
        wasHeldBack: Bool = false,
        isSaturated: Bool = false,
        timeoutMilliseconds: Int64 = 15_000
    ) throws -> Verdict {
        var outcome = LoadOutcome(
            .of(answers, wasHeldBack: wasHeldBack),
            nanoseconds: 10_000_000_000,
            timeoutNanoseconds: timeoutMilliseconds * 1_000_000
        )
        outcome.isSaturated = isSaturated
        return try Expectation(text).evaluate(outcome)
    }

    private static func many(_ answer: LoadAnswer, _ count: Int) -> [LoadAnswer] { Array(repeating: answer, count: count) }

    /// Every tenth request times out after a second, the others take 1 ms.
    @Test(arguments: [
        ("p99<200ms", Verdict.Outcome.missed), ("max<200ms", .missed), ("max<5s", .missed), ("p95<10s", .missed),
        ("p50<200ms", .kept), ("p89<200ms", .kept), ("mean<50ms", .missed), ("mean<5s", .unknown), ("p99>200ms", .kept),
        ("errors<5%", .missed), ("errors<=10%", .kept),
    ])
    func requestsWithoutAnAnswerAreSlowerThanAnyBound(_ text: String, _ outcome: Verdict.Outcome) throws {
        let answers = Self.many(.after(1), 900) + Self.many(.after(1000, status: nil), 100)
        #expect(try Self.verdict(text, answers, timeoutMilliseconds: 1000).outcome == outcome)
    }

    /// Every tenth request waits for a place on the wire when the load is stopped, for 50 ms so far.
    @Test(arguments: [
        ("p99<200ms", Verdict.Outcome.unknown), ("p99<20ms", .missed), ("p50<200ms", .kept), ("max<200ms", .unknown), ("max<20ms", .missed),
        ("mean<200ms", .unknown), ("mean<2ms", .missed), ("p99>20ms", .kept), ("errors<5%", .missed),
    ])
    func whatStillWaitedAtAStopIsSlowerThanItHadWaited(_ text: String, _ outcome: Verdict.Outcome) throws {
        var measured = LoadMeasurements.of(Self.many(.after(1), 900))
        for _ in 0..<100 { measured.giveUp(wasHeldBack: true, waited: 50_000_000) }
        func verdict(_ measured: LoadMeasurements) throws -> Verdict {
            let whole = LoadOutcome(measured, nanoseconds: 10_000_000_000, timeoutNanoseconds: 15_000_000_000)
            return try Expectation(text).evaluate(whole)
        }
        #expect(try verdict(measured).outcome == outcome)
        #expect(!measured.latency(99).isExact && measured.latency(90).isExact && measured.latency(50).isExact)
        // Another machine's result says the same.
        let merged = try #require(LoadMeasurements(exchanged: try JSONValue.parse(Array(measured.exchanged.text.utf8))))
        #expect(try verdict(merged) == verdict(measured))
    }

    @Test func aFigureOfARequestWithoutAnAnswerIsTheTimeItWaitedAtTheLeast() throws {
        let answers = Self.many(.after(1), 900) + Self.many(.after(1000, status: nil), 100)
        #expect(try Self.verdict("p99<200ms", answers).line == "p99<200ms: missed, at least 1000.0 ms")
        // Those that were refused at once have not made it faster.
        let refused = Self.many(.after(50), 900) + Self.many(.after(0, status: nil, error: .connect), 100)
        #expect(try Self.verdict("p99<200ms", refused).line == "p99<200ms: missed, at least 50.0 ms")
    }

    /// Five of sixty are answered, and the receiver hangs: sixty are enough to see that.
    @Test(arguments: ["p50<200ms", "p90<200ms", "p99<200ms", "p99.9<200ms", "max<200ms", "mean<200ms"])
    func aReceiverThatHangsKeepsNoBound(_ text: String) throws {
        let answers = Self.many(.after(1), 5) + Self.many(.after(1000, status: nil), 55)
        #expect(try Self.verdict(text, answers, timeoutMilliseconds: 1000).outcome == .missed)
    }

    /// A connection that hangs in the body of a 200 has brought no answer.
    @Test func anAnswerThatBreaksOffIsNone() throws {
        let answers = Self.many(.after(1), 500) + Self.many(.after(1000, status: 200, error: .timeout), 500)
        let measured = LoadMeasurements.of(answers)
        #expect(measured.statuses == [200: 500] && measured.errorsByClass == ["timeout": 500] && measured.unanswered.count == 500)
        #expect(try Self.verdict("p99<200ms", answers, timeoutMilliseconds: 1000).outcome == .missed)
    }

    /// Half of the requests are refused within a millisecond: the others are what a caller waits for.
    @Test func fastFailuresMakeNoReceiverFast() throws {
        let answers = Self.many(.after(300), 500) + Self.many(.after(1, status: 503), 500)
        let verdict = try Self.verdict("p50<200ms", answers)
        #expect(verdict.outcome == .missed && verdict.detail == "300.0 ms")
        let measured = LoadMeasurements.of(answers)
        #expect(measured.answered.count == 500 && measured.failed.count == 500 && measured.failed.maximum == 1_000_000)
        #expect(try Self.verdict("p50<200ms", Self.many(.after(1, status: 503), 500)).outcome == .unknown)
    }

    @Test func aPercentileNeedsItsRequests() {
        let fewest = [50, 90, 95, 99, 99.9, 99.99].map { LatencyEvidence.fewestRequests(for: $0) }
        #expect(fewest == [5, 29, 59, 299, 2995, 29_956])
    }

    @Test(arguments: [
        ("p99<200ms", 298, Verdict.Outcome.unknown), ("p99<200ms", 299, .kept), ("p99.9<200ms", 2994, .unknown),
        ("p99.9<200ms", 2995, .kept), ("p90<200ms", 28, .unknown), ("p90<200ms", 29, .kept), ("max<200ms", 1, .kept),
        ("mean<200ms", 1, .kept), ("p100<200ms", 1, .kept), ("p99>1ms", 298, .unknown),
    ])
    func withFewerNothingIsKnown(_ text: String, _ count: Int, _ outcome: Verdict.Outcome) throws {
        let verdict = try Self.verdict(text, Self.many(.after(1), count))
        #expect(verdict.outcome == outcome, "\(verdict.line)")
    }

    @Test func theVerdictSaysHowManyItNeeds() throws {
        let line = try Self.verdict("p99<200ms", Self.many(.after(4), 100)).line
        #expect(line == "p99<200ms: not known, 4.0 ms, but 100 requests are too few for p99, which needs 299")
    }

    /// Two slow ones of a hundred may be chance; five are not (less than half a percent).
    @Test func fewRequestsAreEnoughWhereChanceDoesNotExplainThem() throws {
        #expect(try Self.verdict("p99<200ms", Self.many(.after(1), 98) + Self.many(.after(900), 2)).outcome == .unknown)
        #expect(try Self.verdict("p99<200ms", Self.many(.after(1), 95) + Self.many(.after(900), 5)).outcome == .missed)
        #expect(LatencyEvidence.chance(ofAtLeast: 0, of: 10, share: 0.1) == 1)
        #expect(abs(LatencyEvidence.chance(ofAtLeast: 1, of: 10, share: 0.1) - 0.651_321_56) < 1e-6)
        #expect(abs(LatencyEvidence.chance(ofAtLeast: 10, of: 10, share: 0.5) - 0.000_976_562) < 1e-6)
    }

    /// The receiver takes 20 ms; the generator started 5 % of the requests 400 ms too late.
    @Test func aLateGeneratorIsNoSlowReceiver() throws {
        let answers = Self.many(.after(20), 950) + Self.many(.after(420, late: 400), 50)
        let verdict = try Self.verdict("p99<200ms", answers)
        #expect(verdict.line == "p99<200ms: not known, 420.0 ms, but the generator was late, by up to 400.0 ms")
        #expect(try Self.verdict("max<200ms", answers).outcome == .unknown)
        #expect(try Self.verdict("p90<200ms", answers).outcome == .kept)
        // Latencies only get longer by it, so a bound that holds is kept.
        #expect(try Self.verdict("p99<500ms", answers).outcome == .kept)
        // The receiver takes 900 ms, whoever is late.
        let slow = Self.many(.after(900), 950) + Self.many(.after(920, late: 20), 50)
        #expect(try Self.verdict("p99<200ms", slow).outcome == .missed)
    }

    /// What waited for a place on the wire waited for the receiver.
    @Test func aReceiverThatHoldsAllPlacesIsSlow() throws {
        let answers = Self.many(.after(20), 950) + Self.many(.after(420, late: 400), 50)
        #expect(try Self.verdict("p99<200ms", answers, wasHeldBack: true).outcome == .missed)
    }

    /// In the closed model a generator without time left is late for nothing, and slows all down.
    @Test func aGeneratorWithoutTimeLeftShowsNoSlowReceiver() throws {
        let answers = Self.many(.after(300), 500)
        #expect(try Self.verdict("p99<200ms", answers).outcome == .missed)
        #expect(try Self.verdict("p99<200ms", answers, isSaturated: true).outcome == .unknown)
        #expect(try Self.verdict("p99<400ms", answers, isSaturated: true).outcome == .kept)
        let hanging = answers + Self.many(.after(15_000, status: nil), 50)
        #expect(try Self.verdict("p99<200ms", hanging, isSaturated: true).outcome == .missed)
        #expect(try Self.verdict("rate>=100", answers, isSaturated: true).outcome == .unknown)
        #expect(try Self.verdict("rate>=100", answers).outcome == .missed)
    }

    @Test func aRateThatALateGeneratorMissedIsNotKnown() throws {
        let answers = Self.many(.after(1), 950) + Self.many(.after(5000, late: 4999), 50)
        #expect(try Self.verdict("rate>=150", answers).outcome == .unknown)
        #expect(try Self.verdict("rate>=90", answers).outcome == .kept)
        #expect(try Self.verdict("rate>=500", answers).outcome == .missed)
    }

    /// What this machine could not send says nothing of the receiver, for good or bad.
    @Test func requestsThatCouldNotBeSentAreDoubt() throws {
        let answers = Self.many(.after(1), 950) + Self.many(.after(0, status: nil, error: .resources), 50)
        #expect(try Self.verdict("p90<200ms", answers).outcome == .kept)
        #expect(try Self.verdict("errors<1%", answers).outcome == .unknown)
        let line = try Self.verdict("p99<200ms", answers).line
        #expect(line.hasPrefix("p99<200ms: not known") && line.hasSuffix("50 requests could not be sent by this machine"), "\(line)")
        let none = try Self.verdict("p99<200ms", Self.many(.after(0, status: nil, error: .resources), 3))
        #expect(none.line == "p99<200ms: not known, 3 requests could not be sent by this machine")
    }

    /// A generator that was late by half of the deadline may have let requests time out itself.
    @Test func timeOutsOfALateGeneratorAreDoubt() throws {
        let answers = Self.many(.after(1), 900) + Self.many(.after(1700, status: nil, late: 700), 100)
        #expect(try Self.verdict("p99<200ms", answers, timeoutMilliseconds: 1000).outcome == .unknown)
        #expect(try Self.verdict("errors<1%", answers, timeoutMilliseconds: 1000).outcome == .unknown)
        #expect(try Self.verdict("errors<1%", answers, timeoutMilliseconds: 10_000).outcome == .missed)
    }
}
