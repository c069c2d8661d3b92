import Posthorn
import PosthornTesting
import Testing

/// Vendors' questions to new URLs and mails about exhausted deliveries, without sockets.
@Suite(.timeLimit(.minutes(5))) struct HandshakeAndMailTests {
    private static let secret: [String: JSONValue] = ["signing_secret": .string("s3cr3t-of-the-webhook")]

    private func prepared(_ test: TestOutbox) async throws {
        let node = Node(id: "acme", level: .company, notificationEmail: "ops@acme.example")
        _ = try await test.outbox.put(node)
        let url = "https://crm.example/hooks?tenant=7"
        _ = try await test.outbox.put(EndpointSettings(id: "crm", node: "acme", url: url, vendor: .diio, credentials: Self.secret))
        _ = try await test.outbox.emit(NewEvent(type: "meeting.finished", node: "acme", data: #"{"id": "m1"}"#))
    }

    @Test func aNewURLProvesItselfUnlessTheTestSaysOtherwise() async throws {
        let test = try TestOutbox()
        try await prepared(test)
        let engine = try test.engine()
        let updates = engine.updates()
        try engine.start()
        for await update in updates {
            #expect(update.state == .delivered)
            break
        }
        try await engine.stop()
        let question = try #require(test.sentHandshakes.first)
        #expect(question.endpoint == "crm" && question.url == "https://crm.example/hooks?tenant=7&echo_string=\(question.expected)")
        #expect(question.headers.contains { $0.name == "user-agent" } && question.time == test.clock.now())
        #expect(test.sent.count == 1 && test.sent[0].url == "https://crm.example/hooks?tenant=7")
    }

    @Test(arguments: [Answer.status(200, body: "something else"), .status(404), .failure(.timeout)])
    func aURLThatDoesNotProveItselfGetsNothing(_ answer: Answer) async throws {
        let test = try TestOutbox(handshake: { _ in answer })
        try await prepared(test)
        let (events, told) = AsyncStream<EngineEvent>.makeStream()
        let engine = try test.engine { told.yield($0) }
        try engine.start()
        for await event in events where event.name == "endpoint_not_verified" { break }
        try await engine.stop()
        #expect(test.sent.isEmpty && test.sentHandshakes.count == 1)
        #expect(try await test.outbox.deliveries().elements.map(\.state) == [.held])
    }

    @Test func aMailSaysWhatIsExhausted() async throws {
        let test = try TestOutbox { _ in .status(503) }
        try await prepared(test)
        try await exhaust(test)
        let mail = try #require(test.sentMails.first)
        #expect("\(mail.to)" == "ops@acme.example" && mail.text.contains("crm") && !mail.subject.isEmpty)
        #expect(try await test.outbox.status().mails.counts[.sent] == 1)
    }

    @Test func aMailThatTheServerRefusesIsKnownAsSuch() async throws {
        let test = try TestOutbox(answer: { _ in .status(503) }, mail: { _ in .refused("550 no such user") })
        try await prepared(test)
        try await exhaust(test)
        #expect(try await test.outbox.status().mails.refused?.answer?.contains("550 no such user") == true)
    }

    /// Verifies the URL and runs through all attempts.
    private func exhaust(_ test: TestOutbox) async throws {
        let engine = try test.engine()
        let updates = engine.updates()
        try engine.start()
        for await update in updates {
            guard let next = update.nextAttemptAt else { break }
            test.clock.advance(to: next)
        }
        try await engine.stop()
        try await test.settle()
    }
}
