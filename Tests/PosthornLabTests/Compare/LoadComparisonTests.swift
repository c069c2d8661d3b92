import PosthornModel
import PosthornText
import Testing

@testable import PosthornLab

/// Known answers are scipy 1.17's: `mannwhitneyu(a, b, alternative="two-sided")`, exact without ties, asymptotic with them.
@Suite struct LoadComparisonTests {
    private static let answers: [(a: [Double], b: [Double], statistic: Double, probability: Double, shift: Double)] = [
        ([1, 2, 3, 4], [5, 6, 7, 8], 0, 0.02857142857142857, 4),
        ([1, 2, 3], [4, 5, 6], 0, 0.1, 3),
        ([1.1, 2.2, 3.3, 4.4, 9], [0.5, 2.5, 8, 7, 6], 11, 0.8412698412698413, 1.4),
        ([19, 22, 16, 29, 24], [20, 11, 17, 12], 17, 0.1111111111111111, -7),
        ([1, 2, 2, 3, 5], [2, 4, 4, 6, 7], 5, 0.13756389390990328, 2),
        (
            [10.2, 9.8, 10.5, 10.1, 9.9, 10.3, 10.0, 9.7, 10.4, 10.6], [11.0, 10.9, 10.55, 11.3, 11.2, 10.8, 11.1, 10.7, 11.4, 10.95], 1,
            2.165017644893806e-05, 0.825
        ),
    ]

    @Test(arguments: 0..<6) func theTestGivesTheAnswersOfScipy(number: Int) {
        let answer = Self.answers[number]
        let test = RankTest(answer.a, answer.b)
        #expect(test.statistic == answer.statistic)
        #expect(abs(test.probability - answer.probability) < 1e-9, "\(test.probability)")
        #expect(abs(RankTest.shift(from: answer.a, to: answer.b) - answer.shift) < 1e-9)
    }

    @Test func theNormalDistributionIsTheOneInTables() {
        for (z, tail) in [
            (0.0, 0.5), (1, 0.15865525393145707), (1.959963984540054, 0.025), (3.5, 0.00023262907903552502), (8, 6.220960574271785e-16),
        ] {
            #expect(abs(Normal.upperTail(z) / tail - 1) < 1e-9, "\(z): \(Normal.upperTail(z))")
        }
        #expect(abs(Normal.quantile(above: 0.025) - 1.959963984540054) < 1e-9)
    }

    @Test func correctedProbabilitiesAreHolms() {
        #expect(LoadComparison.holm([0.01, 0.04, 0.03]) == [0.03, 0.06, 0.06])
        #expect(LoadComparison.holm([0.9]) == [0.9])
    }

    /// Runs of a receiver whose figures differ from run to run as much as they did on a shared machine: p50 by 6.6 %, p99 by far more.
    private static func runs(_ count: Int, factor: Double = 1, _ random: inout SeededGenerator) -> [LoadRun] {
        func normal(_ random: inout SeededGenerator) -> Double { (0..<12).reduce(0.0) { sum, _ in sum + random.fraction() } - 6 }
        return (0..<count).map { _ in
            let base = factor * (1 + 0.066 * normal(&random))
            let tail = factor * (1 + random.exponential())
            return LoadRun(figures: [
                .p50: base, .p90: base * 1.5 + tail, .p99: base * 2 + 5 * tail, .mean: base + tail / 2, .answered: 300,
            ])
        }
    }

    @Test func fortySeriesOfTheSameReceiverRaiseTwoAlarmsAtMost() {
        var alarms = 0
        for seed in 0..<40 {
            var random = SeededGenerator(seed: UInt64(seed), "same")
            let comparison = LoadComparison(Self.runs(10, &random), Self.runs(10, &random))
            if comparison.rows.contains(where: { $0.outcome == .worse || $0.outcome == .better }) { alarms += 1 }
        }
        #expect(alarms <= 2, "\(alarms) of 40")
    }

    /// Eight of ten at least: the smallest change that is said to show does.
    @Test func theChangeThatIsSaidToShowDoes() throws {
        var found = 0
        for seed in 0..<40 {
            var random = SeededGenerator(seed: UInt64(seed), "slower")
            let first = Self.runs(10, &random)
            let same = LoadComparison(first, Self.runs(10, &random))
            let visible = try #require(same.rows.first?.visible)
            let comparison = LoadComparison(first, Self.runs(10, factor: 1 + visible, &random))
            if comparison.rows.first?.outcome == .worse { found += 1 }
        }
        #expect(found >= 32, "\(found) of 40")
    }

    /// Where runs hardly differ, noise is what a change has to be more than.
    @Test func aChangeThatShowsIsMoreThanNoise() throws {
        var found = 0
        for seed in 0..<40 {
            var random = SeededGenerator(seed: UInt64(seed), "quiet")
            func runs(_ factor: Double) -> [LoadRun] {
                (0..<10).map { _ in LoadRun(figures: [.p50: factor * (1 + 0.004 * (random.fraction() - 0.5))]) }
            }
            let visible = try #require(LoadComparison(runs(1), runs(1), noise: 0.02).rows.first?.visible)
            #expect(visible > 0.02)
            if LoadComparison(runs(1), runs(1 + visible), noise: 0.02).outcome == .worse { found += 1 }
        }
        #expect(found >= 32, "\(found) of 40")
    }

    @Test func threeRunsShowNothing() {
        var random = SeededGenerator(seed: 1, "few")
        let comparison = LoadComparison(Self.runs(3, &random), Self.runs(3, factor: 10, &random))
        #expect(comparison.outcome == .unknown)
        #expect(LoadComparison(Self.runs(4, &random), Self.runs(4, factor: 10, &random)).rows[0].visible != nil)
    }

