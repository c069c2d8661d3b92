import Glibc
import Logging
import Posthorn
import ServiceLifecycle
import UnixSignals

extension Engine: @retroactive Service {}

/// An engine in a group that ends its services in order, last one first.
struct Deliveries: Service {
    let engine: Engine

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await engine.run()
        } onGracefulShutdown: {
            engine.requestStop()
        }
    }
}

extension Shop {
    /// A group of services runs the engine, and the stop signal ends it: what is on the wire is recorded.
    static func isAService() async throws {
        try await stopsBySignal { engine in
            ServiceGroup(services: [engine], cancellationSignals: [.sigterm], logger: Logger(label: "shop"))
        }
        try await stopsBySignal { engine in
            ServiceGroup(services: [Deliveries(engine: engine)], gracefulShutdownSignals: [.sigterm], logger: Logger(label: "shop"))
        }
    }

    private static func stopsBySignal(_ group: (Engine) -> ServiceGroup) async throws {
        let test = try await shop { _ in .ok }
        let engine = try test.engine()
        var updates = engine.updates().makeAsyncIterator()
        let running = Task { [group = group(engine)] in try await group.run() }
        _ = try await test.outbox.emit(order("1", "ORDER_PAID"))
        expect(await updates.next()?.state == .delivered, "the group has started the engine")
        kill(getpid(), SIGTERM)
        try await running.value
        expect(await updates.next() == nil, "the signal ended the engine")
    }
}
