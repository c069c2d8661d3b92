import Dispatch
import PosthornStore
import PosthornSending
import PosthornSystem
import Synchronization

/// Delivers what is in an outbox.
///
/// One engine owns an outbox at a time. A second one on the same file or the same ``Outbox``, in this process or another, stands
/// by and takes over when the first is gone. An engine runs once: after its end, make a new one.
///
/// Every method may be called from any thread, from the engine's own listener too.
///
/// ```swift
/// let engine = try Engine(outbox: outbox)
/// let updates = engine.updates()
/// try engine.start()
/// for await update in updates { print(update.endpoint, update.state) }
/// ```
public final class Engine: Sendable {
    let outbox: Outbox
    let configuration: EngineConfiguration
    let receiverClocks: ReceiverClocks
    let listeners: EngineListeners
    let state = Mutex(State())
    let waker: Waker
    /// Entered for as long as it runs.
    private let life = DispatchGroup()

    enum Phase { case fresh, running, over }

    struct State: ~Copyable {
        var phase = Phase.fresh
        var core: EngineCore?
        var pool: (any RequestCarrier)?
        /// What the senders had done when they were let go of.
        var lastSenders: SenderStatistics?
        /// Those that are running.
        var services: [any EngineService] = []
        var wantsStop = false
        /// Whether it ends because everything is settled, so that mails are sent first.
        var isSettled = false
        /// Why it cannot be said whether jobs are settled too, if that is so.
        var unsettled: OutboxProblem?
        var failure: (any Error)?
        /// What a stop allows for the drain, in milliseconds, if it said so.
        var drainMilliseconds: Int64?
        /// What has taken the place of the configuration's since; see ``Engine/use(_:)`` and ``Engine/setDrain(milliseconds:)``.
        var newMail: MailConfiguration?
        var newDrainMilliseconds: Int64?
        /// Tasks that wait for the end.
        var waiters: [CheckedContinuation<Void, Never>] = []
        var toldFailure = false
    }

    /// An engine that has not started.
    ///
    /// - Parameters:
    ///   - outbox: What to deliver.
    ///   - configuration: How.
    ///   - logger: Where its log goes; nowhere, unless it is said.
    ///   - metrics: Where its counts and times go; nowhere, unless it is said.
    ///   - log: Is told what happens, one event after the other, on a thread of its own. It may call the engine and the outbox. While
    ///     it does not return, up to 10,000 events wait for it (20,000 of the rare kinds); what is beyond that is left out and counted
    ///     by ``EngineEvent/eventsDropped(count:)``. The engine's end waits five seconds at most for all three.
    /// - Throws: `SystemProblem` when the process has no descriptor left.
    public init(
        outbox: Outbox,
        configuration: EngineConfiguration = EngineConfiguration(),
        logger: (any EngineLogger)? = nil,
        metrics: (any EngineMetrics)? = nil,
        log: (@Sendable (EngineEvent) -> Void)? = nil
    ) throws(SystemProblem) {
        self.outbox = outbox
        self.configuration = configuration
        receiverClocks = ReceiverClocks(outbox.clock)
        listeners = EngineListeners(log: Self.log(to: logger, and: log), metrics: metrics)
        waker = try Waker()
    }

    private static func log(
        to logger: (any EngineLogger)?,
        and log: (@Sendable (EngineEvent) -> Void)?
    ) -> (@Sendable (EngineEvent) -> Void)? {
        guard let logger else { return log }
        return { event in
            logger.log(event)
            log?(event)
        }
    }

    /// What becomes of deliveries from now on. A reader that falls behind loses the oldest updates beyond `bufferLimit`, and is told how
    /// many; the outbox has them all. The sequence ends with the engine.
    public func updates(bufferLimit: Int = 10_000) -> DeliveryUpdates { listeners.updates(bufferLimit: bufferLimit) }

    /// Counts since the start.
    public var statistics: EngineStatistics {
        let (core, pool, last) = state.withLock { ($0.core, $0.pool, $0.lastSenders) }
        var statistics = core?.shared.withLock { $0 } ?? EngineStatistics()
        statistics.senders = pool?.statistics ?? last
        statistics.endpointsInSenders = statistics.senders?.endpoints ?? 0
        return statistics
    }

    // MARK: Running

    /// Starts the engine on a thread of its own and returns.
    /// - Throws: A problem when it was started or stopped before, or there is no thread left.
    public func start() throws(EngineError) {
        do throws(EngineProblem) { try begin() } catch { throw .misuse(error) }
        do throws(SystemProblem) {
            try WorkerThread(name: "posthorn-engine") { [self] in
                do { try work() } catch { state.withLock { $0.failure = error } }
                finish()
            }.detach()
        } catch {
            finish()
            throw .system(error)
        }
    }