    @Test func runsOfOtherLoadsAreRefused() throws {
        func report(rate: String, machine: String = "m", stopped: Bool = false) throws -> LoadRun {
            let text = """
                {"model":"open","planned_s":5.000,"stopped_early":\(stopped),"requests":1000,"errors":0,
                "statuses":{"200":1000},"requests_per_second":200.000,
                "latency_ms":{"p50":1.5,"p90":2.0,"p99":9.1,"mean":1.7},"run":{"command":"posthorn load http://a/ --rate \(rate) --seed 5 --credential 'secret=…'",
                "seed":"5","version":"0.1.0","machine":"\(machine)"}}
                """
            return try LoadRun(try JSONValue.parse(Array(text.utf8)))
        }
        let one = try report(rate: "200")
        #expect(one.figures[.p99] == 9.1 && one.conditions["flags"] == "--rate 200")
        #expect(LoadComparison.obstacle([("A", one), ("B", try report(rate: "200"))]) == nil)
        #expect(LoadComparison.obstacle([("A", one), ("B", try report(rate: "300"))])?.contains("flags") == true)
        #expect(LoadComparison.obstacle([("A", one), ("B", try report(rate: "200", machine: "n"))])?.contains("machine") == true)
        #expect(LoadComparison.obstacle([("A", try report(rate: "200", stopped: true))])?.contains("stopped early") == true)
        #expect(throws: InputProblem.self) { try LoadRun(try JSONValue.parse(Array("{}".utf8))) }
    }

    // MARK: Failures

    private static func report(_ tally: LoadTally) throws -> LoadRun {
        var plan = LoadPlan(.open(try RateSpecification("100"), poisson: false))
        plan.nanoseconds = 10_000_000_000
        var report = LoadReport.of(tally, plan: plan)
        report.origin = LoadOrigin(command: "posthorn load http://a/", seed: 1, version: "v", vendor: nil, machine: "m")
        return try LoadRun(report)
    }

    @Test func onlyExpectedAnswersCountAsAnswered() throws {
        var tally = LoadTally()
        for i in 0..<1000 { tally.take(.after(5, at: Int64(i) * 9_000_000, status: i % 4 == 0 ? 503 : 200)) }
        tally.withhold(step: nil)
        let run = try Self.report(tally)
        #expect(run.figures[.answered] == 75 && run.problem == nil)
        #expect(run.figures[.errors] == 251.0 / 1001 * 100)
    }

    /// A refused connection fails at once, and is no fast answer.
    @Test func theWaitOfARequestWithoutAnAnswerIsNoLatency() throws {
        var tally = LoadTally()
        for i in 0..<100 { tally.take(.after(i < 80 ? 5 : 0, at: Int64(i) * 90_000_000, status: i < 80 ? 200 : nil)) }
        let run = try Self.report(tally)
        #expect(run.figures[.p50] != nil && run.problem == nil)
        #expect(run.figures[.p90] == nil && run.figures[.p99] == nil && run.figures[.mean] == nil)
        var dead = LoadTally()
        for i in 0..<100 { dead.take(.after(0, at: Int64(i) * 90_000_000, status: nil)) }
        #expect(try Self.report(dead).problem == "has no answer that was as it should be")
        let comparison = LoadComparison([run, run, run, run], [run, run, run, run])
        #expect(comparison.rows.map(\.figure) == [.p50, .answered, .errors] && comparison.leftOut == [.p90, .p99, .mean])
    }

    private static func runs(errors: [Double]) -> [LoadRun] { errors.map { LoadRun(figures: [.answered: 100 - $0, .errors: $0]) } }

    @Test func errorsAreComparedAlsoWhereOneSideHasNone() throws {
        let (none, some) = (Self.runs(errors: [0, 0, 0, 0, 0, 0]), Self.runs(errors: [51, 48, 50, 49, 52, 47]))
        let worse = LoadComparison(none, some)
        #expect(worse.outcome == .worse && worse.rows.map(\.outcome) == [.worse, .worse])
        let errors = try #require(worse.rows.last)
        #expect(errors.shift == 0.495 && errors.first == 0 && errors.visible == nil)
        #expect(LoadComparison(some, none).outcome == .better)
        let same = LoadComparison(none, none)
        #expect(same.outcome == .same && same.rows.allSatisfy { $0.probability == 1 })
        // A run with errors now and then is no change.
        #expect(LoadComparison(none, Self.runs(errors: [0, 0, 0, 0, 0, 3])).outcome == .same)
        // Noise is a share of what there was.
        let few = LoadComparison(
            Self.runs(errors: [10, 10.01, 10.02, 10.03, 10.04, 10.05]),
            Self.runs(errors: [10.06, 10.07, 10.08, 10.09, 10.1, 10.11])
        )
        #expect(few.rows.last?.outcome == .same && few.rows.last?.probability ?? 1 < 0.03)
    }

    @Test func runsWithoutErrorsAreNotCorrectedForThem() {
        let a = (0..<5).map { LoadRun(figures: [.p50: 10 + Double($0), .errors: 0]) }
        let b = (0..<5).map { LoadRun(figures: [.p50: 20 + Double($0), .errors: 0]) }
        let row = LoadComparison(a, b).rows[0]
        #expect(row.probability == RankTest(a.compactMap { $0.figures[.p50] }, b.compactMap { $0.figures[.p50] }).probability)
        #expect(row.outcome == .worse)
    }
}

extension LoadRun {
    fileprivate init(figures: [Figure: Double]) { self.init(figures: figures, conditions: [:], problem: nil) }
}
