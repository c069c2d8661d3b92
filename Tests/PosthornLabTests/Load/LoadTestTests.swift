import PosthornHTTP
import PosthornModel
import PosthornSending
import PosthornSystem
import Synchronization
import Testing

@testable import PosthornLab

@Suite struct LoadTestTests {
    private static let secret = JSONValue.string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    private static let now = Timestamp(milliseconds: 1_700_000_000_000)

    private var settings: EndpointSettings {
        EndpointSettings(
            id: "e",
            node: "n",
            url: "",
            envelope: .standard,
            signature: .standardWebhooks,
            credentials: ["secret": Self.secret]
        )
    }

    private func receiver(_ misbehaviour: Misbehaviour = Misbehaviour(), checks: Bool = true) throws -> Receiver {
        var configuration = ReceiverConfiguration()
        configuration.misbehaviour = misbehaviour
        let check = try RequestCheck(settings)
        return try Receiver(
            server: HTTPServerConfiguration(),
            configuration: configuration,
            check: { checks ? check.verdict($0) : .unchecked }
        )
    }

    private func run(
        _ port: Int,
        _ plan: LoadPlan,
        _ content: LoadContent? = nil,
        _ shares: LoadPlan.Shares = LoadPlan.Shares()
    ) throws -> LoadReport {
        let content =
            try content
            ?? .events(
                settings,
                vendor: nil,
                type: nil,
                data: nil,
                needsWrong: shares.wronglySigned > 0,
                seed: 1,
                at: Self.now
            )
        let test = try LoadTest(
            try EndpointURL("http://127.0.0.1:\(port)/hook"),
            plan: plan,
            content: content,
            shares: shares,
            guard: LabGuard.make(isOwned: false)
        )
        return try test.run()
    }

    private func closed(_ count: UInt64, connections: Int = 4, threads: Int = 2) -> LoadPlan {
        var plan = LoadPlan(.closed(connections: connections))
        plan.count = count
        plan.threads = threads
        return plan
    }

    @Test func aCountIsSentExactlyAndEveryEventIsAnother() throws {
        let receiver = try receiver()
        let report = try run(receiver.port, closed(501))
        #expect(report.requests == 501 && report.errors == 0 && report.statuses == [200: 501])
        #expect(receiver.counts.events == 501 && receiver.counts.duplicates == 0 && receiver.counts.badSignatures == 0)
        #expect(report.latencies.count == 501 && report.timeline.intervals.reduce(0) { $0 + $1.requests } == 501)
        #expect((1...4).contains(report.connects.count))
    }

    @Test func aScheduleIsKeptToTheRequest() throws {
        let receiver = try receiver()
        var plan = LoadPlan(.open(try RateSpecification("100:200ms,400:200ms"), poisson: false))
        plan.warmUpNanoseconds = 50_000_000
        let report = try run(receiver.port, plan)
        #expect(report.requests == 100 && report.warmUpRequests == 5)
        #expect(report.scheduledPerSecond == 250)
    }

    @Test func aReceiverThatChecksHasNoFindingsAndOneThatDoesNotHas() throws {
        var shares = LoadPlan.Shares()
        (shares.wronglySigned, shares.duplicates, shares.late, shares.reordered) = (0.1, 0.1, 0.1, 0.1)
        let careful = try receiver()
        let good = try run(careful.port, closed(600), nil, shares)
        #expect(good.findings.isEmpty && good.errors == 0 && good.kinds.count == LoadKind.allCases.count)
        #expect(careful.counts.duplicates == Int(good.kinds.first { $0.kind == .duplicate }?.requests ?? 0))
        let careless = try receiver(checks: false)
        let bad = try run(careless.port, closed(600), nil, shares)
        #expect(bad.findings.count == 2, "\(bad.findings)")
    }

    @Test func failuresAreCountedByTheirKind() throws {
        var wrong = Misbehaviour()
        wrong.status = 503
        let refusing = try receiver(wrong)
        let report = try run(refusing.port, closed(20))
        #expect(report.errorsByClass == ["http_status": 20] && report.statuses == [503: 20])
        refusing.stop()
        let nobody = try run(refusing.port, closed(5), .body([]))
        #expect(nobody.errorsByClass == ["connect": 5] && nobody.latencies.count == 0)
    }

    @Test func aReceiverThatAsksToWaitIsLeftAlone() throws {
        let asked = Mutex(0)
        let server = try HTTPServer { _ in
            let isFirst = asked.withLock { count in
                count += 1
                return count == 1
            }
            var response = HTTPResponse.text("", status: isFirst ? 429 : 200)
            if isFirst { response.headers.append("Retry-After", "3600") }
            return response
        }
        var plan = LoadPlan(.open(try RateSpecification("100:300ms"), poisson: false))
        let report = try run(server.port, plan, .body([]))
        #expect(report.requests + report.withheld == 30)
        #expect(report.withheld > 0)
        asked.withLock { $0 = 0 }
        plan.honoursRetryAfter = false
        #expect(try run(server.port, plan, .body([])).requests == 30)
    }

    /// The receiver stops once. The open model shows it at p99, since a fifth of all requests were meant to leave meanwhile;
    /// a sender that waits for its answers met it with a single request.
    @Test func aStallShowsInIntendedTimesAndNotInNaiveOnes() throws {
        let stall = try Waker()
        let served = Mutex(0)
        var configuration = HTTPServerConfiguration()
        configuration.threads = 1
        let server = try HTTPServer(configuration: configuration) { _ in
            let number = served.withLock { count in
                count += 1
                return count
            }
            if number == 50 { stall.wait(milliseconds: 400) }
            return .text("")
        }
        let open = try run(server.port, LoadPlan(.open(try RateSpecification("200:2s"), poisson: false)), .body([]))
        #expect(open.requests == 400)
        #expect(open.latencies.percentile(90) >= 100_000_000)
        served.withLock { $0 = 0 }
        let naive = try run(server.port, closed(400, connections: 1, threads: 1), .body([]))
        #expect(naive.latencies.maximum >= 390_000_000)
        #expect(naive.latencies.percentile(99) < open.latencies.percentile(90))
    }

    @Test func onlyOnesOwnHostsAreOpen() throws {
        for text in ["http://192.0.2.1/", "https://203.0.113.7/"] {
            let url = try EndpointURL(text)
            #expect(throws: InputProblem.self) { try LoadTarget.addresses(of: url, guard: LabGuard.make(isOwned: false)) }
            #expect(try LoadTarget.addresses(of: url, guard: LabGuard.make(isOwned: true)).isEmpty)
        }
        for text in ["http://127.0.0.1/", "http://10.1.2.3/", "http://[::1]/", "http://192.168.0.7/", "http://[fd00::1]/"] {
            #expect(try LoadTarget.addresses(of: try EndpointURL(text), guard: LabGuard.make(isOwned: false)).isEmpty)
        }
    }
}
