import Posthorn
import PosthornTesting
import Synchronization
import Testing

/// Events of Posthorn's own go to those who name them, and make none of themselves.
@Suite(.timeLimit(.minutes(5))) struct OwnEventTests {
    private static let ownTypes = Set([
        "endpoint.failing", "endpoint.suspended", "endpoint.recovered", "endpoint.disabled", "delivery.exhausted", "replay.finished",
    ])

    private static func endpoint(_ id: String, _ events: [String] = [], suspendAfter: Int? = nil) throws -> EndpointSettings {
        var settings = EndpointSettings(id: id, node: "acme", url: "https://\(id).example/", vendor: .standard)
        settings.credentials = ["secret": .string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
        settings.events = try events.map { try EventPattern($0) }
        settings.health = suspendAfter.map { HealthSettings(suspendAfter: $0) }
        return settings
    }

    private static func prepare(_ test: TestOutbox, _ endpoints: [EndpointSettings]) async throws {
        _ = try await test.outbox.put(Node(id: "acme", level: .company))
        for endpoint in endpoints { _ = try await test.outbox.put(endpoint) }
    }

    /// Runs an engine until all is settled, with a clock that goes on by itself.
    private static func settle(_ test: TestOutbox) async throws {
        let engine = try test.engine(EngineConfiguration(untilSettled: true))
        let updates = engine.updates()
        try engine.start()
        let (clock, outbox) = (test.clock, test.outbox)
        let ticking = Task { while !Task.isCancelled { clock.advance(by: .seconds(60)); _ = try? await outbox.status() } }
        for await _ in updates {}
        ticking.cancel()
        try await engine.stop()
    }

    /// The own events that went to an endpoint, each once, by their types.
    private static func told(_ test: TestOutbox, _ endpoint: String) -> [String: Int] {
        let own = Set(test.sent(to: "https://\(endpoint).example/").filter { ownTypes.contains($0.type) }.map { [$0.type, $0.event] })
        return own.reduce(into: [:]) { $0[$1[0], default: 0] += 1 }
    }

    @Test func whereEveryReceiverFailsTheyEnd() async throws {
        let test = try TestOutbox { _ in .status(500) }
        try await Self.prepare(
            test,
            [
                Self.endpoint("crm", suspendAfter: 2), Self.endpoint("all", ["*"]),
                Self.endpoint("first", ["endpoint.*", "delivery.exhausted"], suspendAfter: 2),
                Self.endpoint("second", ["endpoint.*", "delivery.*"], suspendAfter: 2),
            ]
        )
        for _ in 0..<3 { _ = try await test.outbox.emit(NewEvent(type: "T", node: "acme", data: "{}")) }
        try await Self.settle(test)
        // Three of `crm` and three of `all` are exhausted; of the health of those two that have settings, one had an event of a platform.
        let wanted = ["endpoint.failing": 1, "endpoint.suspended": 1, "delivery.exhausted": 6]
        #expect(Self.told(test, "first") == wanted && Self.told(test, "second") == wanted)
        #expect(Self.told(test, "crm").isEmpty && Self.told(test, "all").isEmpty)
        let watched = test.sent(to: "https://first.example/").filter { Self.ownTypes.contains($0.type) }
        #expect(watched.allSatisfy { $0.text.contains(#""endpoint":"crm""#) || $0.text.contains(#""endpoint":"all""#) })
        let states = try await test.outbox.status().deliveries
        #expect(states[.exhausted] == 6 + 2 * 8 && states[.pending] ?? 0 == 0)
    }

    @Test func whatIsToldIsTheStateAtTheEnd() async throws {
        let isUp = Mutex(false)
        let test = try TestOutbox { $0.url == "https://crm.example/" && !isUp.withLock { $0 } ? .status(503) : .ok }
        try await Self.prepare(
            test,
            [Self.endpoint("crm", suspendAfter: 2), Self.endpoint("watch", ["endpoint.*"])]
        )
        for _ in 0..<3 { _ = try await test.outbox.emit(NewEvent(type: "T", node: "acme", data: "{}")) }
        let (news, report) = AsyncStream<EngineEvent>.makeStream()
        let engine = try test.engine { report.yield($0) }
        try engine.start()
        for await case .endpointSuspended in news { break }
        isUp.withLock { $0 = true }
        let (clock, outbox) = (test.clock, test.outbox)
        let ticking = Task { while !Task.isCancelled { clock.advance(by: .seconds(60)); _ = try? await outbox.status() } }
        while try await outbox.status().deliveries[.delivered] ?? 0 < 3 + 3 {}
        ticking.cancel()
        try await engine.stop()
        let types = test.sent(to: "https://watch.example/").map(\.type).filter { Self.ownTypes.contains($0) }
        #expect(types == ["endpoint.failing", "endpoint.suspended", "endpoint.recovered"])
        // By hand too, and once.
        _ = try await outbox.setEnabled(false, endpoint: "crm", reason: "moving")
        _ = try await outbox.setEnabled(false, endpoint: "crm")
        _ = try await outbox.setEnabled(true, endpoint: "crm")
        try await test.settle()
        let byHand = test.sent(to: "https://watch.example/").dropFirst(3)
        #expect(byHand.map(\.type) == ["endpoint.disabled", "endpoint.recovered"])
        #expect(byHand.allSatisfy { $0.text.contains(#""actor":"hand""#) } && byHand.first?.text.contains(#""reason":"moving""#) == true)
    }

    @Test func changesOfOneMomentAreToldEach() async throws {
        // The clock does not go on: all of it happens within one millisecond.
        let test = try TestOutbox { $0.url == "https://crm.example/" && !$0.text.contains("good") ? .status(500) : .ok }
        var crm = try Self.endpoint("crm", suspendAfter: 4)
        crm.retry = try RetrySchedule(["0"])
        crm.inFlightLimit = 1
        try await Self.prepare(test, [crm, Self.endpoint("watch", ["endpoint.*"])])
        for word in ["bad", "bad", "good", "bad", "bad", "good"] {
            _ = try await test.outbox.emit(NewEvent(type: "T", node: "acme", data: #"{"is": "\#(word)"}"#))
        }
        try await test.settle()
        #expect(Self.told(test, "watch") == ["endpoint.failing": 2, "endpoint.recovered": 2])
    }

    @Test func exhaustedDeliveriesOfAnHourAreBoundedAndTheRestIsCounted() async throws {
        let test = try TestOutbox { $0.url == "https://crm.example/" ? .status(500) : .ok }
        var crm = try Self.endpoint("crm")
        crm.retry = try RetrySchedule(["0"])
        try await Self.prepare(test, [crm, Self.endpoint("watch", ["delivery.exhausted"])])
        for _ in 0..<100 { _ = try await test.outbox.emit(NewEvent(type: "T", node: "acme", data: "{}")) }
        try await test.settle()
        #expect(Self.told(test, "watch") == ["delivery.exhausted": 60])
        test.clock.advance(by: .seconds(3600))
        _ = try await test.outbox.emit(NewEvent(type: "T", node: "acme", data: "{}"))
        try await test.settle()
        #expect(test.sent(to: "https://watch.example/").last?.text.contains(#""withheld":40"#) == true)
    }

    @Test func theirIDsAreTheirsAlone() async throws {
        let test = try TestOutbox()
        try await Self.prepare(test, [Self.endpoint("all", ["*"])])
        await #expect(throws: OutboxError.self) {
            _ = try await test.outbox.emit(NewEvent(id: "posthorn:x", type: "T", node: "acme", data: "{}"))
        }
        // A platform's own type of the same name is any other.
        _ = try await test.outbox.emit(NewEvent(id: "e", type: "endpoint.failing", node: "acme", data: "{}"))
        try await test.settle()
        #expect(test.sent.map(\.event) == ["e"])
    }
}
