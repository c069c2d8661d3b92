import PosthornOutbox
import PosthornSending
import PosthornSystem
import Synchronization

/// Delivers what is in an outbox.
///
/// One engine owns an outbox at a time. A second one on the same file, in this process or another, stands by and takes
/// over when the first is gone. An engine runs once: after its end, make a new one.
///
/// ```swift
/// let engine = try Engine(outbox: outbox)
/// let updates = engine.updates()
/// try engine.start()
/// for await update in updates { print(update.endpoint, update.state) }
/// ```
public final class Engine: Sendable {
    private let outbox: Outbox
    private let configuration: EngineConfiguration
    private let listeners: EngineListeners
    private let state = Mutex(State())
    private let waker: Waker

    private struct State: ~Copyable {
        var core: EngineCore?
        var pool: SenderPool?
        var mails: MailRunner?
        var wantsStop = false
        /// Whether it ends because everything is settled, so that mails are sent first.
        var isSettled = false
        var thread: WorkerThread?
        var failure: (any Error)?
        var toldFailure = false
    }

    /// An engine that has not started.
    ///
    /// - Parameters:
    ///   - outbox: What to deliver.
    ///   - configuration: How.
    ///   - log: Is told what happens, on threads of the engine; it must return soon.
    /// - Throws: `SystemProblem` when the process has no descriptor left.
    public init(
        outbox: Outbox,
        configuration: EngineConfiguration = EngineConfiguration(),
        log: @escaping @Sendable (EngineEvent) -> Void = { _ in }
    ) throws {
        self.outbox = outbox
        self.configuration = configuration
        listeners = EngineListeners(log: log)
        waker = try Waker()
    }

    /// What becomes of deliveries from now on. A reader that falls behind loses the oldest updates beyond `bufferLimit`;
    /// the outbox has them all. The sequence ends with the engine.
    public func updates(bufferLimit: Int = 10_000) -> AsyncStream<DeliveryUpdate> { listeners.updates(bufferLimit: bufferLimit) }

    /// Counts since the start.
    public var statistics: EngineStatistics {
        let (core, pool) = state.withLock { ($0.core, $0.pool) }
        var statistics = core?.shared.withLock { $0 } ?? EngineStatistics()
        statistics.senders = pool?.statistics
        statistics.endpointsInSenders = statistics.senders?.endpoints ?? 0
        return statistics
    }

    // MARK: Running

    /// Starts the engine on a thread of its own and returns.
    /// - Throws: `SystemProblem` when there is no thread left.
    public func start() throws {
        let thread = try WorkerThread(name: "posthorn-engine") { [self] in
            do { try run() } catch { state.withLock { $0.failure = error } }
        }
        state.withLock { $0.thread = thread }
    }

