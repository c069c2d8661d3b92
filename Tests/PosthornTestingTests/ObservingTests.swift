import Posthorn
import PosthornTesting
import Synchronization
import Testing

/// What a logger and metrics of a program's own are told.
@Suite struct ObservingTests {
    private static let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private final class Meters: EngineMetrics {
        let updates = Mutex<[DeliveryUpdate]>([])
        let counts = Mutex<[EngineStatistics]>([])

        func attempted(_ update: DeliveryUpdate) { updates.withLock { $0.append(update) } }
        func counted(_ statistics: EngineStatistics) { counts.withLock { $0.append(statistics) } }
    }

    private final class Lines: EngineLogger {
        let lines = Mutex<[String]>([])

        func log(_ event: EngineEvent) { lines.withLock { $0.append("\(event.severity) \(event.name) \(event.metadata["error"] ?? "")") } }
    }

    private struct Nothing: EngineMetrics {}

    private func shop(answer: @escaping @Sendable (SentRequest) -> Answer) async throws -> TestOutbox {
        let test = try TestOutbox(answer: answer)
        _ = try await test.outbox.put(Node(id: "acme", level: .company))
        _ = try await test.outbox.put(EndpointSettings(id: "crm", node: "acme", url: "https://crm.example/", vendor: .weseedo))
        return test
    }

    @Test func loggerAndMetricsAreToldOfEveryAttemptWithItsTrace() async throws {
        let test = try await shop { $0.attempt == 1 ? .status(503) : .ok }
        let (meters, lines) = (Meters(), Lines())
        let engine = try test.engine(EngineConfiguration(untilSettled: true), logger: lines, metrics: meters)
        let updates = engine.updates()
        _ = try await test.outbox.emit(NewEvent(type: "PAID", node: "acme", data: "{}", traceparent: Self.traceparent))
        try engine.start()
        for await update in updates { if let next = update.nextAttemptAt { test.clock.advance(to: next) } }
        try await engine.stop()
        #expect(meters.updates.withLock { $0.map(\.attempt) } == [1, 2])
        #expect(meters.updates.withLock { $0.map(\.state) } == [.pending, .delivered])
        #expect(meters.updates.withLock { $0.map(\.traceparent) } == [Self.traceparent, Self.traceparent])
        let last = try #require(meters.counts.withLock { $0.last })
        #expect(last.attempts == 2 && last.delivered == 1 && last.claimed == 0)
        let log = lines.lines.withLock { $0 }
        #expect(log.contains("warning attempt_failed http_status") && log.last == "info stopped ", "\(log)")
        #expect(test.sent.map { $0.header("traceparent") } == [Self.traceparent, Self.traceparent])
    }

    /// The engine's end waits for a metric that asks for it, no longer than for others.
    @Test func metricsMayStopTheEngine() async throws {
        final class Stopping: EngineMetrics {
            let engine = Mutex<Engine?>(nil)
            func attempted(_ update: DeliveryUpdate) { try? engine.withLock { $0 }?.blocking.stop() }
        }
        let test = try await shop { _ in .ok }
        let metrics = Stopping()
        let engine = try test.engine(metrics: metrics)
        metrics.engine.withLock { $0 = engine }
        _ = try await test.outbox.emit(NewEvent(type: "PAID", node: "acme", data: "{}"))
        try await engine.run()
        #expect(engine.statistics.delivered == 1)
        metrics.engine.withLock { $0 = nil }
    }

    @Test func metricsThatNeedNothingLeaveItOut() async throws {
        let test = try await shop { _ in .ok }
        let engine = try test.engine(EngineConfiguration(untilSettled: true), metrics: Nothing())
        _ = try await test.outbox.emit(NewEvent(type: "PAID", node: "acme", data: "{}"))
        try await engine.run()
        #expect(engine.statistics.delivered == 1)
    }
}
