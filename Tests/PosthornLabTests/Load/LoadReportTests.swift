import PosthornModel
import PosthornText
import PosthornSending
import Testing

@testable import PosthornLab

@Suite struct LoadReportTests {
    private var report: LoadReport {
        var tally = LoadTally()
        for i in 1...100 { tally.take(.after(Int64(i), at: Int64(i) * 10_000_000)) }
        tally.take(.after(500, status: nil))
        return .of(tally, target: "http://127.0.0.1:1/<&>")
    }

    @Test func theObjectHasItsKeys() throws {
        let json = report.json
        #expect(json["requests"] == .number("101") && json["errors"] == .number("1") && json["statuses"]?["200"] == .number("100"))
        #expect(json["errors_by_kind"]?["timeout"] == .number("1"))
        for key in ["p50", "p90", "p99", "p999", "p9999", "max"] {
            #expect(json["latency_ms"]?[key] != nil, "\(key) is missing")
        }
        #expect(json["latency_ms"]?["max"] == .number("500.000"))
        guard case .number(let rate) = json["requests_per_second"] else {
            Issue.record("no requests_per_second")
            return
        }
        #expect(Double(rate).map { abs($0 - 100 / 1.1) < 0.01 } ?? false)
        #expect(try JSONValue.parse(Array(json.text.utf8)) == json)
    }

    @Test func thePageHoldsEverythingItself() {
        let html = LoadPage(report, [.init(outcome: .missed, expectation: "p99<1ms", detail: "2 ms")]).html
        #expect(html.contains("http://127.0.0.1:1/&lt;&amp;&gt;") && !html.contains("/<&>"))
        // Its own script, which sorts tables.
        #expect(html.split(separator: "<script").count == 2)
        #expect(!html.contains("src=") && !html.contains("@import") && !html.contains("url("))
        #expect(html.split(separator: "<svg").count == 4 && !html.contains("nan") && !html.contains("inf\""))
    }

    /// Of 100 answers none is one in a thousand.
    @Test func thePercentileAxisEndsWhereAnswersDo() {
        var tally = LoadTally()
        for i in 1...100 { tally.take(.after(Int64(i), at: Int64(i) * 10_000_000)) }
        let html = LoadPage(.of(tally), []).html
        #expect(html.contains(">99</text>") && !html.contains(">99.9</text>"))
    }