    /// Asks the engine to end and waits until it has: nothing new is sent, what is on the wire ends within
    /// ``EngineConfiguration/drainMilliseconds``, results are recorded. An engine that has not begun never will.
    /// - Throws: What ended an engine that was started with ``start()``, if that was not this call.
    package func stop() throws {
        requestStop()
        endUnlessBegun()
        if listeners.isOnListenersThread { listeners.doNotWaitForListener() }
        life.wait()
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// Ends an engine that has not begun, so that it never will.
    func endUnlessBegun() {
        let neverRan = state.withLock { state in
            guard state.phase == .fresh else { return false }
            state.phase = .over
            return true
        }
        if neverRan { listeners.endUpdates() }
    }

    private func begin() throws(EngineProblem) {
        try state.withLock { (state) throws(EngineProblem) in
            switch state.phase {
            case .fresh: state.phase = .running
            case .running: throw EngineProblem(code: .alreadyStarted)
            case .over: throw EngineProblem(code: .hasEnded)
            }
            // Under the lock, so that a stop that sees it running waits for its end.
            life.enter()
        }
    }

    private func finish() {
        let waiters = state.withLock { state in
            state.phase = .over
            defer { state.waiters = [] }
            return state.waiters
        }
        listeners.endUpdates()
        life.leave()
        for waiter in waiters { waiter.resume() }
    }

    /// Asks the engine to end and returns at once; for signal handlers' threads.
    public func requestStop() {
        let services = state.withLock { state in
            state.wantsStop = true
            return state.services
        }
        for service in services { service.drain(.now) }
        waker.signal()
    }

    private func settle(except problem: OutboxProblem?) {
        state.withLock { state in
            state.unsettled = problem
            state.isSettled = !state.wantsStop
            state.wantsStop = true
        }
        waker.signal()
    }

    /// Runs the engine on the calling thread until it is asked to stop or, if so configured, everything is settled.
    ///
    /// - Throws: `EngineProblem` when it was started or stopped before. `OutboxProblem` when the outbox cannot be owned, no
    ///   endpoint's credentials can be opened, its files are removed or replaced or its schema becomes too new while it runs, or its
    ///   results cannot be written at the end.
    package func run() throws {
        try begin()
        defer { finish() }
        try work()
    }

    private func work() throws {
        try listeners.begin { [self] in statistics }
        // However it ends, no reader waits for further updates.
        defer { listeners.finish() }
        guard let watch = try becomeOwnerOrTell() else { return }
        defer { leave() }
        guard try prepare() else { return }
        let core = EngineCore(
            directory: outbox.directory,
            clock: outbox.clock,
            configuration: configuration,
            listeners: listeners,
            meter: outbox.meter,
            clocks: receiverClocks
        )
        let pool = try makeCarrier(core)
        core.pool = pool
        do throws(SystemProblem) { try startServices(core) } catch {
            dismantle(core, pool)
            throw error
        }
        state.withLock { state in
            state.core = core
            state.pool = pool
        }
        listeners.whenSettled { [self] problem in settle(except: problem) }
        listeners.tell(.started)
        outbox.writer.attach(core)
        let trouble = keepWatch(watch)
        try end(core, pool, trouble)
    }

    private func makeCarrier(_ core: EngineCore) throws -> any RequestCarrier {
        let writer = outbox.writer
        let onRecalled: @Sendable ([SendJob]) -> Void = { jobs in
            core.takeBack(jobs)
            writer.wake()
        }
        let onResults: @Sendable ([SendResult]) -> Void = { results in
            core.take(results)
            writer.wake()
        }
        if let transport = configuration.transport {
            return try ClosureCarrier(transport, clock: outbox.clock, onRecalled: onRecalled, onResults: onResults)
        }
        return try SenderPool(
            configuration.sender,
            clock: outbox.clock,
            onRecalled: onRecalled,
            onShortage: { [listeners] begins in listeners.tell(begins ? .descriptorsUsedUp : .descriptorsRecovered) },
            onFault: { [listeners] fault, detail in
                listeners.tell(detail.map { .machineFault(fault, detail: $0) } ?? .machineFaultOver(fault))
            },
            onResults: onResults
        )
    }

    /// Waits until it is to stop.
    /// - Returns: What is wrong with the outbox, if that is why.
    private func keepWatch(_ watch: any StoreWatch) -> OutboxProblem? {
        while !state.withLock({ $0.wantsStop }) {
            if let problem = watch.problem() { return problem }
            watch.wait(waker)
        }
        return nil
    }

    /// Ends what was started before something else could not be.
    private func dismantle(_ core: EngineCore, _ pool: any RequestCarrier) {
        for service in core.services { service.drain(.now) }
        for service in core.services { service.join(within: 0) }
        pool.stop()
        core.pool = nil
        core.services = []
    }
}
