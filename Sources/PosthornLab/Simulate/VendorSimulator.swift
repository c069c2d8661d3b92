import PosthornSending
public import Posthorn
import PosthornFormats
public import PosthornModel
import PosthornSystem
import Synchronization

/// Plays a simulation to receivers through the real engine: its outbox, signatures, retries and limits.
///
/// An outbox takes an event once. What is to be sent twice goes through a second one beside it, as from a platform whose
/// dispatchers do not know of each other.
public final class VendorSimulator: Sendable {
    private let simulation: Simulation
    private let outboxes: [Outbox]
    private let engines: [Engine]
    /// Where events go, each with an id and a node.
    public let receivers: [EndpointSettings]
    private let options: SimulationOptions
    private let asker: ValueAsker?
    private let waker: Waker
    private let isStopped = Atomic(false)
    /// Of the first half of the events; `nil` when no secret is replaced.
    private let firstAttempts: FirstAttempts?
    /// What was emitted so far.
    private let emitted = Mutex((events: 0, known: 0, deliveries: 0))

    private static let settlingMilliseconds: Int64 = 100
    private static let batchLimit = 1000

    /// - Parameters:
    ///   - simulation: What to send.
    ///   - receivers: Where to: URL, format, credentials, patterns. One without an id gets `receiver`, `receiver-2` and so on;
    ///     one without a node stands at the top of the platform.
    ///   - outbox: Where events go.
    ///   - second: Where those go that are sent twice; `nil` when there are none.
    ///   - options: Speed, limits and the like.
    ///   - log: Is told what the engine does.
    /// - Throws: `InputProblem` for settings or a receiver that does not prove itself; `OutboxProblem` for the store.
    public init(
        _ simulation: Simulation,
        to receivers: [EndpointSettings],
        outbox: Outbox,
        second: Outbox?,
        options: SimulationOptions,
        log: @escaping @Sendable (EngineEvent) -> Void
    ) throws {
        self.simulation = simulation
        self.options = options
        outboxes = [outbox] + (second.map { [$0] } ?? [])
        waker = try Waker()
        let receivers = receivers.enumerated().map { number, given in
            var settings = given
            if settings.id.isEmpty { settings.id = number == 0 ? "receiver" : "receiver-\(number + 1)" }
            if settings.node.isEmpty { settings.node = simulation.nodes[0].id }
            return settings
        }
        self.receivers = receivers
        let topology = try Topology(nodes: simulation.nodes, endpoints: receivers)
        let sender = options.sender
        for outbox in outboxes {
            _ = try outbox.apply(topology)
            for receiver in receivers {
                if let failure = try outbox.verify(endpoint: receiver.id, guard: sender.guard, caFile: sender.caFile).failure {
                    throw InputProblem(.badAnswer, field: "URL", value: receiver.url, reason: "does not prove itself: \(failure)")
                }
            }
        }
        let slow = simulation.slowlyAnswered
        let firstAttempts = options.nextSecret.map { _ in FirstAttempts() }
        self.firstAttempts = firstAttempts
        engines = try outboxes.enumerated().map { number, outbox in
            var configuration = EngineConfiguration(speed: options.speed, sender: sender)
            // What is sent twice is one delivery to whoever gets the mail.
            configuration.mail = number == 0 ? options.mail : nil
            configuration.honoursRetryAfter = options.honoursRetryAfter
            let vendor = options.vendor
            if !slow.isEmpty || firstAttempts != nil || vendor != nil {
                configuration.outcomeOverride = { job, outcome in
                    firstAttempts?.note(job, ofOutbox: number)
                    return Self.givingUp(job, Self.judged(outcome, by: vendor), onSlow: slow)
                }
            }
            if let vendor {
                let composers = try Dictionary(
                    receivers.map { ($0.id, try vendor.composer(url: $0.url, headers: $0.headers)) },
                    uniquingKeysWith: { first, _ in first }
                )
                configuration.composer = { composers[$0.id] }
            }
            return try Engine(outbox: outbox, configuration: configuration, log: log)
        }
        asker = try options.question.map { question in
            let asked = receivers.filter { $0.envelope == .webio && $0.signature == .webioJWT }.map(\.id)
            return try ValueAsker { customer, channel in
                for id in asked {
                    _ = try outbox.ask(
                        endpoint: id,
                        text: question,
                        customer: customer,
                        channel: channel,
                        guard: sender.guard,
                        caFile: sender.caFile
                    )
                }
            }
        }
    }

    /// What the vendor takes for a success is delivered: 200 stands for it. What it does not is a failure, 200 too.
    private static func judged(_ outcome: AttemptOutcome, by vendor: FileVendor?) -> AttemptOutcome {
        guard let vendor, let status = outcome.status, outcome.error == nil || outcome.error == .status else { return outcome }
        var judged = outcome
        if vendor.file.description.isSuccess(status) {
            (judged.status, judged.error, judged.errorText) = (200, nil, "")
        } else if outcome.succeeded {
            (judged.error, judged.errorText) = (.status, "answered \(status), which the vendor does not take for a success")
        }
        return judged
    }