    /// Asks the engine to end and waits until it has: nothing new is sent, what is on the wire ends, results are recorded.
    /// - Throws: What ended the engine, if that was not this call.
    public func stop() throws {
        requestStop()
        let thread = state.withLock { state in
            defer { state.thread = nil }
            return state.thread
        }
        thread?.join()
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// Asks the engine to end and returns at once; for signal handlers' threads.
    public func requestStop() {
        let mails = state.withLock { state in
            state.wantsStop = true
            return state.mails
        }
        mails?.requestStop()
        waker.signal()
    }

    private func settle() {
        state.withLock { state in
            state.isSettled = !state.wantsStop
            state.wantsStop = true
        }
        waker.signal()
    }

    /// Runs the engine on the calling thread until it is asked to stop or, if so configured, everything is settled.
    ///
    /// - Throws: `OutboxProblem` when the outbox cannot be owned, no endpoint's credentials can be opened, or its results cannot be written at the end.
    public func run() throws {
        // However it ends, nobody waits for further updates.
        defer { listeners.finish() }
        guard try becomeOwner() else { return }
        defer { disown() }
        guard try prepare() else { return }
        let core = EngineCore(
            directory: outbox.directory,
            clock: outbox.clock,
            configuration: configuration,
            listeners: listeners
        )
        let writer = outbox.writer
        let pool = try SenderPool(
            configuration.sender,
            clock: outbox.clock,
            onRecalled: { jobs in
                core.takeBack(jobs)
                writer.wake()
            },
            onShortage: { [listeners] begins in listeners.tell(begins ? .descriptorsUsedUp : .descriptorsRecovered) },
            onResults: { results in
                core.take(results)
                writer.wake()
            }
        )
        core.pool = pool
        let handshake = VendorHandshake(guard: configuration.sender.guard, caFile: configuration.sender.caFile)
        let handshakes = try HandshakeRunner(outbox, handshake, speed: configuration.speed, listeners)
        core.handshakes = handshakes
        state.withLock { state in
            state.core = core
            state.pool = pool
        }
        // After what may throw, so that its thread always meets its end.
        core.mails = try startMails()
        listeners.whenSettled { [self] in settle() }
        listeners.tell(.started)
        writer.board(core)
        while !state.withLock({ $0.wantsStop }) { waker.wait(milliseconds: nil) }
        try end(core, pool, handshakes)
    }

    private func startMails() throws(SystemProblem) -> MailRunner? {
        guard let mail = configuration.mail else { return nil }
        let mails = try MailRunner(outbox, mail, speed: configuration.speed, listeners)
        // A stop that was asked for before this is seen by `end`.
        state.withLock { $0.mails = mails }
        return mails
    }

    private func becomeOwner() throws -> Bool {
        var announced = false
        let watch = LockWatch(lockPath: outbox.lockPath)
        while let owns = try patiently({ (store) throws(OutboxProblem) in try store.own() }) {
            if owns { return true }
            if !announced {
                announced = true
                listeners.tell(.standingBy(owner: try outbox.status().engine))
            }
            watch.wait(waker)
        }
        return false
    }

    /// Does something in the store; `nil` when the engine was asked to stop. A passing trouble of the store is told once and
    /// waited for: it must not end an engine, least of all one that stands by for the moment when it is needed.
    private func patiently<Result: Sendable>(
        _ work: @escaping @Sendable (any OutboxStore) throws(OutboxProblem) -> Result
    ) throws(OutboxProblem) -> Result? {
        while !state.withLock({ $0.wantsStop }) {
            do throws(OutboxProblem) {
                let result = try outbox.writer.perform(work)
                let recovers = state.withLock { state in
                    defer { state.toldFailure = false }
                    return state.toldFailure
                }
                if recovers { listeners.tell(.storageRecovered) }
                return result
            } catch {
                guard error.mayPass else { throw error }
                if !state.withLock({ $0.toldFailure }) { listeners.tell(.storageFailed(.init(error))) }
                state.withLock { $0.toldFailure = true }
                waker.wait(milliseconds: GroupCommitWriter.retryMilliseconds)
            }
        }
        return nil
    }

    private func disown() {
        _ = try? outbox.writer.perform { (store) throws(OutboxProblem) in store.disown() }
    }

    /// Reads the endpoints, so that a key without which none of them can be used ends the engine before it starts. At a speed other than real time, what
    /// waits from before keeps its place in the faster day.
    /// - Returns: Whether the engine may go on; not when it was asked to stop.
    private func prepare() throws(OutboxProblem) -> Bool {
        let (speed, servesMails) = (configuration.speed, configuration.mail != nil)
        let done = try patiently { [outbox] (store) throws(OutboxProblem) -> Result<Void, OutboxProblem> in
            let now = outbox.clock.now()
            _ = try outbox.directory.refresh(from: store, at: now)
            if let problem = outbox.directory.missingKey {
                // Not thrown here: what is written down for those who ask later is to stay.
                try store.write(faults: outbox.directory.faults, at: now)
                return .failure(problem)
            }
            try store.write(servesMails: servesMails)
            if speed != 1 { try store.compressDueTimes(speed: speed, at: now) }
            return .success(())
        }
        try done?.get()
        return done != nil
    }

    private func end(_ core: EngineCore, _ pool: SenderPool, _ handshakes: HandshakeRunner) throws {
        listeners.whenSettled(nil)
        core.startDraining()
        pool.startDraining()
        listeners.tell(.draining)
        handshakes.requestStop()
        pool.drain()
        handshakes.join()
        let (mails, isSettled) = state.withLock { ($0.mails, $0.isSettled) }
        // Asked to stop, it has begun no mail since.
        if isSettled { mails?.requestFlush() } else { mails?.requestStop() }
        mails?.join()
        let problem = recordLast(core)
        outbox.writer.leave()
        core.hasLeft.store(true, ordering: .releasing)
        pool.stop()
        // The pool calls the core and the core the pool: without this neither of them, nor the outbox, would ever go away.
        core.pool = nil
        core.handshakes = nil
        core.mails = nil
        state.withLock { state in
            state.pool = nil
            state.mails = nil
        }
        listeners.tell(.stopped)
        if let problem { throw problem }
    }

    /// How long a stop waits for a store that cannot be written.
    private static let recordingPatienceMilliseconds: Int64 = 5000

    /// Waits until what the senders brought is recorded. When the store cannot be written for that long, it is sent again
    /// after the next start, as after a crash.
    private func recordLast(_ core: EngineCore) -> OutboxProblem? {
        let end = MonotonicClock.nanoseconds() + Self.recordingPatienceMilliseconds * 1_000_000
        while true {
            do throws(OutboxProblem) {
                try outbox.writer.perform { (_) throws(OutboxProblem) in }
                if core.isRecorded { return nil }
            } catch {
                if core.isRecorded { return nil }
                if MonotonicClock.nanoseconds() >= end { return error }
                waker.wait(milliseconds: GroupCommitWriter.retryMilliseconds)
            }
        }
    }
}
