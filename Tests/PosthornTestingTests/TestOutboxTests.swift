import Posthorn
import PosthornTesting
import Testing

/// The kit with which a platform tests its webhooks: no sockets, no waiting.
@Suite(.timeLimit(.minutes(5))) struct TestOutboxTests {
    private static let url = "https://crm.example/hooks"

    private static func prepared(_ vendor: Vendor = .weseedo, answer: @escaping @Sendable (SentRequest) -> Answer) async throws
        -> TestOutbox
    {
        let test = try TestOutbox(answer: answer)
        _ = try await test.outbox.put(Node(id: "acme", level: .company))
        let secret: [String: JSONValue] = vendor == .standard ? ["secret": .string("whsec_c3dpZnQtcGxhdGZvcm0tZXhhbXBsZS1zZWNyZXQ=")] : [:]
        _ = try await test.outbox.put(EndpointSettings(id: "crm", node: "acme", url: url, vendor: vendor, credentials: secret))
        return test
    }

    private static func event(_ id: String) -> NewEvent { NewEvent(id: id, type: "ORDER_PAID", node: "acme", data: #"{"order": 7}"#) }

    @Test func aDayOfRetriesTakesNoTime() async throws {
        let test = try await Self.prepared { _ in .status(503) }
        let start = test.clock.now()
        _ = try await test.outbox.emit(Self.event("e1"))
        try await test.settle()
        #expect(test.sent.map(\.attempt) == [1, 2, 3, 4, 5])
        let minutes = test.sent.map { ($0.time.milliseconds - start.milliseconds) / 60_000 }
        #expect(minutes == [0, 1, 10, 60, 1440])
        let delivery = try await test.outbox.deliveries().elements.first
        #expect(delivery?.state == .exhausted && delivery?.last?.status == 503)
        // Again by hand, as an operator does.
        #expect(try await test.outbox.retry(.all(in: .exhausted)).retried == 1)
        try await test.settle()
        #expect(test.sent.count == 6)
    }

    @Test func aRequestIsWhatItsReceiverWouldGet() async throws {
        let test = try await Self.prepared(.standard) { _ in .ok }
        _ = try await test.outbox.emit(Self.event("e1"))
        try await test.settle()
        let request = try #require(test.sent(to: Self.url).first)
        #expect(request.event == "e1" && request.type == "ORDER_PAID" && request.method == .post)
        #expect(request.header("webhook-id") == "e1" && request.header("webhook-signature")?.hasPrefix("v1,") == true)
        #expect(request.text.contains(#""order": 7"#))
        #expect(test.sent(to: "https://other.example/").isEmpty)
    }

    @Test func headersOfAnEventGoOutWithEveryAttempt() async throws {
        let test = try await Self.prepared { $0.attempt == 1 ? .status(503) : .ok }
        var event = Self.event("e1")
        event.headers = [EventHeader(name: "X-Tenant", value: "acme"), EventHeader(name: "x-language", value: "nl")]
        _ = try await test.outbox.emit(event)
        try await test.settle()
        #expect(test.sent.map { $0.header("x-tenant") } == ["acme", "acme"] && test.sent.map { $0.header("x-language") } == ["nl", "nl"])
        event.headers = [EventHeader(name: "host", value: "elsewhere.example")]
        do throws(OutboxError) {
            _ = try await test.outbox.emit(event)
            Issue.record("a reserved name was taken")
        } catch { #expect(error.code == "not_allowed") }
    }

    @Test func failuresAndRetryAfterAreRecordedAsReceiversCauseThem() async throws {
        let test = try await Self.prepared { request in
            switch request.attempt {
            case 1: .failure(.timeout)
            case 2: .status(429, body: "slow down", retryAfter: .seconds(7200))
            default: .ok
            }
        }
        _ = try await test.outbox.emit(Self.event("e1"))
        try await test.settle()
        let delivery = try #require(try await test.outbox.deliveries().elements.first)
        let attempts = try await test.outbox.attempts(of: delivery.id)
        #expect(attempts.map(\.outcome.error) == [.timeout, .status, nil])
        #expect(String(decoding: attempts[1].outcome.response, as: UTF8.self) == "slow down")
        #expect(test.sent[2].time.milliseconds - test.sent[1].time.milliseconds >= 7_200_000)
    }

    @Test func anOutboxIsEmptyAndGoesWithItsTest() async throws {
        var test: TestOutbox? = try await Self.prepared { _ in .ok }
        let path = try #require(test?.outbox.path)
        try await test?.settle()
        #expect(test?.sent.isEmpty == true)
        test = nil
        #expect(throws: OutboxError.self) { try Outbox(path: path, creating: false) }
    }

    @Test func anEngineOfTheTestsOwnIsStoppedWhileItRuns() async throws {
        let test = try await Self.prepared { _ in .ok }
        let engine = try test.engine()
        let updates = engine.updates()
        try engine.start()
        _ = try await test.outbox.emit(Self.event("e1"))
        for await update in updates {
            #expect(update.state == .delivered && update.droppedBefore == 0)
            break
        }
        try await engine.stop(within: .seconds(5))
        #expect(test.sent.count == 1)
    }
}