    /// A platform whose patience ended before the receiver's 200 came has seen a time-out.
    private static func givingUp(_ job: SendJob, _ outcome: AttemptOutcome, onSlow slow: Set<String>) -> AttemptOutcome {
        guard job.attempt == 1, outcome.succeeded, slow.contains(job.event.event.id) else { return outcome }
        var late = outcome
        late.status = nil
        late.error = .timeout
        late.errorText = "gave up before the receiver's 200 came (simulated)"
        return late
    }

    /// Emits nothing more and ends without waiting for retries. From any thread.
    public func stop() {
        isStopped.store(true, ordering: .relaxed)
        waker.signal()
    }

    /// How far it is. From any thread.
    public var progress: SimulationProgress {
        let (events, _, deliveries) = emitted.withLock { $0 }
        return SimulationProgress(
            events: events,
            plannedEvents: simulation.departures.count,
            deliveries: deliveries,
            engines: statistics
        )
    }

    /// Counts of both engines together.
    private var statistics: EngineStatistics {
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
        let before = try outboxes.map { try $0.status() }
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
        let values = asker?.close(dropping: failure != nil || isStopped.load(ordering: .relaxed))
        for engine in engines { try engine.stop() }
        if let failure { throw failure }
        let (events, known, _) = emitted.withLock { $0 }
        let faults = simulation.faultCounts(ofFirst: events)
        return try SimulationResult(
            before: before,
            after: outboxes.map { try $0.status() },
            planned: simulation.departures.count,
            emitted: events,
            wasStopped: isStopped.load(ordering: .relaxed),
            known: known,
            faults,
            statistics,
            values
        )
    }

    private func play() throws {
        var start = MonotonicClock.nanoseconds()
        var next = 0
        var rotation = options.nextSecret
        while next < simulation.departures.count, !isStopped.load(ordering: .relaxed) {
            if let secret = rotation, next >= simulation.departures.count / 2 {
                let before = MonotonicClock.nanoseconds()
                try awaitFirstAttempts()
                if isStopped.load(ordering: .relaxed) { break }
                try rotate(to: secret)
                rotation = nil
                // The scenario's clock has stood still, so that the second half does not leave at once.
                start += MonotonicClock.nanoseconds() - before
            }
            let reached = options.backfillNanoseconds + Int64(min(Double(MonotonicClock.nanoseconds() - start) * options.speed, 4e18))
            var batches: [[NewEvent]] = [[], []]
            let limit = rotation == nil ? simulation.departures.count : simulation.departures.count / 2
            while next < limit, batches[0].count < Self.batchLimit {
                let departure = simulation.departures[next]
                if departure.nanoseconds > reached { break }
                batches[departure.isDuplicate ? 1 : 0].append(NewEvent(departure.event))
                if !departure.isDuplicate { asker?.note(departure.event) }
                next += 1
            }
            for (outbox, batch) in zip(outboxes, batches) where !batch.isEmpty { note(try outbox.emit(batch)) }
            if batches.allSatisfy(\.isEmpty), next < limit {
                let wait = Double(simulation.departures[next].nanoseconds - reached) / options.speed / 1e6
                waker.wait(milliseconds: max(1, Int64(min(wait, 3_600_000))))
            }
        }
    }

    /// Waits until what was emitted was tried once, so that it went out with the secret that held when it left.
    private func awaitFirstAttempts() throws {
        guard let firstAttempts else { return }
        // What somebody cancelled meanwhile has no attempt.
        while try !isStopped.load(ordering: .relaxed) && !firstAttempts.haveEnded && !isSettled() {
            waker.wait(milliseconds: Self.settlingMilliseconds)
        }
        firstAttempts.close()
    }

    private func note(_ events: [EmittedEvent]) {
        if let firstAttempts {
            for event in events { firstAttempts.expect(event.id, deliveries: event.deliveries) }
        }
        emitted.withLock { counts in
            counts.events += events.count
            counts.known += events.count { !$0.isNew }
            counts.deliveries += events.reduce(0) { $0 + $1.deliveries }
        }
    }

    private func rotate(to secret: String) throws {
        for outbox in outboxes {
            for receiver in receivers where receiver.signature != .none {
                _ = try outbox.rotate(endpoint: receiver.id, newSecret: secret)
            }
        }
    }

    /// Every delivery has ended, and every mail about one was tried.
    private func isSettled() throws -> Bool {
        try outboxes.allSatisfy { outbox in
            let status = try outbox.status()
            let hasMail = options.mail != nil && outbox === outboxes[0] && status.mails.oldestUntried != nil
            return status.arrivals == 0 && (status.deliveries[.pending] ?? 0) == 0 && !hasMail
        }
    }
}

extension NewEvent {
    init(_ event: ScenarioEvent) {
        self.init(id: event.id, type: event.type, node: event.node, created: event.created, data: event.data)
    }
}
