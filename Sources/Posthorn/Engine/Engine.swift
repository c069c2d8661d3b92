import PosthornOutbox
import PosthornSending
import PosthornSystem
import Synchronization

/// Delivers what is in an outbox.
///
/// One engine owns an outbox at a time. A second one on the same file, in this process or another, stands by and takes
/// over when the first is gone.
///
/// ```swift
/// let engine = Engine(outbox: outbox)
/// try engine.start()
/// for await update in engine.updates() { print(update.endpoint, update.state) }
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
        var wantsStop = false
        var isRunning = false
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
        let core = state.withLock { $0.core }
        return core?.shared.withLock { $0 } ?? EngineStatistics()
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
        state.withLock { $0.wantsStop = true }
        waker.signal()
    }

    /// Runs the engine on the calling thread until it is asked to stop or, if so configured, everything is settled.
    ///
    /// - Throws: `OutboxProblem` when the outbox cannot be owned or its results cannot be written at the end.
    public func run() throws {
        guard try becomeOwner() else { return }
        defer { disown() }
        let recovers = state.withLock { state in
            defer { state.toldFailure = false }
            return state.toldFailure
        }
        if recovers { listeners.tell(.storageRecovered) }
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
            onResults: { results in
                core.take(results)
                writer.wake()
            }
        )
        core.pool = pool
        state.withLock { state in
            state.core = core
            state.pool = pool
            state.isRunning = true
        }
        try prepare()
        listeners.whenSettled { [self] in requestStop() }
        listeners.tell(.started)
        writer.board(core)
        while !state.withLock({ $0.wantsStop }) { waker.wait(milliseconds: nil) }
        try end(core, pool)
    }

    private func becomeOwner() throws -> Bool {
        var announced = false
        let watch = LockWatch(lockPath: outbox.lockPath)
        while !state.withLock({ $0.wantsStop }) {
            guard let owns = try ownNow() else {
                waker.wait(milliseconds: GroupCommitWriter.retryMilliseconds)
                continue
            }
            if owns { return true }
            if !announced {
                announced = true
                listeners.tell(.standingBy(owner: try outbox.status().engine))
            }
            watch.wait(waker)
        }
        return false
    }

    /// Whether the outbox is this engine's now; `nil` when a passing trouble of the store kept it from being asked. It must
    /// not end an engine, least of all one that stands by for the moment when it is needed.
    private func ownNow() throws(OutboxProblem) -> Bool? {
        do throws(OutboxProblem) {
            return try outbox.writer.perform { (store) throws(OutboxProblem) in try store.own() }
        } catch {
            guard error.mayPass else { throw error }
            if !state.withLock({ $0.toldFailure }) { listeners.tell(.storageFailed(.init(error))) }
            state.withLock { $0.toldFailure = true }
            return nil
        }
    }

    private func disown() {
        _ = try? outbox.writer.perform { (store) throws(OutboxProblem) in store.disown() }
    }

    /// At a speed other than real time, what waits from before keeps its place in the faster day.
    private func prepare() throws {
        let speed = configuration.speed
        guard speed != 1 else { return }
        let now = outbox.clock.now()
        try outbox.writer.perform { (store) throws(OutboxProblem) in try store.compressDueTimes(speed: speed, at: now) }
    }

    private func end(_ core: EngineCore, _ pool: SenderPool) throws {
        // First, so that whoever is told may rely on it.
        pool.pause()
        listeners.tell(.draining)
        listeners.whenSettled(nil)
        core.startDraining()
        pool.drain()
        let problem = recordLast(core)
        outbox.writer.leave()
        pool.stop()
        state.withLock { state in
            state.isRunning = false
            state.pool = nil
        }
        listeners.tell(.stopped)
        listeners.finish()
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
