import Logging
import Metrics
import Posthorn
import PosthornTesting
import Tracing

/// The engine's log in swift-log.
struct SwiftLog: EngineLogger {
    let logger = Logger(label: "webhooks")

    func log(_ event: EngineEvent) {
        let level = Logger.Level(rawValue: event.severity.rawValue) ?? .error
        logger.log(level: level, "\(event.name)", metadata: event.metadata.mapValues { .string($0) })
    }
}

/// The engine's counts and times in swift-metrics.
struct SwiftMetrics: EngineMetrics {
    func attempted(_ update: DeliveryUpdate) {
        let result = update.outcome.error?.rawValue ?? "delivered"
        Counter(label: "webhooks_attempts_total", dimensions: [("result", result)]).increment()
        Timer(label: "webhooks_attempt_duration").recordMicroseconds(update.outcome.durationMicroseconds)
    }

    func counted(_ statistics: EngineStatistics) {
        Gauge(label: "webhooks_in_memory").record(statistics.claimed)
    }
}

/// The trace of the task that emits an event, into the event.
struct TraceOfEvent: Injector {
    func inject(_ value: String, forKey key: String, into event: inout NewEvent) {
        if key == "traceparent" { event.traceparent = value }
    }

    static func add(to event: inout NewEvent) {
        guard let context = ServiceContext.current else { return }
        InstrumentationSystem.instrument.inject(context, into: &event, using: TraceOfEvent())
    }
}

/// A span of that trace for each attempt.
struct TraceOfUpdate: Extractor {
    func extract(key: String, from update: DeliveryUpdate) -> String? { key == "traceparent" ? update.traceparent : nil }

    static func span(of update: DeliveryUpdate) {
        var context = ServiceContext.topLevel
        InstrumentationSystem.instrument.extract(update, into: &context, using: TraceOfUpdate())
        let start = UInt64(update.outcome.started.milliseconds) * 1_000_000
        let end = start + UInt64(update.outcome.durationMicroseconds) * 1000
        let span = startSpan("webhook \(update.type)", context: context, ofKind: .client, at: instant(start))
        span.attributes["endpoint"] = update.endpoint
        if let error = update.outcome.error { span.setStatus(SpanStatus(code: .error, message: error.rawValue)) }
        span.end(at: instant(end))
    }

    private static func instant(_ nanoseconds: UInt64) -> DefaultTracerClock.Timestamp { .init(nanosecondsSinceEpoch: nanoseconds) }
}

extension Shop {
    /// One event that fails once, as log, metrics and tracer see it.
    static func isObserved() async throws {
        let test = try await shop { $0.attempt == 1 ? .status(503) : .ok }
        let engine = try test.engine(EngineConfiguration(untilSettled: true), logger: SwiftLog(), metrics: SwiftMetrics())
        let updates = engine.updates()
        var event = order("1", "ORDER_PAID")
        TraceOfEvent.add(to: &event)
        // What a tracer of W3C Trace Context would have injected.
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        TraceOfEvent().inject(trace, forKey: "traceparent", into: &event)
        _ = try await test.outbox.emit(event)
        try engine.start()
        for await update in updates {
            TraceOfUpdate.span(of: update)
            expect(TraceOfUpdate().extract(key: "traceparent", from: update) == trace, "the trace comes back with each attempt")
            if let next = update.nextAttemptAt { test.clock.advance(to: next) }
        }
        try await engine.stop()
        expect(test.sent.count == 2 && test.sent.allSatisfy { $0.header("traceparent") == trace }, "receivers get the trace")
    }
}
