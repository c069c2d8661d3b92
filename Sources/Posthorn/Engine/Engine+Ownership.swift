import PosthornStore
import PosthornSending
import PosthornSystem
import Synchronization

// How an engine comes to own the outbox, and what it does before it delivers.
extension Engine {
    func becomeOwnerOrTell() throws -> (any StoreWatch)? {
        do { return try becomeOwner() } catch let problem as OutboxProblem {
            if problem.endsEngine { listeners.tell(.ownershipLost(.init(problem))) }
            throw problem
        }
    }

    /// Waits until nobody else owns the outbox.
    /// - Returns: A watch over what this engine owns then; `nil` when the engine was asked to stop.
    private func becomeOwner() throws -> (any StoreWatch)? {
        guard let watch = try patiently(aside: true, { (store) throws(OutboxProblem) in store.makeWatch() }) else { return nil }
        var announced = false
        while let owned = try patiently(aside: true, Self.join) {
            if let owned { return owned }
            if !announced {
                announced = true
                // Who it is, is for people to read: not knowing it ends no standby.
                listeners.tell(.standingBy(owner: (try? outbox.read { try $0.faultsOfRun().engine }) ?? nil))
            }
            watch.wait(waker)
        }
        return nil
    }

    @Sendable private static func join(_ store: any OutboxStore) throws(OutboxProblem) -> (any StoreWatch)? {
        try store.join(alone: false) ? store.makeWatch() : nil
    }

    /// Does something in the store; `nil` when the engine was asked to stop. A passing trouble of the store is told once and
    /// waited for: it must not end an engine, least of all one that stands by for the moment when it is needed.
    /// - Parameter aside: Whether it needs no transaction.
    private func patiently<Result: Sendable>(
        aside: Bool = false,
        _ work: @escaping @Sendable (any OutboxStore) throws(OutboxProblem) -> Result
    ) throws(OutboxProblem) -> Result? {
        while !state.withLock({ $0.wantsStop }) {
            do throws(OutboxProblem) {
                let result = aside ? try outbox.writer.performAside(work) : try outbox.writer.perform(work)
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

    func leave() {
        try? outbox.writer.performAside { (store) throws(OutboxProblem) in store.leave() }
    }

    /// Reads the endpoints, so that a key without which none of them can be used ends the engine before it starts. At a speed other
    /// than real time, what waits from before keeps its place in the faster day.
    /// - Returns: Whether the engine may go on; not when it was asked to stop.
    func prepare() throws(OutboxProblem) -> Bool {
        let (speed, servesMails) = (configuration.speed, configuration.mail != nil)
        let retention = RetentionFacts(policy: configuration.retention ?? RetentionPolicy())
        // The engine before has ended, be it of an earlier version.
        let known = (try? outbox.rowsUpToDate()) ?? 0
        while try patiently({ (store) throws(OutboxProblem) in
            try store.bringRowsUpToDate(beyond: known, limit: Outbox.rowsPerUpdate)
        }) == true {}
        // Counts are for people to read: not having them right ends no engine.
        if (try? outbox.read { try $0.needsRecount() }) == true { try? outbox.recount() }
        // Not in the transaction, in which no shards are taken. What this engine gets of others later, those have brought nearer when they
        // started.
        let shards = speed == 1 ? nil : try patiently(aside: true) { (store) throws(OutboxProblem) in try store.lease().shards }
        let done = try patiently { [outbox] (store) throws(OutboxProblem) -> Result<Void, OutboxProblem> in
            let now = outbox.clock.now()
            _ = try outbox.directory.refresh(from: store, at: now)
            if let problem = outbox.directory.missingKey {
                // Not thrown here: what is written down for those who ask later is to stay.
                try store.write(faults: outbox.directory.faults, at: now)
                return .failure(problem)
            }
            try store.write(servesMails: servesMails)
            try store.write(retention: retention)
            if let shards { try store.compressDueTimes(of: shards, speed: speed, at: now) }
            return .success(())
        }
        try done?.get()
        return done != nil
    }
}
