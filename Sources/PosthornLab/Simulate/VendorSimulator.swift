public import Posthorn
public import PosthornModel
public import PosthornSending
import PosthornSystem
import Synchronization

/// Plays a simulation to a receiver through the real engine: its outbox, signatures, retries and limits.
///
/// An outbox takes an event once. What is to be sent twice goes through a second one beside it, as from a platform whose
/// dispatchers do not know of each other.
public final class VendorSimulator: Sendable {
    /// The endpoint's id in the outbox.
    public static let endpointID = "receiver"

    private let simulation: Simulation
    private let outboxes: [Outbox]
    private let engines: [Engine]
    private let speed: Double
    private let nextSecret: String?
    private let waker: Waker
    private let isStopped = Atomic(false)

    private static let settlingMilliseconds: Int64 = 100
    private static let batchLimit = 1000

    /// - Parameters:
    ///   - simulation: What to send.
    ///   - settings: The receiver: URL, format and credentials. Node and id are set here.
    ///   - outbox: Where events go.
    ///   - second: Where those go that are sent twice; `nil` when there are none.
    ///   - speed: How many times faster than written the scenario and the retries run.
    ///   - nextSecret: What the secret is replaced by when half of the events have left; `nil` to leave it.
    ///   - sender: Which addresses may be reached, and limits.
    ///   - log: Is told what the engine does.
    /// - Throws: `InputProblem` for settings or a receiver that does not prove itself; `OutboxProblem` for the store.
    public init(
        _ simulation: Simulation,
        _ settings: EndpointSettings,
        outbox: Outbox,
        second: Outbox?,
        speed: Double,
        nextSecret: String? = nil,
        sender: SenderConfiguration,
        log: @escaping @Sendable (EngineEvent) -> Void
    ) throws {
        self.simulation = simulation
        self.speed = speed
        self.nextSecret = nextSecret
        outboxes = [outbox] + (second.map { [$0] } ?? [])
        waker = try Waker()
        var settings = settings
        settings.id = Self.endpointID
        settings.node = simulation.nodes[0].id
        let topology = try Topology(nodes: simulation.nodes, endpoints: [settings])
        for outbox in outboxes {
            _ = try outbox.apply(topology)
            if let failure = try outbox.verify(endpoint: Self.endpointID, guard: sender.guard, caFile: sender.caFile).failure {
                throw InputProblem(field: "URL", value: settings.url, reason: "does not prove itself: \(failure)")
            }
        }
        let configuration = EngineConfiguration(speed: speed, sender: sender)
        engines = try outboxes.map { try Engine(outbox: $0, configuration: configuration, log: log) }
    }

    /// Emits nothing more and ends without waiting for retries. From any thread.
    public func stop() {
        isStopped.store(true, ordering: .relaxed)
        waker.signal()
    }

    /// Counts of both engines together.
    public var statistics: EngineStatistics {
        engines.map(\.statistics).reduce(into: EngineStatistics()) { sum, one in
            sum.attempts += one.attempts
            sum.delivered += one.delivered
            sum.exhausted += one.exhausted
            sum.claimed += one.claimed
            sum.nextRetry = [sum.nextRetry, one.nextRetry].compactMap { $0 }.min()
        }
    }

    /// Sends everything at its time and waits until all of it is delivered or exhausted.
    /// - Throws: What ended the engine, or why an event was refused.
    public func run() throws -> SimulationResult {
        for engine in engines { try engine.start() }
        var failure: (any Error)?
        do {
            try play()
            while try !isStopped.load(ordering: .relaxed) && !isSettled() {
                waker.wait(milliseconds: Self.settlingMilliseconds)
            }
        } catch {
            failure = error
        }
        for engine in engines { try engine.stop() }
        if let failure { throw failure }
        return try SimulationResult(outboxes.map { try $0.status() }, statistics)
    }

    private func play() throws {
        let start = MonotonicClock.nanoseconds()
        var next = 0
        var rotation = nextSecret
        while next < simulation.departures.count, !isStopped.load(ordering: .relaxed) {
            let reached = Int64(Double(MonotonicClock.nanoseconds() - start) * speed)
            if let secret = rotation, next >= simulation.departures.count / 2 {
                for outbox in outboxes { _ = try outbox.rotate(endpoint: Self.endpointID, newSecret: secret) }
                rotation = nil
            }
            var batches: [[NewEvent]] = [[], []]
            let limit = rotation == nil ? simulation.departures.count : simulation.departures.count / 2
            while next < limit, batches[0].count < Self.batchLimit {
                let departure = simulation.departures[next]
                if departure.nanoseconds > reached { break }
                batches[departure.isDuplicate ? 1 : 0].append(NewEvent(departure.event))
                next += 1
            }
            for (outbox, batch) in zip(outboxes, batches) where !batch.isEmpty { _ = try outbox.emit(batch) }
            if batches.allSatisfy(\.isEmpty), next < limit {
                let wait = Double(simulation.departures[next].nanoseconds - reached) / speed / 1e6
                waker.wait(milliseconds: max(1, Int64(min(wait, 3_600_000))))
            }
        }
    }

    private func isSettled() throws -> Bool {
        try outboxes.allSatisfy { outbox in
            let status = try outbox.status()
            return status.arrivals == 0 && (status.deliveries[.pending] ?? 0) == 0
        }
    }
}

extension NewEvent {
    init(_ event: ScenarioEvent) {
        self.init(id: event.id, type: event.type, node: event.node, created: event.created, data: event.data)
    }
}

/// What became of a simulation.
public struct SimulationResult: Sendable {
    /// Events that were sent, each counted as often as it was.
    public let events: Int64
    /// Deliveries by state.
    public let deliveries: [DeliveryState: Int64]
    /// Requests.
    public let attempts: Int

    init(_ status: [OutboxStatus], _ statistics: EngineStatistics) {
        events = status.reduce(0) { $0 + $1.events }
        deliveries = status.reduce(into: [:]) { $0.merge($1.deliveries, uniquingKeysWith: +) }
        attempts = statistics.attempts
    }
}
