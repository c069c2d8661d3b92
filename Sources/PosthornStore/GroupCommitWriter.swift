import Dispatch
import Glibc
import PosthornModel
import PosthornText
public import PosthornSystem
import Synchronization

/// The one thread that writes to an outbox. Whatever waits when a transaction starts shares its commit, so a flush to
/// disk serves many.
public final class GroupCommitWriter: @unchecked Sendable {
    // `store`, `watch` and everything marked so is used by the writer's thread alone; the rest is behind `shared`.
    private let store: any OutboxStore
    private let watch: (any ChangeSignal)?
    private var lastCommitsByOthers: Int64 = -1

    private let clock: any PosthornClock
    private let waker: Waker
    private let shared = Mutex(Shared())
    private let thread = Mutex<WorkerThread?>(nil)
    /// What its commits take.
    public let meter = CommitMeter()

    private struct Shared: ~Copyable {
        var jobs: [Job] = []
        /// What is to be done between two transactions.
        var asides: [@Sendable (any OutboxStore) -> Void] = []
        var participant: (any CommitParticipant)?
        /// Those who wait until the participant is gone.
        var leaving: [DispatchSemaphore] = []
        var hasEnded = false
        var isClosing = false
        var isAsleep = false
        /// Somebody called since the thread last looked; it must look again before it sleeps.
        var wasCalled = false

        /// To be called between two rounds of the loop.
        mutating func detachLeaving() {
            participant = nil
            for waiter in leaving { waiter.signal() }
            leaving = []
        }
    }

    /// Something to be done in a transaction.
    struct Job: Sendable {
        /// Whether it may fail alone, so that the others of its transaction are kept.
        let isIsolated: Bool
        /// How much it adds to a transaction, in events.
        let weight: Int
        let work: @Sendable (any OutboxStore) throws(OutboxProblem) -> Void
        let done: @Sendable (OutboxProblem?) -> Void
    }

    /// A transaction takes no more once it has this many events: it keeps the pause of a commit short.
    static let eventsPerTransaction = 4000
    /// How long a participant waits at most after a failure before it is asked again.
    public static let retryMilliseconds: Int64 = 250

    /// Milliseconds that a group may be given to grow while results stream in; a caller's own work is never put off.
    static let waitsPerGroup = 6

    /// Starts the thread.
    /// - Parameters:
    ///   - store: The store; from now on the writer's alone.
    ///   - clock: Where the participant's times come from.
    public init(store: sending any OutboxStore, clock: any PosthornClock) throws(SystemProblem) {
        self.store = store
        self.clock = clock
        watch = store.makeChangeSignal()
        waker = try Waker()
        clock.signalOnJump(waker)
        let started = try WorkerThread(name: "posthorn-writer") { [self] in loop() }
        thread.withLock { $0 = started }
    }

    // MARK: From any thread

    /// Does something in a transaction and waits until it is durable.
    /// - Parameters:
    ///   - isolated: Whether it is undone alone when it throws. Without it a failure fails all that share the commit, so
    ///     only work that throws for the store's own failures goes without.
    ///   - weight: How many events it stores.
    /// - Throws: A problem of code `refused` on the writer's own thread, from inside of other work.
    public func perform<Result: Sendable>(
        isolated: Bool = true,
        weight: Int = 1,
        _ work: @escaping @Sendable (any OutboxStore) throws(OutboxProblem) -> Result
    ) throws(OutboxProblem) -> Result {
        try checkCaller()
        let outcome = OutcomeBox<Result>()
        let ready = DispatchSemaphore(value: 0)
        submit(isolated: isolated, weight: weight, work) { result in
            outcome.value.withLock { $0 = result }
            ready.signal()
        }
        ready.wait()
        return try outcome.value.withLock { $0 ?? .failure(Self.closed) }.get()
    }

    /// Does something in a transaction and calls `done` on the writer's thread when it is durable or has failed.
    public func submit<Result: Sendable>(
        isolated: Bool = true,
        weight: Int = 1,
        _ work: @escaping @Sendable (any OutboxStore) throws(OutboxProblem) -> Result,
        done: @escaping @Sendable (Swift.Result<Result, OutboxProblem>) -> Void
    ) {
        let outcome = OutcomeBox<Result>()
        let job = Job(isIsolated: isolated, weight: weight) { (store) throws(OutboxProblem) in
            let result = try work(store)
            outcome.value.withLock { $0 = .success(result) }
        } done: { problem in
            if let problem {
                done(.failure(problem))
            } else {
                done(outcome.value.withLock { $0 } ?? .failure(Self.closed))
            }
        }
        let isOpen = shared.withLock { shared in
            if shared.isClosing { return false }
            shared.jobs.append(job)
            return true
        }
        if isOpen { wake() } else { done(.failure(Self.closed)) }
    }

