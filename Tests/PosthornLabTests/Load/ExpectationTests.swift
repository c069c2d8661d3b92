import PosthornLab
import PosthornModel
import Testing

@Suite struct ExpectationTests {
    /// 1000 requests of 1 ms to 1000 ms in 10 s, 4 of them failed.
    private let outcome: LoadOutcome = {
        var latencies = LatencyHistogram()
        for milliseconds in 1...996 as ClosedRange<Int64> { latencies.record(milliseconds * 1_000_000) }
        return LoadOutcome(latencies: latencies, requests: 1000, errors: 4, nanoseconds: 10_000_000_000)
    }()

    @Test(arguments: [
        ("p99<1s", true), ("p99<980ms", false), ("p50<=502ms", true), ("p50 < 400ms", false), ("p99.9>900ms", true),
        ("max<=996ms", true), ("max<996ms", false), ("mean<499ms", true), ("mean<498ms", false), ("errors<0.5%", true),
        ("errors<0.4%", false), ("errors<=0.4%", true), ("errors<=4", true), ("errors<4", false), ("rate>=99.6", true),
        ("rate>99.6", false), ("p100<=0.996s", true), ("p50>1us", true),
    ])
    func boundsAreKeptOrMissed(_ text: String, _ holds: Bool) throws {
        #expect(try Expectation(text).evaluate(outcome).holds == holds)
    }

    @Test func theVerdictSaysWhatWasMeasured() throws {
        #expect(try Expectation("errors<0.1%").evaluate(outcome).line == "errors<0.1%: missed, 0.4 %")
        #expect(try Expectation("max<2s").evaluate(outcome).line == "max<2s: kept, 996.0 ms")
        #expect(try Expectation("rate>=900").evaluate(outcome).line == "rate>=900: missed, 99.6 a second")
        #expect(try Expectation("errors<9").evaluate(outcome).line == "errors<9: kept, 4")
    }

    @Test func nothingAnsweredShowsNothing() throws {
        let empty = LoadOutcome(latencies: LatencyHistogram(), requests: 0, errors: 0, nanoseconds: 0)
        #expect(!(try Expectation("p99<1s").evaluate(empty).holds))
        #expect(!(try Expectation("rate>0").evaluate(empty).holds))
        #expect(try Expectation("errors<1%").evaluate(empty).holds)
    }

    /// A bound on findings that nothing could have shown is not kept.
    @Test func findingsAreCountedWhereSomethingWasTested() throws {
        var tested = outcome
        #expect(!(try Expectation("findings<1").evaluate(tested).holds))
        tested.findings = 0
        #expect(try Expectation("findings<1").evaluate(tested).line == "findings<1: kept, 0")
        tested.findings = 2
        #expect(try Expectation("findings<1").evaluate(tested).line == "findings<1: missed, 2")
    }

    @Test(arguments: [
        "", "p99", "p99<", "p99<200", "p99=200ms", "p0<1s", "p101<1s", "px<1s", "<200ms", "errors<1s", "errors<-1", "rate>=5%",
        "findings<1%",
        "max<5%", "p99<5%", "p99<=>5ms", "mean<nan",
    ])
    func whatIsNoExpectationIsRefusedInOneLine(_ text: String) {
        let problem = #expect(throws: InputProblem.self) { try Expectation(text) }
        #expect(problem?.reason.contains("p99<200ms") == true)
    }
}
