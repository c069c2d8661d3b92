// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What the shop calls of swift-service-lifecycle, and no more: for builds without network. A group runs its services until one of the
// signals comes, and then cancels them or asks them to end.

import Dispatch
import Logging
import Synchronization
import UnixSignals

public protocol Service: Sendable {
    func run() async throws
}

/// Whom a group asks to end.
private final class Shutdown: Sendable {
    @TaskLocal static var current: Shutdown?

    private let state = Mutex(State())

    private struct State {
        var isAsked = false
        var handlers: [@Sendable () -> Void] = []
    }

    func add(_ handler: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            if !state.isAsked { state.handlers.append(handler) }
            return state.isAsked
        }
        if isLate { handler() }
    }

    func ask() {
        let handlers = state.withLock { state in
            state.isAsked = true
            defer { state.handlers = [] }
            return state.handlers
        }
        for handler in handlers { handler() }
    }
}

public func withGracefulShutdownHandler<Value>(
    operation: () async throws -> Value,
    onGracefulShutdown handler: @Sendable @escaping () -> Void
) async rethrows -> Value {
    Shutdown.current?.add(handler)
    return try await operation()
}

public actor ServiceGroup: Service {
    private let services: [any Service]
    private let gracefulShutdownSignals: [UnixSignal]
    private let cancellationSignals: [UnixSignal]

    public init(
        services: [any Service],
        gracefulShutdownSignals: [UnixSignal] = [],
        cancellationSignals: [UnixSignal] = [],
        logger: Logger
    ) {
        self.services = services
        self.gracefulShutdownSignals = gracefulShutdownSignals
        self.cancellationSignals = cancellationSignals
    }

    public func run() async throws {
        let (shutdown, cancellation) = (Shutdown(), Shutdown())
        // Before the services start, so that no signal comes too early.
        let sources =
            gracefulShutdownSignals.map { Self.source($0, shutdown) } + cancellationSignals.map { Self.source($0, cancellation) }
        defer { for source in sources { source.cancel() } }
        let running = Task { [services] in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for service in services { group.addTask { try await Shutdown.$current.withValue(shutdown) { try await service.run() } } }
                try await group.waitForAll()
            }
        }
        cancellation.add { running.cancel() }
        try await running.value
    }

    private static func source(_ wanted: UnixSignal, _ shutdown: Shutdown) -> any DispatchSourceSignal {
        let source = DispatchSource.makeSignalSource(signal: wanted.number)
        source.setEventHandler { shutdown.ask() }
        source.activate()
        return source
    }
}