    /// Does something on the writer's thread outside of any transaction, so that it needs no write lock and no disk that can be
    /// written, and waits until it is done.
    public func performAside<Result: Sendable>(
        _ work: @escaping @Sendable (any OutboxStore) throws(OutboxProblem) -> Result
    ) throws(OutboxProblem) -> Result {
        try checkCaller()
        let outcome = OutcomeBox<Result>()
        let ready = DispatchSemaphore(value: 0)
        let aside: @Sendable (any OutboxStore) -> Void = { store in
            do throws(OutboxProblem) {
                let result = try work(store)
                outcome.value.withLock { $0 = .success(result) }
            } catch {
                outcome.value.withLock { $0 = .failure(error) }
            }
            ready.signal()
        }
        let isOpen = shared.withLock { shared in
            if !shared.isClosing { shared.asides.append(aside) }
            return !shared.isClosing
        }
        guard isOpen else { throw Self.closed }
        wake()
        ready.wait()
        return try outcome.value.withLock { $0 ?? .failure(Self.closed) }.get()
    }

    /// A call from inside of another's work, such as the closure of `updateEndpoint`, would wait for itself for ever.
    private func checkCaller() throws(OutboxProblem) {
        if thread.withLock({ $0?.isCurrent }) == true {
            throw OutboxProblem(
                .refused,
                "the outbox was called from inside of a change of it, which would wait for itself; call it before or after the change"
            )
        }
    }

    private final class OutcomeBox<Result: Sendable>: Sendable {
        let value = Mutex<Swift.Result<Result, OutboxProblem>?>(nil)
    }

    private static let closed = OutboxProblem(.closed, "the outbox was closed")

    /// Lets the thread look at its participant and its queue.
    public func wake() {
        let mustSignal = shared.withLock { shared in
            shared.wasCalled = true
            defer { shared.isAsleep = false }
            return shared.isAsleep
        }
        if mustSignal { waker.signal() }
    }

    /// Attaches a participant.
    public func attach(_ participant: any CommitParticipant) {
        shared.withLock { $0.participant = participant }
        wake()
    }

    /// Lets the participant go. Afterwards none of its methods is running or will be called.
    public func detach() {
        let gone = DispatchSemaphore(value: 0)
        // The thread lets it go between two rounds of its loop. A job would not do: its caller is told of the commit in the
        // middle of a round, before the participant is.
        let isRunning = shared.withLock { shared in
            if shared.hasEnded {
                shared.participant = nil
            } else {
                shared.leaving.append(gone)
            }
            return !shared.hasEnded
        }
        guard isRunning else { return }
        wake()
        gone.wait()
    }

    /// Whether ``close()`` has been called.
    package var isClosing: Bool { shared.withLock { $0.isClosing } }

    /// Finishes what waits and ends the thread.
    public func close() {
        shared.withLock { shared in
            shared.isClosing = true
            shared.wasCalled = true
        }
        wake()
        guard let running = thread.withLock({ $0.take() }) else { return }
        // What a call holds of its outbox may be the last of it, and goes with the call, on this very thread.
        if running.isCurrent { running.detach() } else { running.join() }
    }

    // MARK: On the writer's thread

    private func loop() {
        var waits = 0
        while true {
            for aside in takeAsides() { aside(store) }
            let (jobs, participant, isClosing) = take()
            let participantWrites = participant?.hasPendingWrites ?? false
            if participantWrites, jobs.isEmpty, waits < Self.waitsPerGroup, participant?.prefersLargerBatch ?? false {
                waits += 1
                usleep(1000)
                continue
            }
            waits = 0
            var isWell = true
            if !jobs.isEmpty || participantWrites {
                isWell = transact(jobs, participantWrites ? participant : nil)
            } else if isClosing, shared.withLock({ $0.asides.isEmpty }) {
                return end()
            }
            var deadline: Timestamp?
            if let participant {
                do throws(OutboxProblem) {
                    deadline = try lookAround(participant, callersWrote: !jobs.isEmpty)
                    if isWell, participant.succeeded() || participant.hasPendingWrites { continue }
                } catch {
                    isWell = false
                    participant.failed(error)
                }
            }
            // After a failure nothing is done in a hurry; callers' jobs are tried as they come and tell their callers.
            sleep(until: deadline, atMost: isWell ? nil : Self.retryMilliseconds, hasParticipant: participant != nil)
        }
    }

