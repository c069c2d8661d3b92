import Dispatch
import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornText
import Synchronization

/// A writer's access to an outbox in memory.
final class MemoryStore: OutboxStore {
    let number: Int
    let sealing: (any CredentialSealing)?
    private let outbox: MemoryOutbox
    private let isShared: Bool
    /// The copy that a transaction works on.
    private var working: Tables?
    private var ownCommits: Int64 = 0
    private var statements = 0
    private var hasJoined = false
    /// Shards that go with the commit, and those of what it records.
    private var released = ShardSet.none
    private var recorded = ShardSet.none

    private(set) var topologyRollbacks = 0

    init(_ outbox: MemoryOutbox, number: Int, sealing: (any CredentialSealing)?, isShared: Bool) {
        self.outbox = outbox
        self.number = number
        self.sealing = sealing
        self.isShared = isShared
    }

    deinit { leave() }

    /// What this store sees now.
    var tables: Tables { working ?? outbox.shared.withLock { $0.tables } }

    /// Changes something, in the transaction that is under way.
    func update<Result>(_ change: (inout Tables) throws(OutboxProblem) -> Result) throws(OutboxProblem) -> Result {
        statements += 1
        // Out of the object meanwhile, so that the arrays in it have one owner and are changed in place.
        guard var tables = working else { throw OutboxProblem(.other, "something was changed outside of a transaction") }
        working = nil
        defer { working = tables }
        return try change(&tables)
    }

    // MARK: Transactions

    func write<Result>(_ body: () throws(OutboxProblem) -> Result) throws(OutboxProblem) -> Result {
        outbox.writing.wait()
        defer { outbox.writing.signal() }
        let before = outbox.shared.withLock { $0.tables }
        working = before
        defer { (working, released, recorded) = (nil, .none, .none) }
        do throws(OutboxProblem) {
            let result = try body()
            try commit()
            return result
        } catch {
            noteUndone(since: before)
            throw error
        }
    }

    private func commit() throws(OutboxProblem) {
        let tables = tables
        let isFenced = outbox.shared.withLock { shared in
            if shared.dispatchers.isFenced(number, recorded) { return true }
            shared.tables = tables
            shared.dispatchers.release(released, by: number)
            shared.commits += 1
            shared.signal(except: number)
            return false
        }
        if isFenced { throw OutboxProblem(.fenced, "another engine has these endpoints by now") }
        ownCommits += 1
    }

    func undoable<Result>(_ body: () throws(OutboxProblem) -> Result) throws(OutboxProblem) -> Result {
        let before = tables
        do throws(OutboxProblem) { return try body() } catch {
            noteUndone(since: before)
            working = before
            throw error
        }
    }

    private func noteUndone(since before: Tables) {
        if tables.topologyGeneration != before.topologyGeneration { topologyRollbacks += 1 }
    }

    func commitsByOthers() throws(OutboxProblem) -> Int64 { outbox.shared.withLock { $0.commits } - ownCommits }

    var counters: StoreCounters { StoreCounters(statements: statements, commits: Int(ownCommits)) }

    func makeChangeSignal() -> (any ChangeSignal)? { try? MemorySignal(outbox, store: number) }

    // MARK: Shards

    func join(alone: Bool) throws(OutboxProblem) -> Bool {
        let joins = outbox.shared.withLock { shared in
            defer { shared.signal() }
            return shared.dispatchers.join(number, alone: alone || !isShared)
        }
        if joins { hasJoined = true }
        return joins
    }

    func lease() throws(OutboxProblem) -> ShardLease {
        guard hasJoined else { return .none }
        return outbox.shared.withLock { shared in
            if shared.dispatchers.join(number, alone: !isShared) { shared.signal() }
            return shared.dispatchers.lease(of: number, endingAt: shared.leasesEndAt)
        }
    }

    func release(_ shards: ShardSet) throws(OutboxProblem) { released = released.union(shards) }

    func leave() {
        hasJoined = false
        outbox.shared.withLock { shared in
            shared.dispatchers.leave(number)
            shared.signal()
        }
    }

    func makeWatch() -> any StoreWatch { MemoryWatch(signal: try? MemorySignal(outbox, store: nil)) }

    /// Remembers whose deliveries this transaction records.
    func noteRecorded(ofEndpoint key: Int64) { recorded = recorded.union(ShardSet([ShardSet.shard(ofEndpoint: key)])) }

    // MARK: Upkeep

    func saveCommitted() {}
    func maintain() throws(OutboxProblem) {}
    var pinnedBytes: Int { 0 }
}

/// Readable after a commit by another store.
final class MemorySignal: ChangeSignal, Sendable {
    private let outbox: MemoryOutbox
    let waker: Waker

    /// - Parameter store: Whose own commits give no signal; `nil` for a signal of all.
    init(_ outbox: MemoryOutbox, store: Int?) throws(SystemProblem) {
        self.outbox = outbox
        waker = try Waker()
        outbox.shared.withLock { [waker] in $0.signals.append((store ?? 0, waker)) }
    }

    deinit { outbox.shared.withLock { [waker] in $0.signals.removeAll { $0.waker === waker } } }

    var descriptor: Int32 { waker.descriptor }
    func drain() { waker.reset() }
    func delayMilliseconds() -> Int64 { 1000 }
}

/// Nothing can happen to memory; engines come and go.
struct MemoryWatch: StoreWatch {
    let signal: MemorySignal?

    func problem() -> OutboxProblem? { nil }

    func wait(_ waker: Waker) {
        waker.wait(milliseconds: 1000, others: signal.map { [$0.descriptor] } ?? [])
        signal?.drain()
    }
}
