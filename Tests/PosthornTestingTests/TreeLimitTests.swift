import Posthorn
import PosthornTesting
import Testing

/// Limits of nodes' trees, and of all endpoints, by a whole engine.
@Suite(.timeLimit(.minutes(5))) struct TreeLimitTests {
    private static let seconds = 60
    private static let rate = 10

    private static func outbox(limits: DeliveryLimits?) async throws -> TestOutbox {
        let test = try TestOutbox()
        _ = try await test.outbox.put(Node(id: "r", level: .reseller))
        _ = try await test.outbox.put(Node(id: "c1", level: .company, parent: "r", limits: limits))
        _ = try await test.outbox.put(Node(id: "c2", level: .company, parent: "r"))
        for id in ["a", "b"] {
            _ = try await test.outbox.put(EndpointSettings(id: id, node: "c1", url: "https://\(id).example/", vendor: .weseedo))
        }
        _ = try await test.outbox.put(EndpointSettings(id: "other", node: "c2", url: "https://other.example/", vendor: .weseedo))
        return test
    }

    private static func emit(_ count: Int, at node: String, _ test: TestOutbox) async throws {
        _ = try await test.outbox.emit((0..<count).map { _ in NewEvent(type: "T", node: node, data: "{}") })
    }

    @Test func aTreesRateIsKeptOverAMinuteAndHoldsUpNoOtherTenant() async throws {
        let test = try await Self.outbox(limits: DeliveryLimits(ratePerSecond: Double(Self.rate)))
        // The other tenant's are behind all of them.
        try await Self.emit(1000, at: "c1", test)
        try await Self.emit(200, at: "c2", test)
        let engine = try test.engine()
        let updates = engine.updates()
        try engine.start()
        var sequence = updates.makeAsyncIterator()
        var (limited, others) = (0, 0)
        func wait(for count: Int, others least: Int = 0) async {
            while limited < count || others < least, let update = await sequence.next() {
                if update.node == "c1" { limited += 1 } else { others += 1 }
            }
        }
        // What a second saves up, and all of the other tenant's.
        await wait(for: Self.rate, others: 200)
        for second in 1...Self.seconds {
            test.clock.advance(by: .seconds(1))
            await wait(for: Self.rate * (second + 1))
        }
        let wanted = Self.rate * Self.seconds
        let sent = test.sent.count { !$0.url.contains("other") }
        #expect(sent >= wanted && Double(sent) <= 1.02 * Double(wanted))
        // The two endpoints have had their turns.
        #expect(abs(test.sent(to: "https://a.example/").count - sent / 2) <= Self.rate)
        let binding = try await test.outbox.status().pulse?.limits ?? []
        #expect(binding.map(\.node) == ["c1"] && binding.first?.limits.ratePerSecond == Double(Self.rate))
        // Without its limit all of it goes out.
        _ = try await test.outbox.put(Node(id: "c1", level: .company, parent: "r"))
        await wait(for: 2000)
        try await engine.stop()
    }

    @Test func theRateOfAllEndpointsBindsTheEngine() async throws {
        let test = try await Self.outbox(limits: nil)
        try await Self.emit(100, at: "c1", test)
        try await Self.emit(100, at: "c2", test)
        var configuration = EngineConfiguration()
        configuration.limits = DeliveryLimits(ratePerSecond: Double(Self.rate), inFlightLimit: 3)
        let engine = try test.engine(configuration)
        var sequence = engine.updates().makeAsyncIterator()
        try engine.start()
        var nodes: [String] = []
        while nodes.count < Self.rate, let update = await sequence.next() { nodes.append(update.node) }
        for second in 1...10 {
            test.clock.advance(by: .seconds(1))
            while nodes.count < Self.rate * (second + 1), let update = await sequence.next() { nodes.append(update.node) }
        }
        #expect(test.sent.count <= Self.rate * 11)
        // The companies take turns, though one came first and has two endpoints.
        #expect(nodes.count { $0 == "c2" } >= 40)
        try await engine.stop()
    }
}
