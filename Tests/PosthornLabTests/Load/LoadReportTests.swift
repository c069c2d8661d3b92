import PosthornModel
import PosthornText
import PosthornSending
import Testing

@testable import PosthornLab

@Suite struct LoadReportTests {
    private func answer(_ latencyMilliseconds: Int64, at intended: Int64, status: Int? = 200) -> LoadAnswer {
        LoadAnswer(
            ticket: LoadTicket(intended: intended, mark: 0),
            started: intended,
            ended: intended + latencyMilliseconds * 1_000_000,
            status: status,
            error: status == 200 ? nil : status == nil ? .timeout : .status,
            errorText: "",
            sentBytes: 10,
            receivedBytes: 20,
            retryAfterMilliseconds: nil,
            connection: nil
        )
    }

    private var report: LoadReport {
        var tally = LoadTally()
        for i in 1...100 { tally.take(answer(Int64(i), at: Int64(i) * 10_000_000), .plain, start: 0) }
        tally.take(answer(5, at: 0, status: nil), .plain, start: 0)
        return LoadReport(
            target: "http://127.0.0.1:1/<&>",
            began: Timestamp(milliseconds: 0),
            plan: LoadPlan(.closed(connections: 1)),
            tally: tally,
            signsTime: false
        )
    }

    @Test func theObjectHasItsKeys() throws {
        let json = report.json
        #expect(json["requests"] == .number("101") && json["errors"] == .number("1") && json["statuses"]?["200"] == .number("100"))
        #expect(json["errors_by_kind"]?["timeout"] == .number("1"))
        for key in ["p50", "p90", "p99", "p999", "p9999", "max"] {
            #expect(json["latency_ms"]?[key] != nil, "\(key) is missing")
        }
        #expect(json["latency_ms"]?["max"] == .number("100.000"))
        guard case .number(let rate) = json["requests_per_second"] else {
            Issue.record("no requests_per_second")
            return
        }
        #expect(Double(rate).map { abs($0 - 100 / 1.1) < 0.01 } ?? false)
        #expect(try JSONValue.parse(Array(json.text.utf8)) == json)
    }

    @Test func thePageHoldsEverythingItself() {
        let html = LoadPage(report, [Expectation.Verdict(holds: false, line: "p99<1ms: missed")]).html
        #expect(html.contains("http://127.0.0.1:1/&lt;&amp;&gt;") && !html.contains("/<&>"))
        #expect(!html.contains("<script") && !html.contains("src=") && !html.contains("@import") && !html.contains("url("))
        #expect(html.split(separator: "<svg").count == 4 && !html.contains("nan") && !html.contains("inf\""))
    }

    /// Of 100 answers none is one in a thousand.
    @Test func thePercentileAxisEndsWhereAnswersDo() {
        let html = LoadPage(report, []).html
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
    @Test func whatWasNotAnsweredStandsInThePage() {
        var tally = LoadTally()
        tally.take(answer(5, at: 0, status: 503), .plain, start: 0)
        tally.take(answer(5, at: 0, status: 503), .duplicate, start: 0)
        tally.take(answer(5, at: 0, status: nil), .duplicate, start: 0)
        func made(_ tally: LoadTally) -> LoadReport {
            LoadReport(
                target: "x",
                began: Timestamp(milliseconds: 0),
                plan: LoadPlan(.closed(connections: 1)),
                tally: tally,
                signsTime: true
            )
        }
        let html = LoadPage(made(tally), []).html
        #expect(html.contains("<td>2</td><td>503: 1, no answer: 1</td>") && html.contains("closed model with 1 connection, 5 ms</p>"))
        #expect(html.contains("Nothing was answered 200.") && made(tally).failureOfAll == .status(503))
        tally.take(answer(5, at: 0), .reordered, start: 0)
        #expect(made(tally).failureOfAll == nil && !LoadPage(made(tally), []).html.contains("Nothing was answered"))
    }

    /// Requests that a good receiver refuses say nothing of it.
    @Test func whatIsToBeRefusedIsNoFailureOfAll() {
        var tally = LoadTally()
        func failure(_ tally: LoadTally) -> RequestFailure? {
            LoadReport(
                target: "x",
                began: Timestamp(milliseconds: 0),
                plan: LoadPlan(.closed(connections: 1)),
                tally: tally,
                signsTime: true
            ).failureOfAll
        }
        #expect(failure(tally) == nil)
        tally.take(answer(5, at: 0, status: 401), .wronglySigned, start: 0)
        tally.take(answer(5, at: 0, status: 401), .late, start: 0)
        #expect(failure(tally) == nil)
        tally.take(answer(5, at: 0, status: nil), .plain, start: 0)
        #expect(failure(tally) == .unanswered(.timeout))
        tally.take(answer(5, at: 0), .wronglySigned, start: 0)
        #expect(failure(tally) == .unanswered(.timeout))
    }

    @Test func aLoadWithoutAnyAnswerHasAPageToo() {
        let empty = LoadReport(
            target: "x",
            began: Timestamp(milliseconds: 0),
            plan: LoadPlan(.closed(connections: 1)),
            tally: LoadTally(),
            signsTime: false
        )
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
            timeline.take(at: moment, latency: isStalled ? 1_500_000_000 - moment : 1, isError: false)
        }
        #expect(timeline.intervals.map(\.requests) == [UInt64](repeating: 10, count: 20))
        let answers = [UInt64](repeating: 10, count: 10) + [0, 0, 0, 0, 0, 60, 10, 10, 10, 10]
        #expect(timeline.intervals.map(\.answers) == answers)
        let coarse = timeline.coarsened(toAtMost: 6)
        #expect(coarse.intervals.map(\.answers) == [40, 40, 20, 60, 40] && coarse.nanoseconds == 400_000_000)
    }

    @Test func intervalsGrowAndLoseNothing() {
        var timeline = LoadTimeline()
        for i in 0..<5000 { timeline.take(at: Int64(i) * 50_000_000, latency: 1_000_000, isError: i % 10 == 0) }
        #expect(timeline.intervals.count <= 400)
        #expect(timeline.intervals.reduce(0) { $0 + $1.requests } == 5000)
        #expect(timeline.intervals.reduce(0) { $0 + $1.errors } == 500)
        var short = LoadTimeline()
        short.take(at: 0, latency: 1, isError: false)
        short.merge(timeline)
        #expect(short.nanoseconds == timeline.nanoseconds && short.intervals.reduce(0) { $0 + $1.requests } == 5001)
    }

    @Test func theCSVHasALineForEachInterval() {
        let lines = report.csv.split(separator: "\n")
        #expect(lines.count == report.timeline.intervals.count + 1)
        #expect(lines.allSatisfy { $0.split(separator: ",").count == 9 })
    }
}