    @Test(
        arguments: [
            (0, "0"), (999, "999"), (5000, "5,000"), (10_000, "10,000"), (1_234_567, "1,234,567"), (-1000, "-1,000"), (-100, "-100"),
            (0.5, "0.5"),
        ]
    )
    func largeNumbersAreInGroupsOfThree(_ number: Double, _ text: String) { #expect(SVGPlot.plain(number) == text) }

    /// Requests that test the receiver and had no answer are not passed over, and neither is a load that nothing came of.
    @Test func unansweredRequestsAreInTheReportPage() {
        var tally = LoadTally()
        tally.take(.after(5, status: 503), .plain, signsTime: true)
        tally.take(.after(5, status: 503), .duplicate, signsTime: true)
        tally.take(.after(5, status: nil), .duplicate, signsTime: true)
        func made(_ tally: LoadTally) -> LoadReport {
            LoadReport.of(tally, signsTime: true)
        }
        let html = LoadPage(made(tally), []).html
        #expect(html.contains("<td>2</td><td>503: 1, no answer: 1</td>") && html.contains("closed model with 1 connection, 5 ms</p>"))
        #expect(html.contains("Nothing was answered 200.") && made(tally).failureOfAll == .status(503))
        tally.take(.after(5), .reordered, signsTime: true)
        #expect(made(tally).failureOfAll == nil && !LoadPage(made(tally), []).html.contains("Nothing was answered"))
    }

    /// Requests that a good receiver refuses say nothing of it.
    @Test func expectedRefusalsAreNotATotalFailure() {
        var tally = LoadTally()
        func failure(_ tally: LoadTally) -> RequestFailure? {
            LoadReport.of(tally, signsTime: true).failureOfAll
        }
        #expect(failure(tally) == nil)
        tally.take(.after(5, status: 401), .wronglySigned, signsTime: true)
        tally.take(.after(5, status: 401), .late, signsTime: true)
        #expect(failure(tally) == nil)
        tally.take(.after(5, status: nil), .plain, signsTime: true)
        #expect(failure(tally) == .unanswered(.timeout))
        tally.take(.after(5), .wronglySigned, signsTime: true)
        #expect(failure(tally) == .unanswered(.timeout))
    }

    @Test func aLoadWithoutAnyAnswerHasAPageToo() {
        let empty = LoadReport.of(LoadTally(), signsTime: false)
        let html = LoadPage(empty, []).html
        #expect(html.hasSuffix("</html>\n") && !html.contains("<svg") && html.contains("Too short"))
        #expect(empty.json["latency_ms"] == .null)
    }

    /// 100 answers a second, and a stall of half a second whose requests are answered at its end.
    @Test func answersCountWhereTheyCame() {
        var timeline = LoadTimeline()
        for i in 0..<200 as Range<Int64> {
            let moment = i * 10_000_000
            let isStalled = (1_000_000_000..<1_500_000_000).contains(moment)
            timeline.take(at: moment, .answered(after: isStalled ? 1_500_000_000 - moment : 1))
        }
        #expect(timeline.intervals.map(\.requests) == [UInt64](repeating: 10, count: 20))
        let answers = [UInt64](repeating: 10, count: 10) + [0, 0, 0, 0, 0, 60, 10, 10, 10, 10]
        #expect(timeline.intervals.map(\.answers) == answers)
        let coarse = timeline.coarsened(toAtMost: 6)
        #expect(coarse.intervals.map(\.answers) == [40, 40, 20, 60, 40] && coarse.nanoseconds == 400_000_000)
    }

    @Test func intervalsGrowAndLoseNothing() {
        var timeline = LoadTimeline()
        for i in 0..<5000 { timeline.take(at: Int64(i) * 50_000_000, .answered(after: 1_000_000, status: i % 10 == 0 ? 503 : 200)) }
        #expect(timeline.intervals.count <= 400)
        #expect(timeline.intervals.reduce(0) { $0 + $1.requests } == 5000)
        #expect(timeline.intervals.reduce(0) { $0 + $1.errors } == 500)
        var short = LoadTimeline()
        short.take(at: 0, .answered(after: 1))
        short.merge(timeline)
        #expect(short.nanoseconds == timeline.nanoseconds && short.intervals.reduce(0) { $0 + $1.requests } == 5001)
    }

    @Test func theCSVHasALineForEachInterval() {
        let lines = report.csv.split(separator: "\n")
        #expect(lines.count == report.timeline.intervals.count + 1)
        #expect(lines.allSatisfy { $0.split(separator: ",").count == 9 })
    }

    /// Stopped after 3 s of the 10 s that were planned, in the second of two steps: rates are those of the time that it took.
    @Test func aLoadThatWasStoppedHasTheTimeThatItTook() throws {
        let plan = LoadPlan(.open(try RateSpecification("10:2s,20:4s,5:4s"), poisson: false))
        var tally = LoadTally(steps: 3)
        for i in 0..<40 as Range<Int64> {
            let answer = LoadAnswer.after(10, at: i < 20 ? i * 100_000_000 : 1_000_000_000 + i * 50_000_000)
            let ending = LoadMeasurements.Ending(answer: answer, wasHeldBack: false, isToBeRefused: false)
            tally.take(ending, .plain, start: 0, step: i < 20 ? 0 : 1)
        }
        var facts = LoadReport.Facts(target: "x", began: Timestamp(milliseconds: 0), plan: plan)
        #expect(LoadReport(facts, tally).nanoseconds == 10_000_000_000)
        facts.stoppedAfter = 3_000_000_000
        let report = LoadReport(facts, tally)
        #expect(report.nanoseconds == 3_000_000_000 && report.json["stopped_early"] == .bool(true))
        #expect(abs(report.requestsPerSecond - 40.0 / 3) < 1e-9 && abs((report.scheduledPerSecond ?? 0) - 40.0 / 3) < 1e-9)
        #expect(report.steps.map(\.name) == ["1", "2"] && report.steps.map(\.nanoseconds) == [2_000_000_000, 1_000_000_000])
        #expect(report.steps.map(\.answersPerSecond) == [10, 20])
        #expect(try report.verdicts([Expectation("rate{step:*}>=20")]).map(\.outcome) == [.missed, .kept])
        #expect(try report.verdicts([Expectation("rate{step:3}>=20")]).map(\.outcome) == [.unknown])
        // Stopped when its last request had left, it was carried out.
        facts.stoppedAfter = 10_000_000_000
        #expect(LoadReport(facts, tally).stoppedAfter == nil)
    }

    /// A page, a table and a summary speak of the same errors: a replay that is refused is none.
    @Test func refusedReplaysAreErrorsNowhere() {
        var tally = LoadTally()
        for i in 0..<10 as Range<Int64> { tally.take(.after(5, at: i * 10_000_000, status: 401), .late, signsTime: true) }
        let report = LoadReport.of(tally, signsTime: true)
        #expect(report.errors == 0 && report.timeline.intervals.reduce(0) { $0 + $1.errors } == 0)
        #expect(report.all.answered.count == 10 && report.json["errors"] == .number("0"))
    }

    @Test func everyOutputSaysHowItWasMade() {
        var report = report
        report.origin = LoadOrigin(command: "posthorn load <x>\n --seed 7", seed: 7, version: "1.2.3", vendor: "diio", machine: "a machine")
        #expect(report.json["run"]?["command"] == .string("posthorn load <x>\n --seed 7") && report.json["run"]?["seed"] == .string("7"))
        let html = LoadPage(report, []).html
        #expect(html.contains("posthorn load &lt;x&gt;") && html.contains("<td>1.2.3</td>") && html.contains("a machine"))
        let comments = report.csv.split(separator: "\n").prefix { $0.hasPrefix("# ") }
        #expect(comments.count == 5 && comments[0] == "# command: posthorn load <x>\\u{a} --seed 7")
    }
}
