import PosthornHTTP
import PosthornModel
import PosthornSending
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornLab

@Suite struct StopBoundTests {
    private static func outcome(_ answers: [LoadAnswer]) -> LoadOutcome {
        LoadOutcome(.of(answers), nanoseconds: 1_000_000_000, timeoutNanoseconds: 15_000_000_000)
    }

    private static func answers(_ good: Int, _ bad: Int) -> [LoadAnswer] {
        (0..<good).map { _ in .after(10) } + (0..<bad).map { _ in .after(10, status: 500) }
    }

    @Test(arguments: [
        ("errors>5%", 94, 6, true), ("errors>5%", 95, 5, false),
        // A share of few requests says nothing, a count does.
        ("errors>5%", 0, 99, false), ("errors>=5", 0, 5, true), ("errors>=5", 100, 4, false),
        // Few requests are enough for a lower bound of a percentile, where all of them are above.
        ("p99>5ms", 299, 0, true), ("p99>20ms", 1000, 0, false), ("max>5ms", 1, 0, true),
    ])
    func aLoadEndsWhereABoundCertainlyHolds(text: String, good: Int, bad: Int, ends: Bool) throws {
        let reason = try StopBound(text).reason(Self.outcome(Self.answers(good, bad)))
        #expect((reason != nil) == ends, "\(reason ?? "-")")
    }

    /// What this machine itself was late with stops nothing.
    @Test func ownLatenessStopsNothing() throws {
        let late = (0..<400).map { _ in LoadAnswer.after(3000, late: 2999) }
        #expect(try StopBound("p99>2s").reason(Self.outcome(late)) == nil)
        #expect(try StopBound("p99>2s").reason(Self.outcome((0..<400).map { _ in .after(3000) })) == "3000.0 ms")
    }

    @Test(arguments: [
        ("errors", "write errors>5%, errors>=50, p99>2s or max>10s"), ("rate>5", "is known only at the end"),
        ("lost>1", "is known only at the end"), ("findings>1", "is known only at the end"), ("p99{step:1}>2s", "leave the braces out"),
        ("errors<5%", "would stop a load that goes well"), ("p99<=2s", "would stop a load that goes well"),
    ])
    func whatIsNoBoundIsRefused(text: String, message: String) {
        let problem = #expect(throws: InputProblem.self) { try StopBound(text) }
        #expect(problem?.field == "stop-if" && problem?.description.contains(message) == true, "\(problem?.description ?? "")")
    }

    /// Refuses everything: the load has to end long before its hour is over.
    @Test(.limited(), arguments: [1, 2]) func aLoadIsStoppedByItsBound(receivers: Int) throws {
        var configuration = ReceiverConfiguration()
        configuration.misbehaviour.status = 503
        let all = try (0..<receivers).map { _ in try Receiver(server: HTTPServerConfiguration(), configuration: configuration) }
        let destinations = try all.map { receiver in
            LoadDestination(try EndpointURL("http://127.0.0.1:\(receiver.port)/"), guard: OwnedHostGuard.make(isOwned: false))
        }
        var plan = LoadPlan(.closed(connections: 4))
        plan.nanoseconds = 3_600_000_000_000
        plan.threads = 2
        plan.stopBounds = [try StopBound("p50>10h"), try StopBound("errors>50%")]
        let report = try LoadTest(destinations, plan: plan, content: .body([])).run()
        let stop = try #require(report.stop)
        #expect(stop.bound == "errors>50%" && stop.measured == "100.0 %" && report.stoppedAfter != nil)
        #expect(report.requests >= StopBound.fewestRequests && report.targets.count == (receivers == 1 ? 0 : 2))
        #expect(report.stopVerdicts.map(\.outcome) == [.kept, .missed])
        // Every output says when and why.
        let line = "stopped by --stop-if errors>50%: 100.0 % after "
        #expect(report.csv.contains("# \(line)") && LoadPage(report, report.stopVerdicts).html.contains(line.replacing(">", with: "&gt;")))
        #expect(
            report.junit(report.stopVerdicts).contains("<failure type=\"missed\" message=\"not stopped by errors&gt;50%: missed, 100.0 %")
        )
        #expect(report.prometheus(report.stopVerdicts).contains("posthorn_load_stopped_after_seconds{bound=\"errors>50%\"} "))
        #expect(report.k6Summary(report.stopVerdicts).contains(#""not stopped by errors>50%":true"#))
        #expect(report.json["stop"]?["bound"] == .string("errors>50%") && report.json["stopped_early"] == .bool(true))
        for receiver in all { receiver.stop() }
    }

    /// All places are taken by requests that are never answered: what else was due belongs to the result as well.
    @Test(.limited()) func whatWasDueAtTheStopIsCounted() throws {
        let receiver = try MisbehavingReceiver { _ in .silence }
        var plan = LoadPlan(.open(try RateSpecification("1000"), poisson: false))
        (plan.nanoseconds, plan.inFlightLimit, plan.timeoutMilliseconds) = (3_600_000_000_000, 2, 400)
        plan.stopBounds = [try StopBound("errors>=2")]
        let destination = LoadDestination(
            try EndpointURL("http://127.0.0.1:\(receiver.port)/"),
            guard: OwnedHostGuard.make(isOwned: false)
        )
        let report = try LoadTest([destination], plan: plan, content: .body([])).run()
        let stopped = try #require(report.stoppedAfter)
        #expect(stopped >= 400_000_000)
        // One each millisecond, but for those that were about to leave.
        let due = UInt64(stopped / 1_000_000) + 1
        #expect((due - 11)...due ~= report.requests, "\(report.requests) instead of \(due)")
        #expect(report.all.unanswered.count == report.requests && report.errorsByClass == ["timeout": report.requests])
        let scheduled = try #require(report.scheduledPerSecond)
        #expect(scheduled > 960, "\(scheduled)")
        #expect(report.verdicts([try Expectation("p50<10ms"), try Expectation("errors<1%")]).map(\.outcome) == [.missed, .missed])
    }

    /// Nothing is sent and answered any more after the first request, and the hour is not waited for.
    @Test(.limited()) func aLoadThatIsLeftAloneIsStoppedToo() throws {
        let server = try HTTPServer { _ in
            var response = HTTPResponse.text("", status: 503)
            response.headers.append("Retry-After", "3600")
            return response
        }
        var plan = LoadPlan(.open(try RateSpecification("2000"), poisson: false))
        plan.nanoseconds = 3_600_000_000_000
        plan.stopBounds = [try StopBound("errors>50%")]
        let destination = LoadDestination(
            try EndpointURL("http://127.0.0.1:\(server.port)/"),
            guard: OwnedHostGuard.make(isOwned: false)
        )
        let report = try LoadTest([destination], plan: plan, content: .body([])).run()
        #expect(report.stop?.bound == "errors>50%" && report.stop?.measured.contains("Retry-After") == true)
        #expect(report.stopVerdicts.map(\.outcome) == [.missed] && report.withheld > 0)
    }

    /// Where the last answers come after the last look, the end is looked at.
    @Test func aBoundThatHoldsAtTheEndIsMissedToo() throws {
        var tally = LoadTally()
        for answer in Self.answers(90, 10) { tally.take(answer) }
        var plan = LoadPlan(.closed(connections: 1))
        plan.stopBounds = [try StopBound("errors>5%")]
        let verdict = try #require(LoadReport.of(tally, plan: plan).stopVerdicts.first)
        #expect(verdict.line == "not stopped by errors>5%: missed, 10.0 % at the end, when nothing was left to stop")
    }
}