    private func end() {
        shared.withLock { shared in
            shared.hasEnded = true
            shared.detachLeaving()
        }
    }

    private func takeAsides() -> [@Sendable (any OutboxStore) -> Void] {
        shared.withLock { shared in
            defer { shared.asides = [] }
            return shared.asides
        }
    }

    private func take() -> ([Job], (any CommitParticipant)?, Bool) {
        shared.withLock { shared in
            shared.wasCalled = false
            if !shared.leaving.isEmpty { shared.detachLeaving() }
            var weight = 0
            let count = shared.jobs.prefix { job in
                defer { weight += job.weight }
                return weight < Self.eventsPerTransaction
            }.count
            let jobs = Array(shared.jobs.prefix(count))
            shared.jobs.removeFirst(count)
            return (jobs, shared.participant, shared.isClosing)
        }
    }

    /// Runs a transaction. Returns whether it was committed, or undone for no fault of the store's.
    private func transact(_ jobs: [Job], _ participant: (any CommitParticipant)?) -> Bool {
        var refused: [Int: OutboxProblem] = [:]
        // Alone in its transaction, a job that fails is undone with it: SQLite copies each page that may have to be undone
        // alone into a file.
        let isAlone = jobs.count == 1 && participant == nil
        let begin = MonotonicClock.nanoseconds()
        do throws(OutboxProblem) {
            try store.write { () throws(OutboxProblem) in
                for (i, job) in jobs.enumerated() {
                    if !job.isIsolated || isAlone {
                        try job.work(store)
                        continue
                    }
                    do throws(OutboxProblem) {
                        try store.undoable { () throws(OutboxProblem) in try job.work(store) }
                    } catch {
                        if error.isOfTheStore { throw error }
                        refused[i] = error
                    }
                }
                try participant?.write(to: store)
            }
        } catch {
            if error.isOfTheStore { meter.failed() }
            for job in jobs { job.done(error) }
            participant?.failed(error)
            return isAlone && !error.isOfTheStore
        }
        meter.committed(rows: jobs.reduce(participant?.recordedCount ?? 0) { $0 + $1.weight }, since: begin)
        for (i, job) in jobs.enumerated() { job.done(refused[i]) }
        participant?.committed()
        return true
    }

    private func lookAround(_ participant: any CommitParticipant, callersWrote: Bool) throws(OutboxProblem) -> Timestamp? {
        watch?.drain()
        let deadline = try store.turn { () throws(OutboxProblem) in
            let commits = try store.commitsByOthers()
            let foreign = commits != lastCommitsByOthers
            // Until the turn is over: after one that fails it is seen again.
            lastCommitsByOthers = -1
            let deadline = try participant.runCycle(store, foreignCommit: foreign || callersWrote)
            lastCommitsByOthers = commits
            return deadline
        }
        try store.maintain()
        return deadline
    }

    private func sleep(until deadline: Timestamp?, atMost limit: Int64?, hasParticipant: Bool) {
        let goesOn = shared.withLock { shared in
            if shared.wasCalled || !shared.jobs.isEmpty || !shared.asides.isEmpty { return false }
            // The call to close may have been heard in the round that has just stored the last jobs, and nobody calls again.
            if shared.isClosing, limit == nil { return false }
            shared.isAsleep = true
            return true
        }
        guard goesOn else { return }
        // Without an engine nobody here cares for other processes' commits.
        let descriptor = hasParticipant ? watch?.descriptor ?? -1 : -1
        var waits = [deadline.flatMap { clock.realMilliseconds(until: $0) }, limit].compactMap { $0 }
        if hasParticipant, let watch { waits.append(watch.delayMilliseconds()) }
        waker.wait(milliseconds: waits.min(), others: descriptor >= 0 ? [descriptor] : [])
        shared.withLock { $0.isAsleep = false }
    }
}
