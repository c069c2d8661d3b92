import Glibc
import PosthornCurl
import PosthornModel
public import PosthornSystem
import Synchronization

/// The way out: threads that send jobs and hand back their results.
///
/// Each endpoint stays on one thread, so its connections are used again. Endpoints take turns; a slow one holds back nobody.
/// Every job that is submitted comes back exactly once, through `onResults` or `onRecalled`, unless the pool is aborted.
///
/// ```swift
/// let pool = try SenderPool(SenderConfiguration(), clock: SystemClock(), onResults: { results in … })
/// pool.submit([SendJob(id: 1, attempt: 1, event: event, target: target)])
/// pool.stop()
/// ```
public final class SenderPool: Sendable {
    /// What a pool calls, on its sender threads. They must be quick and must not block for long.
    struct Handlers: Sendable {
        let results: @Sendable ([SendResult]) -> Void
        let recalled: @Sendable ([SendJob]) -> Void
        let drained: @Sendable () -> Void
        /// The thread has no descriptors for more requests, or has them again.
        let starved: @Sendable (Bool) -> Void
        /// The thread has met a fault of this machine, with a detail, or is free of it.
        let faulty: @Sendable (MachineFault, _ detail: String?) -> Void
    }

    private struct Life {
        var workers: [WorkerThread] = []
        var startedAborting = false
    }

    private let threads: [SenderThread]
    private let resolver: NameResolver
    private let tls: TLSClient
    private let ended: EndSignal
    private let life = Mutex(Life())

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - configuration: Limits and rules.
    ///   - clock: The time that attempts are recorded with and signatures are made for.
    ///   - onRecalled: Takes jobs that are given back without having been sent. Called on sender threads.
    ///   - onShortage: Hears that the process has no descriptors for more requests (`true`), or has them again. Called on
    ///     sender threads.
    ///   - onFault: Hears of a fault of this machine that lets jobs wait, with a detail, or with none that it is over. Called on
    ///     sender threads.
    ///   - onResults: Takes results, in batches. Called on sender threads.
    /// - Throws: ``SystemProblem`` when the system lacks threads, descriptors or memory.
    public convenience init(
        _ configuration: SenderConfiguration,
        clock: any PosthornClock,
        onRecalled: @escaping @Sendable ([SendJob]) -> Void = { _ in },
        onShortage: @escaping @Sendable (Bool) -> Void = { _ in },
        onFault: @escaping @Sendable (MachineFault, _ detail: String?) -> Void = { _, _ in },
        onResults: @escaping @Sendable ([SendResult]) -> Void
    ) throws(SystemProblem) {
        try self.init(
            configuration,
            clock: clock,
            lookup: SystemLookup.ask,
            serversAnswer: NameServers.answer,
            onRecalled: onRecalled,
            onShortage: onShortage,
            onFault: onFault,
            onResults: onResults
        )
    }

    /// - Parameters:
    ///   - lookup: Asks for a name in place of the system.
    ///   - serversAnswer: Says in its place whether any name server answers; `nil` when that is unknown.
    init(
        _ configuration: SenderConfiguration,
        clock: any PosthornClock,
        lookup: @escaping NameResolver.Lookup,
        serversAnswer: @escaping @Sendable () -> Bool?,
        onRecalled: @escaping @Sendable ([SendJob]) -> Void,
        onShortage: @escaping @Sendable (Bool) -> Void = { _ in },
        onFault: @escaping @Sendable (MachineFault, _ detail: String?) -> Void = { _, _ in },
        onResults: @escaping @Sendable ([SendResult]) -> Void
    ) throws(SystemProblem) {
        if let problem = CurlLibrary.problem { throw SystemProblem(problem, ENOTSUP) }
        let count = min(max(1, configuration.threads), SenderConfiguration.cores)
        let tls = TLSClient(caFile: configuration.caFile, sessionLimitBytes: configuration.sessionLimitBytes)
        self.tls = tls
        resolver = try NameResolver(configuration.resolver, lookup: lookup, serversAnswer: serversAnswer)
        let ended = try EndSignal()
        self.ended = ended
        let shortage = Shortage(onShortage)
        let news = FaultNews(onFault)
        var threads: [SenderThread] = []
        for index in 0..<count {
            let handlers = Handlers(
                results: onResults,
                recalled: onRecalled,
                drained: { ended.add(index) },
                starved: { shortage.count($0) },
                faulty: { news.count($0, $1) }
            )
            threads.append(
                try SenderThread(configuration, share: count, clock: clock, resolver: resolver, tls: tls, deliver: handlers)
            )
        }
        try DescriptorBudget.checkRoom()
        self.threads = threads
        for (index, thread) in threads.enumerated() {
            do throws(SystemProblem) {
                let worker = try WorkerThread(name: "posthorn-send-\(index)") { thread.run() }
                life.withLock { $0.workers.append(worker) }
            } catch {
                abort()
                throw error
            }
        }
    }

    deinit {
        for thread in threads { thread.mailbox.order(.abort) }
        resolver.stop()
    }

    /// Hands over jobs, from any thread. After ``drain()`` or ``stop()`` they are given back at once.
    public func submit(_ jobs: [SendJob]) {
        var batch = makeBatch()
        for job in jobs { batch.append(job) }
        submit(batch)
    }

    /// Hands over the jobs of a batch that this pool has made.
    public func submit(_ batch: consuming SendBatch) {
        for (thread, share) in zip(threads, batch.shares) where !share.isEmpty { thread.mailbox.post(share) }
    }

    /// An empty batch for ``submit(_:)-(SendBatch)``.
    public func makeBatch() -> SendBatch { SendBatch(threads: threads.count) }

