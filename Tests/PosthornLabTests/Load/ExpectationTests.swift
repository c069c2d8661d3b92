import PosthornModel
import PosthornText
import PosthornSending
import Testing

@testable import PosthornLab

@Suite struct ExpectationTests {
    /// 1000 requests in 10 s, of which 996 took 1 ms to 996 ms and 4 were answered 503.
    private let outcome: LoadOutcome = {
        let answers = (1...996).map { LoadAnswer.after($0) } + Array(repeating: LoadAnswer.after(1, status: 503), count: 4)
        return LoadOutcome(.of(answers), nanoseconds: 10_000_000_000, timeoutNanoseconds: 15_000_000_000)
    }()

    @Test(arguments: [
        ("p99<1s", true), ("p99<980ms", false), ("p50<=502ms", true), ("p50 < 400ms", false), ("p90>890ms", true),
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

    @Test(arguments: ["p99<1s", "max<1s", "mean<1s", "rate>0", "rate<1", "errors<1%", "errors<=0", "p99>1ms"])
    func loadWithoutAnAnswerMeetsNoExpectation(_ text: String) throws {
        let empty = LoadOutcome(LoadMeasurements(), nanoseconds: 0, timeoutNanoseconds: 1)
        let verdict = try Expectation(text).evaluate(empty)
        #expect(verdict.outcome == .unknown && verdict.line.hasPrefix("\(text): not known, no request was"), "\(verdict.line)")
    }

    /// A bound on findings that nothing could have shown is not kept.
    @Test func findingsAreCountedWhereSomethingWasTested() throws {
        var tested = outcome
        #expect(try Expectation("findings<1").evaluate(tested).outcome == .unknown)
        tested.findings = 0
        #expect(try Expectation("findings<1").evaluate(tested).line == "findings<1: kept, 0")
        tested.findings = 2
        #expect(try Expectation("findings<1").evaluate(tested).line == "findings<1: missed, 2")
    }

    @Test(arguments: [
        "", "p99", "p99<", "p99<200", "p99=200ms", "p0<1s", "p101<1s", "px<1s", "<200ms", "errors<1s", "errors<-1", "rate>=5%",
        "findings<1%", "{step:1}<1s", "p99}<1s",
        "max<5%", "p99<5%", "p99<=>5ms", "mean<nan",
    ])
    func malformedExpectationsAreRefusedInOneLine(_ text: String) {
        let problem = #expect(throws: InputProblem.self) { try Expectation(text) }
        #expect(problem?.reason.contains("p99<200ms") == true)
    }

    @Test(arguments: ["p99{}<1s", "p99{step}<1s", "p99{step:0}<1s", "p99{step:x}<1s", "p99{kind:x}<1s", "p99{step:1<1s", "p99{type:}<1s"])
    func bracesThatNameNothingAreRefusedWithExamples(_ text: String) {
        let problem = #expect(throws: InputProblem.self) { try Expectation(text) }
        #expect(problem?.reason.contains("{step:3}") == true, "\(String(describing: problem))")
    }

    /// Findings and ledgers are of the load as a whole.
    @Test(arguments: ["findings{step:1}<1", "lost{type:*}<1"])
    func countsOfTheWholeLoadTakeNoBraces(_ text: String) {
        #expect(throws: InputProblem.self) { try Expectation(text) }
    }

    @Test func aScopeIsReadAndNamedInItsVerdicts() throws {
        #expect(try Expectation("p99{step:3}<1s").scope == .step(3))
        #expect(try Expectation("errors { step:* } < 1%").scope == .step(nil))
        #expect(try Expectation("p99{type:MEETING_*}<1s").scope == .type(try EventPattern("MEETING_*")))
        #expect(try Expectation("p99{step:*}<1s").text(for: "2") == "p99{step:2}<1s")
    }
}
