import Dispatch
public import PosthornModel
public import PosthornStore
public import PosthornText
import PosthornSystem
import Synchronization

/// An outbox in memory, gone with its last user: a small second store for tests, which shows that the port is one.
public final class MemoryOutbox: StoreLocation {
    /// What messages call it.
    public let name = "an outbox in memory"
    private let isShared: Bool
    /// Whoever has it writes.
    let writing = DispatchSemaphore(value: 1)
    let shared = Mutex(Shared())

    struct Shared {
        var tables = Tables()
        var commits: Int64 = 0
        var dispatchers = Dispatchers()
        /// Signalled when something has changed, each by its store's number.
        var signals: [(store: Int, waker: Waker)] = []
        var stores = 0
        var leasesEndAt: Int64?

        func signal(except store: Int? = nil) {
            for signal in signals where signal.store != store { signal.waker.signal() }
        }
    }

    /// - Parameter isShared: Whether several engines may deliver at once, each its shards.
    public init(isShared: Bool = false) { self.isShared = isShared }

    /// Opens it as another process would.
    public func open(sealing: (any CredentialSealing)?, at now: Timestamp) throws(OutboxProblem) -> sending any OutboxStore {
        let number = shared.withLock { shared in
            shared.stores += 1
            return shared.stores
        }
        return MemoryStore(self, number: number, sealing: sealing, isShared: isShared)
    }

    /// Each reading has a copy of the tables.
    public func makeReaders(
        sealing: (any CredentialSealing)?,
        now: @escaping @Sendable () -> Timestamp
    ) -> any OutboxReaders { MemoryReaders(outbox: self, sealing: sealing) }

    /// Inserts an event as a program does that knows nothing of Posthorn's library.
    public func insert(_ event: Event) {
        writing.wait()
        defer { writing.signal() }
        shared.withLock { shared in
            let seq = shared.tables.nextNumber(of: .event)
            shared.tables.add(EventRow(seq: seq, event: event, isChecked: false))
            shared.tables.arrivals.append(seq)
            shared.commits += 1
            shared.signal()
        }
    }

    /// Makes others take a store's engine for dead.
    public func expel(_ store: any OutboxStore) {
        guard let store = store as? MemoryStore else { return }
        shared.withLock { shared in
            shared.dispatchers.leave(store.number)
            shared.signal()
        }
    }

    /// Lets every lease end at a moment, by `BootClock`; `nil` for leases that do not end.
    public func endLeases(at moment: Int64?) {
        shared.withLock { shared in
            shared.leasesEndAt = moment
            shared.signal()
        }
    }

    /// Has a store's engine take all others for dead, and keep all shards to itself.
    public func giveEverything(to store: any OutboxStore) {
        guard let store = store as? MemoryStore else { return }
        shared.withLock { shared in
            shared.dispatchers = Dispatchers()
            _ = shared.dispatchers.join(store.number, alone: true)
            _ = shared.dispatchers.lease(of: store.number)
            shared.signal()
        }
    }
}

/// Which engines deliver, and which shards each of them has. A value that decides alone.
struct Dispatchers: Sendable {
    private struct Member {
        let store: Int
        let isAlone: Bool
        var shards = ShardSet.none
    }

    private var members: [Member] = []

    var isEmpty: Bool { members.isEmpty }

    /// - Returns: Whether there was a place.
    mutating func join(_ store: Int, alone: Bool) -> Bool {
        let isTaken = members.contains { $0.store == store || $0.isAlone } || (alone && !members.isEmpty)
        if !isTaken { members.append(Member(store: store, isAlone: alone)) }
        return !isTaken
    }

    func has(_ store: Int) -> Bool { members.contains { $0.store == store } }

    mutating func leave(_ store: Int) { members.removeAll { $0.store == store } }

    mutating func release(_ shards: ShardSet, by store: Int) {
        guard let place = members.firstIndex(where: { $0.store == store }) else { return }
        members[place].shards = members[place].shards.subtracting(shards)
    }

    /// What a member has: an equal part, as far as nobody else has it yet. What is beyond that is asked back for those who have less.
    mutating func lease(of store: Int, endingAt end: Int64? = nil) -> ShardLease {
        guard let place = members.firstIndex(where: { $0.store == store }) else { return .none }
        let part = (ShardSet.count + members.count - 1) / members.count
        let free = members.reduce(ShardSet.all) { $0.subtracting($1.shards) }
        let missing = max(0, part - members[place].shards.count)
        members[place].shards = members[place].shards.union(ShardSet(free.numbers.prefix(missing)))
        let mine = members[place].shards
        let isSomebodyShort = members.contains { $0.shards.count < ShardSet.count / members.count }
        let surplus = isSomebodyShort ? mine.numbers.suffix(max(0, mine.count - part)) : []
        return ShardLease(shards: mine, recalled: ShardSet(surplus), endsAt: end)
    }

    /// Whether one of these shards is another one's.
    func isFenced(_ store: Int, _ shards: ShardSet) -> Bool {
        members.contains { $0.store != store && !$0.shards.intersection(shards).isEmpty }
    }
}
