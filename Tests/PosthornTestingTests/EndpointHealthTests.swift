import Posthorn
import PosthornTesting
import Synchronization
import Testing

/// An endpoint that is suspended, probed, and comes back.
@Suite(.timeLimit(.minutes(5))) struct EndpointHealthTests {
    private static let events = 60

    @Test func aSuspendedEndpointGetsOneProbeAtATimeAndLosesNothing() async throws {
        let isUp = Mutex(false)
        let test = try TestOutbox { _ in isUp.withLock { $0 } ? .ok : .status(503) }
        _ = try await test.outbox.put(Node(id: "acme", level: .company))
        _ = try await test.outbox.put(EndpointSettings(id: "crm", node: "acme", url: "https://crm.example/", vendor: .weseedo))
        var configuration = EngineConfiguration()
        configuration.health = HealthPolicy(suspendAfter: 4)
        let (news, report) = AsyncStream<EngineEvent>.makeStream()
        let engine = try test.engine(configuration) { report.yield($0) }
        try engine.start()
        var events = news.makeAsyncIterator()
        for _ in 0..<Self.events { _ = try await test.outbox.emit(NewEvent(type: "T", node: "acme", data: "{}")) }
        while case .some(let event) = await events.next() { if case .endpointSuspended = event { break } }
        let first = try #require(try await Self.health(test).until)

        // One probe, however much waits and however long it goes on.
        test.clock.advance(to: first)
        while case .some(let event) = await events.next() {
            if case .attemptFailed(let update) = event, update.outcome.started >= first { break }
        }
        let second = try await Self.health(test, beyond: first)
        _ = try await test.outbox.emit(NewEvent(type: "T", node: "acme", data: "{}"))
        #expect(test.sent.count { $0.time >= first } == 1)
        #expect(second.milliseconds - first.milliseconds == 120_000)

        isUp.withLock { $0 = true }
        test.clock.advance(to: second)
        while case .some(let event) = await events.next() { if case .endpointRecovered = event { break } }
        while try await test.outbox.status().deliveries[.delivered] ?? 0 < Self.events + 1 { test.clock.advance(by: .seconds(60)) }
        #expect(try await test.outbox.endpointHealth().isEmpty)
        try await engine.stop()
        // No attempt was used up by waiting.
        let attempts = try await test.outbox.deliveries(DeliveryFilter(), limit: 200).elements.map(\.attempts)
        #expect(attempts.reduce(0, +) == test.sent.count && attempts.contains(1))
    }

    private static func health(_ test: TestOutbox) async throws -> EndpointHealth {
        while true { if let health = try await test.outbox.endpointHealth()["crm"], health.state == .suspended { return health } }
    }

    /// The next probe's time, once it is later than another.
    private static func health(_ test: TestOutbox, beyond time: Timestamp) async throws -> Timestamp {
        while true { if let until = try await health(test).until, until > time { return until } }
    }
}
