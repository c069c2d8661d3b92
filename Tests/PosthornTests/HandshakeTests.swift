import PosthornModel
import PosthornSending
import PosthornTestSupport
import Synchronization
import Testing

@testable import Posthorn

/// diio's validation over real sockets: nothing goes out before the URL has proved itself.
@Suite(.limited(), .onEveryStore) struct HandshakeTests {
    private func diio(_ url: String, timeoutMilliseconds: Int = 15_000) -> EndpointSettings {
        var settings = endpoint("coach", .diio, url: url, ["signing_secret": "s3cr3t-of-the-webhook"])
        settings.timeoutMilliseconds = timeoutMilliseconds
        return settings
    }

    private let event = NewEvent(type: "meeting.finished", node: "n1", data: #"{"id":"m1"}"#)

    @Test func aNewEndpointProvesItselfAndThenGetsWhatWasHeld() throws {
        let receiver = try MisbehavingReceiver(goodDiio)
        let bench = try VendorsBench()
        try bench.apply(diio(receiver.url + "?tenant=7"))
        _ = try bench.outbox.emit(event)
        #expect(try bench.deliveries("coach").map(\.state) == [.held])
        let engine = try bench.engine()
        let requests = receiver.waitForRequests(2)
        try engine.stop()
        try #require(requests.count == 2)
        #expect(requests[0].method == "GET")
        #expect(requests[0].target.hasPrefix("/hook?tenant=7&echo_string="))
        #expect(parameter("echo_string", of: requests[0].target)?.count == 32)
        #expect(requests[1].method == "POST" && requests[1].header("DO-Signature") != nil)
        #expect(try bench.endpoint("coach").state == .active)
        #expect(try bench.endpoint("coach").stateReason == nil)
        #expect(try bench.deliveries("coach").map(\.state) == [.delivered])
        #expect(bench.told.all.count { $0.isVerified } == 1)
    }

    @Test func anEngineThatEndsWhenAllIsSettledWaitsForTheFirstHandshake() throws {
        let receiver = try MisbehavingReceiver(goodDiio)
        let bench = try VendorsBench()
        try bench.apply(diio(receiver.url))
        _ = try bench.outbox.emit(event)
        var configuration = EngineConfiguration(untilSettled: true)
        configuration.sender.guard = VendorsBench.loopback
        try Engine(outbox: bench.outbox, configuration: configuration).run()
        #expect(receiver.requests.map(\.method) == ["GET", "POST"])
        #expect(try bench.deliveries("coach").map(\.state) == [.delivered])
    }

    @Test func aFailureIsShownAndTriedAgainAfterAMinuteAndTenMinutes() throws {
        let answers = Mutex(0)
        let receiver = try MisbehavingReceiver { request in
            let count = answers.withLock { answers in
                answers += 1
                return answers
            }
            return count < 3 ? .status(404) : goodDiio(request)
        }
        let bench = try VendorsBench()
        try bench.apply(diio(receiver.url))
        let engine = try bench.engine()
        #expect(bench.told.wait { $0.isNotVerified })
        #expect(try bench.endpoint("coach").state == .unverified)
        #expect(try bench.endpoint("coach").stateReason?.contains("404") == true)
        bench.clock.advance(by: 59_999)
        bench.clock.advance(by: 1)
        #expect(bench.told.wait(2) { $0.isNotVerified })
        bench.clock.advance(by: 600_000)
        #expect(bench.told.wait { $0.isVerified })
        try engine.stop()
        #expect(receiver.requests.count == 3)
        #expect(try bench.endpoint("coach").state == .active)
    }

    /// Wrong values, other statuses, redirects, too much, too slow, and nothing at all.
    private static let bad: [(name: String, reply: Reply, reason: String)] = [
        ("wrong value", .status(200, body: "not-the-value"), "another text"),
        ("empty", .status(200), "an empty body"),
        ("redirect", .status(302, headers: [("location", "http://127.0.0.1:1/")]), "302"),
        ("not 200", .status(204), "204"),
        ("oversized", .status(200, body: String(repeating: "a", count: 300_000)), "a longer text"),
        ("endless", Reply.raw("HTTP/1.1 200 OK\r\n\r\n").then(.repeatForEver(Array("aaaa".utf8))), "a longer text"),
        ("slow", .silence, "deadline"),
        (
            "dripping",
            Reply([.drip(Array("HTTP/1.1 200 OK\r\nx-slow: \(String(repeating: "a", count: 1000))".utf8), everyMilliseconds: 50)]),
            "deadline"
        ),
        ("closed", .close, "closed"),
    ]

    @Test(arguments: 0..<9)
    func wrongHandshakeAnswerLeavesTheEndpointUnverified(index: Int) throws {
        let (name, reply, reason) = Self.bad[index]
        let receiver = try MisbehavingReceiver { _ in reply }
        let bench = try VendorsBench()
        try bench.apply(diio(receiver.url, timeoutMilliseconds: 400))
        let result = try bench.outbox.verify(endpoint: "coach", guard: VendorsBench.loopback)
        #expect(result.state == .unverified)
        #expect(result.failure?.contains(reason) == true, "\(name): \(result.failure ?? "")")
        #expect(try bench.endpoint("coach").stateReason == result.failure)
        #expect(receiver.requests.count == 1)
    }

    @Test func aForbiddenAddressIsNotEvenConnectedTo() throws {
        let receiver = try MisbehavingReceiver(goodDiio)
        let bench = try VendorsBench()
        try bench.apply(diio(receiver.url))
        let engine = try bench.engine(guard: EgressGuard())
        #expect(bench.told.wait { $0.isNotVerified })
        try engine.stop()
        #expect(receiver.connectionCount == 0)
        #expect(try bench.endpoint("coach").stateReason?.contains("127.0.0.1") == true)
    }

    @Test func aChangedURLProvesItselfAnew() throws {
        let first = try MisbehavingReceiver(goodDiio)
        let second = try MisbehavingReceiver(goodDiio)
        let bench = try VendorsBench()
        try bench.apply(diio(first.url))
        let engine = try bench.engine()
        #expect(bench.told.wait { $0.isVerified })
        try bench.apply(diio(second.url))
        _ = try bench.outbox.emit(event)
        let requests = second.waitForRequests(2)
        try engine.stop()
        #expect(requests.map(\.method) == ["GET", "POST"])
        #expect(first.requests.map(\.method) == ["GET"])
        #expect(bench.told.all.count { $0.isVerified } == 2)
    }

    @Test func anAnswerThatComesAfterTheURLWasChangedDoesNotCount() throws {
        let slow = try MisbehavingReceiver { goodDiio($0).held }
        let other = try MisbehavingReceiver { _ in .status(500) }
        let bench = try VendorsBench()
        try bench.apply(diio(slow.url))
        let engine = try bench.engine()
        slow.waitForRequests(1)
        try bench.apply(diio(other.url))
        slow.release()
        #expect(bench.told.wait { $0.isNotVerified })
        try engine.stop()
        #expect(!bench.told.all.contains { $0.isVerified })
        #expect(try bench.endpoint("coach").state == .unverified)
        #expect(try bench.endpoint("coach").stateReason?.contains("500") == true)
    }

    @Test func verifyWorksWithoutAnEngineAndLetsGoWhatWasHeld() throws {
        let receiver = try MisbehavingReceiver(goodDiio)
        let bench = try VendorsBench()
        try bench.apply(diio(receiver.url))
        _ = try bench.outbox.emit(event)
        let result = try bench.outbox.verify(endpoint: "coach", guard: VendorsBench.loopback)
        #expect(result == EndpointVerification(state: .active, failure: nil, error: nil, isNeeded: true))
        #expect(try bench.deliveries("coach").map(\.state) == [.pending])
        #expect(throws: InputProblem.self) { try bench.outbox.verify(endpoint: "nobody", guard: VendorsBench.loopback) }
    }

    @Test func aRunningEngineSendsWhatVerifyLetGo() throws {
        let isReady = Mutex(false)
        let receiver = try MisbehavingReceiver { request in isReady.withLock { $0 } ? goodDiio(request) : .status(503) }
        let bench = try VendorsBench()
        try bench.apply(diio(receiver.url))
        _ = try bench.outbox.emit(event)
        let engine = try bench.engine()
        #expect(bench.told.wait { $0.isNotVerified })
        isReady.withLock { $0 = true }
        // Another process, as `posthorn endpoint verify` is one.
        let other = try bench.place.open(clock: bench.clock)
        #expect(try other.verify(endpoint: "coach", guard: VendorsBench.loopback).state == .active)
        other.close()
        #expect(receiver.waitForRequests(3).map(\.method) == ["GET", "GET", "POST"])
        try engine.stop()
    }

    @Test func stoppingWaitsForTheHandshakeThatIsUnderWay() throws {
        let receiver = try MisbehavingReceiver { goodDiio($0).held }
        let bench = try VendorsBench()
        try bench.apply(diio(receiver.url))
        let engine = try bench.engine()
        receiver.waitForRequests(1)
        engine.requestStop()
        receiver.release()
        try engine.stop()
        #expect(try bench.endpoint("coach").state == .active)
    }
}