    /// Asks for the jobs that have not started; they come back through `onRecalled`.
    /// - Parameters:
    ///   - keys: Of these endpoints; `nil` for all.
    ///   - forgetting: Whether the endpoints are gone for good. One that is only stopped keeps what its rate has left.
    public func recall(keys: Set<Int64>?, forgetting: Bool = false) {
        for thread in threads { thread.mailbox.postRecall(keys, forgetting: forgetting) }
    }

    /// Starts nothing new from now on: for the time in which results can't be recorded.
    public func pause() { order(.pause) }

    /// Takes up work after ``pause()``.
    public func resume() { order(.work) }

    /// Starts nothing from a moment on, whatever the thread that gives the orders does, until another one is given.
    /// - Parameter end: The moment, by `BootClock`; `nil` for none.
    public func mayStart(until end: Int64?) { for thread in threads { thread.mailbox.mayStart(until: end) } }

    /// From now on starts nothing new and gives back what waits. Returns at once; ``drain()`` waits for the rest.
    public func startDraining() { order(.drain) }

    /// Starts nothing new, gives back what waits, and returns when what was on the wire has ended and been handed over.
    ///
    /// The requests' own deadlines bound the wait; ``abort()`` on another thread ends it.
    /// - Parameter milliseconds: How long to wait at most; `nil` for as long as it takes.
    /// - Returns: Whether all has ended.
    @discardableResult
    public func drain(milliseconds: Int64? = nil) -> Bool {
        startDraining()
        return ended.wait(for: threads.count, milliseconds: milliseconds)
    }

    /// Ends the requests that are still on the wire, after a drain that has lasted long enough; they come back through
    /// `onRecalled`, as if they had not been sent. The pool can't be used again.
    /// - Returns: How many there were.
    public func cutOff() -> Int {
        order(.cut)
        ended.wait(for: threads.count, milliseconds: nil)
        return threads.reduce(0) { $0 + $1.gauge.withLock { $0.cutOff } }
    }

    /// Drains, then ends the threads. The pool can't be used again.
    public func stop() {
        drain()
        order(.stop)
        joinAll()
    }

    /// Ends the threads at once. Requests on the wire are cut, and no result is handed over for them.
    public func abort() {
        order(.abort)
        ended.fire()
        joinAll()
    }

    /// What the pool is doing now.
    public var statistics: SenderStatistics {
        var sum = SenderStatistics()
        for thread in threads {
            let gauge = thread.gauge.withLock { $0 }
            sum.queued += gauge.queued
            sum.inFlight += gauge.inFlight
            sum.waitingForNames += gauge.waitingForNames
            sum.waitingForConnections += gauge.waitingForConnections
            sum.hosts += gauge.hosts
            sum.mostConnectionsOfAHost = max(sum.mostConnectionsOfAHost, gauge.mostOpened)
            sum.connectionsPerRequestAtOnce = max(sum.connectionsPerRequestAtOnce, gauge.mostOpenedPerInFlight)
            sum.endpoints += gauge.endpoints
            sum.connectionsOpened += gauge.opened
            sum.connections += gauge.open
            sum.finished += gauge.finished
            sum.wakeUps += gauge.wakeUps
            sum.threadCPUMicroseconds.append(gauge.cpuClock.map(Self.microseconds) ?? gauge.cpuAtEnd)
        }
        sum.fullHandshakes = tls.fullHandshakes
        sum.resumedHandshakes = tls.resumedHandshakes
        sum.certificateLoads = tls.authorities.loads
        return sum
    }

    static func microseconds(of clock: clockid_t) -> Int64 {
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { return 0 }
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    private func order(_ order: SenderMailbox.Order) {
        for thread in threads { thread.mailbox.order(order) }
    }

    private func joinAll() {
        let workers = life.withLock { life in
            defer { life.workers = [] }
            return life.workers
        }
        for worker in workers { worker.join() }
        resolver.stop()
    }
}

/// Lets callers wait until every thread has said that it is empty.
final class EndSignal: Sendable {
    private let members = Mutex<(seen: Set<Int>, isFired: Bool)>(([], false))
    private let waker: Waker

    init() throws(SystemProblem) { waker = try Waker() }

    func add(_ member: Int) {
        members.withLock { _ = $0.seen.insert(member) }
        waker.signal()
    }

    /// Lets everybody go who waits.
    func fire() {
        members.withLock { $0.isFired = true }
        waker.signal()
    }

    /// - Returns: Whether all have said so, or ``fire()`` was called, before the time was over.
    @discardableResult
    func wait(for count: Int, milliseconds: Int64?) -> Bool {
        let end = milliseconds.map { MonotonicClock.nanoseconds() + $0 * 1_000_000 }
        while !members.withLock({ $0.isFired || $0.seen.count >= count }) {
            let left = end.map { ($0 - MonotonicClock.nanoseconds() + 999_999) / 1_000_000 }
            if let left, left <= 0 { return false }
            waker.wait(milliseconds: left)
        }
        // The next one who waits is to see it too.
        waker.signal()
        return true
    }
}

/// Makes one piece of news of what several threads run into.
private final class Shortage: Sendable {
    private let starving = Mutex(0)
    private let tell: @Sendable (Bool) -> Void

    init(_ tell: @escaping @Sendable (Bool) -> Void) { self.tell = tell }

    func count(_ begins: Bool) {
        let isNews = starving.withLock { starving in
            starving += begins ? 1 : -1
            return starving == (begins ? 1 : 0)
        }
        if isNews { tell(begins) }
    }
}
