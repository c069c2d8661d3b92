import PosthornHTTP
import PosthornModel
import PosthornText
import PosthornSending
import PosthornSystem
import PosthornTestSupport
import Synchronization
import Testing

@testable import PosthornLab

@Suite(.limited()) struct LoadTestTests {
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
            guard: OwnedHostGuard.make(isOwned: false)
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
        #expect(good.outcome.findings == 0 && bad.outcome.findings == 2)
        #expect(try run(careless.port, closed(5)).outcome.findings == nil)
    }

    @Test func failuresAreCountedByTheirKind() throws {
        var wrong = Misbehaviour()
        wrong.status = 503
        let refusing = try receiver(wrong)
        let report = try run(refusing.port, closed(20))
        #expect(report.errorsByClass == ["http_status": 20] && report.statuses == [503: 20])
        refusing.stop()
        let nobody = try run(refusing.port, closed(5), .body([]))
        #expect(nobody.errorsByClass == ["connect": 5] && nobody.all.unanswered.count == 5 && nobody.sentBytes == 0)
        #expect(nobody.all.answered.count == 0)
    }

    /// One that never answers takes up its own places on the wire, and nothing of the others'.
    @Test func severalReceiversHaveTheirOwnResultsAndNoneHidesAnother() throws {
        var wrong = Misbehaviour()
        wrong.delayMilliseconds = 3_600_000
        let (good, hanging) = (try receiver(), try receiver(wrong))
        var plan = LoadPlan(.open(try RateSpecification("200"), poisson: false))
        (plan.count, plan.inFlightLimit, plan.timeoutMilliseconds) = (120, 40, 400)
        let destinations = try [(good, 3.0), (hanging, 1)].map { receiver, weight in
            LoadDestination(
                try EndpointURL("http://127.0.0.1:\(receiver.port)/hook"),
                guard: OwnedHostGuard.make(isOwned: false),
                weight: weight
            )
        }
        let content = try LoadContent.events(
            settings,
            vendor: nil,
            type: nil,
            data: nil,
            needsWrong: false,
            seed: 1,
            at: Self.now
        )
        let report = try LoadTest(destinations, plan: plan, content: content).run()
        try #require(report.targets.count == 2)
        let (one, other) = (report.targets[0], report.targets[1])
        #expect(one.target.contains(":\(good.port)/") && one.requests == 90 && one.statuses == [200: 90] && one.all.unanswered.count == 0)
        #expect(other.requests == 30 && other.statuses.isEmpty && other.all.unanswered.count == 30)
        #expect(report.requests == 120 && report.all.unanswered.count == 30 && report.statuses == [200: 90])
        #expect(report.failureOfAll == nil && one.failureOfAll == nil && other.failureOfAll == .unanswered(.timeout))
        // Each event goes to one of them.
        #expect(good.counts.events == 90 && good.counts.duplicates == 0 && good.counts.badSignatures == 0)
        let verdicts = report.verdicts([try Expectation("p50<1h"), try Expectation("max<300ms"), try Expectation("errors{url:*}<=0")])
        #expect(
            verdicts.map(\.expectation) == [
                "p50<1h", "p50<1h at \(one.target)", "p50<1h at \(other.target)", "max<300ms", "max<300ms at \(one.target)",
                "max<300ms at \(other.target)", "errors{url:\(one.target)}<=0", "errors{url:\(other.target)}<=0",
            ]
        )
        #expect(verdicts.map(\.holds)[0...2] == [true, true, false] && verdicts[3].outcome == .missed && verdicts[5].outcome == .missed)
        #expect(verdicts.suffix(2).map(\.holds) == [true, false])
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

    /// Every request that was due has a type, whether or not it left.
    @Test func boundsOnTypesCountWhatTheReceiverAskedNotToBeSent() throws {
        let server = try HTTPServer { _ in
            var response = HTTPResponse.text("", status: 503)
            response.headers.append("Retry-After", "3600")
            return response
        }
        let content = try LoadContent.events(
            LedgerRunTests.settings(.weseedo),
            vendor: .weseedo,
            type: nil,
            mix: try TypeMix(["MEETING_STARTED=1", "MEETING_ENDED=1"]),
            data: nil,
            needsWrong: false,
            seed: 1,
            at: Self.now
        )
        var plan = LoadPlan(.open(try RateSpecification("400:500ms"), poisson: false))
        plan.success = [200...200, 503...503]
        let report = try run(server.port, plan, content)
        #expect(report.withheld > 0 && report.errors == 0)
        #expect(report.types.map(\.measurements.due) == [100, 100])
        #expect(report.types.reduce(0) { $0 + $1.measurements.withheld } == report.withheld)
        let verdicts = report.verdicts([try Expectation("errors{type:*}<1%")])
        #expect(verdicts.count == 2 && verdicts.allSatisfy { $0.outcome == .missed && $0.detail.contains("Retry-After") }, "\(verdicts)")
        guard case .array(let types)? = report.json["types"] else { throw InputProblem(field: "types", reason: "are missing") }
        #expect(types.count == 2 && types.allSatisfy { $0["withheld"] != nil && $0["withheld"] != .number("0") })
    }

    /// Requests are counted on both sides: the sender's count is exact whatever the receiver answers.
    @Test(arguments: [1, 2], [1, 16])
    func aCountIsExactWhenEveryRequestIsRefused(threads: Int, connections: Int) throws {
        let refused = HTTPServerConfiguration()
        let asked = Mutex(0)
        let server = try HTTPServer(configuration: refused) { _ in
            asked.withLock { $0 += 1 }
            return .text("the signature is not right\n", status: 401)
        }
        let report = try run(server.port, closed(301, connections: connections, threads: threads))
        #expect(report.requests == 301 && report.statuses == [401: 301] && asked.withLock { $0 } == 301)
    }

    /// A receiver that hangs up after its 401 makes requests fail on connections that are just closing; none is sent twice.
    @Test func aCountIsExactWhenTheReceiverHangsUpAfterEveryRefusal() throws {
        let receiver = try MisbehavingReceiver { _ in Reply.status(401, body: "no").then(.close) }
        let report = try run(Int(receiver.port), closed(301, connections: 8, threads: 2))
        #expect(report.requests == 301)
        let answered = report.statuses[401] ?? 0
        #expect(answered + report.errorsByClass.reduce(0) { $0 + ($1.key == "http_status" ? 0 : $1.value) } == 301)
        #expect(receiver.requests.count >= Int(answered) && receiver.requests.count <= 301)
    }

    /// Every value that was recorded against what the histogram makes of them.
    @Test func percentilesOfARealRunAreWithinOnePercentOfExactOnes() throws {
        let receiver = try receiver()
        var plan = closed(3000, connections: 16)
        plan.keepsSamples = true
        let report = try run(receiver.port, plan)
        let exact = report.samples.map(\.latency).sorted()
        #expect(exact.count == 3000 && report.latencies.count == 3000)
        for percent in [50, 75, 90, 95, 99, 99.9, 99.99, 100] {
            let right = exact[max(1, Int((percent * 30 - 1e-9).rounded(.up))) - 1]
            let found = report.latencies.percentile(percent)
            #expect(Double((found - right).magnitude) <= Double(right) * 0.01, "p\(percent): \(found) instead of \(right)")
        }
        #expect(report.samples.allSatisfy { $0.started >= $0.intended && $0.ended > $0.started && $0.status == 200 })
    }

    @Test func recordedEventsGoOutAtTheirMomentsAsTheyWere() throws {
        let events = (0..<40).map { i in
            let data = Array("{\"n\": 1.\(i)0}".utf8)
            return Event(id: "r\(i)", type: "T", node: "n", created: Timestamp(milliseconds: Int64(i) * 1000), data: data)
        }
        let receiver = try MisbehavingReceiver { _ in .ok }
        var plan = LoadPlan(.replay(events.indices.map { Int64($0) * 1_000_000 }))
        (plan.count, plan.threads, plan.keepsSamples) = (40, 3, true)
        let report = try run(Int(receiver.port), plan, try .recorded(events, settings, needsWrong: false, at: Self.now))
        #expect(report.requests == 40 && report.modelName == "replay")
        #expect(report.samples.map(\.intended) == events.indices.map { Int64($0) * 1_000_000 })
        let bodies = receiver.requests.map { String(decoding: $0.body, as: UTF8.self) }.sorted()
        let expected = events.map { event in
            let data = String(decoding: event.data, as: UTF8.self)
            return "{\"type\":\"T\",\"timestamp\":\"\(event.created)\",\"data\":\(data)}"
        }
        #expect(bodies == expected.sorted())
        #expect(Set(receiver.requests.compactMap { $0.header("webhook-id") }) == Set(events.map(\.id)))
    }

    @Test func anEventThatTheFormatCannotCarryIsNamed() throws {
        let event = Event(id: "r1", type: "T", node: "n", created: Self.now, data: Array("{}".utf8))
        let problem = #expect(throws: InputProblem.self) {
            try LoadContent.recorded([event], LedgerRunTests.settings(.diio), needsWrong: false, at: Self.now)
        }
        #expect(problem?.description.contains("r1") == true)
    }

    /// A name leads to an address at which nothing listens, as `::1` of `localhost` does for many a receiver.
    @Test(arguments: [["127.0.0.2", "127.0.0.1"], ["::1", "127.0.0.1", "127.0.0.3"]])
    func anAddressAtWhichNothingListensGetsNoRequests(_ addresses: [String]) throws {
        let receiver = try receiver()
        let all = addresses.compactMap { NetworkAddress($0) }
        let destination = LoadDestination(
            try EndpointURL("http://receiver.test:\(receiver.port)/hook"),
            guard: OwnedHostGuard.make(isOwned: false)
        ) { _ in .addresses(all) }
        let report = try LoadTest([destination], plan: closed(60), content: .body([])).run()
        #expect(report.requests == 60 && report.errorsByClass["connect"] == nil)
        #expect(Set(report.addresses.keys) == ["127.0.0.1:\(receiver.port)"])
        let port = try #require(UInt16(exactly: receiver.port))
        let others = all.filter { $0 != NetworkAddress("127.0.0.1") }
        #expect(report.leftOut.map(\.address) == others.map { $0.description(port: port) })
        guard case .array(let said)? = report.json["addresses_left_out"] else { throw InputProblem(field: "json", reason: "has none") }
        #expect(said.first?["address"] == .string(report.leftOut[0].address) && said.count == others.count)
    }

    @Test func onlyOnesOwnHostsAreOpen() throws {
        for text in ["http://192.0.2.1/", "https://203.0.113.7/"] {
            let url = try EndpointURL(text)
            #expect(throws: InputProblem.self) { try HostAddresses.reachable(of: url, guard: OwnedHostGuard.make(isOwned: false)) }
            #expect(try HostAddresses.reachable(of: url, guard: OwnedHostGuard.make(isOwned: true)).isEmpty)
        }
        for text in ["http://127.0.0.1/", "http://10.1.2.3/", "http://[::1]/", "http://192.168.0.7/", "http://[fd00::1]/"] {
            #expect(try HostAddresses.reachable(of: try EndpointURL(text), guard: OwnedHostGuard.make(isOwned: false)).isEmpty)
        }
    }
}
