#if PostgreSQL
import PosthornStore

@testable import Posthorn
@testable import PosthornPostgres

/// Engines and their database as values, in virtual time. What the engines decide is decided by the code itself (``MembershipRules``,
/// ``ShardPlan``, ``BeatObserver``, `LeaseBook`); of the database there is what its statements do, each at one moment.
struct SimulatedCluster {
    /// Once a promise is broken, what was found first.
    private(set) var fault: String?
    /// How many shards have got another owner than the one before.
    private(set) var moves = 0
    /// Crashes, pauses and partitions, in all.
    var faultsPerMinute = 12
    /// How many times as long observers believe that they have waited; 1 but in a test of this simulation.
    var observedFactor: Int64 = 1

    private static let tick: Int64 = 50_000_000
    private static let second: Int64 = 1_000_000_000
    /// A shard has an engine again this long after the last engine has fallen, where another was well all the time: the patience of those that
    /// watch it, two beats of their own that are answered late, and their turns. Seven where the server answers at once.
    static let orphanLimit = 12 * second
    /// How long a statement is waited for before its session is given up.
    private static let statementTimeout = 2 * second

    private var now: Int64 = 0
    private var random: UInt64
    private var engines: [SimulatedEngine] = []
    private var beats: [Int64: Int64] = [:]
    private var owners: [Int: Int64] = [:]
    private var lastOwners: [Int: Int64] = [:]
    private var orphanedSince = [Int64?](repeating: nil, count: ShardSet.count)
    private var lastFall: Int64 = 0
    private var nextID: Int64 = 1

    init(seed: UInt64, engines count: Int) {
        random = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        for _ in 0..<count { join() }
    }

    private mutating func choice(_ limit: Int) -> Int {
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        return Int(random % UInt64(limit))
    }

    /// How many shards each engine that has not ended has, by the database.
    var ownedCounts: [Int] { engines.filter { !$0.isGone }.map { engine in owners.values.filter { $0 == engine.id }.count } }

    // MARK: What happens

    /// An engine starts. Clocks run fast or slow by up to one in a hundred, and begin anywhere.
    mutating func join() {
        engines.append(SimulatedEngine(rate: 9_900 + Int64(choice(201)), offset: Int64(choice(1_000_000_000)) * 1_000, at: now))
    }

    /// An engine is stopped as it should be.
    mutating func leave(_ number: Int) {
        engines[number].end()
        engines[number].id.map { free($0) }
    }

    private mutating func free(_ id: Int64) {
        beats[id] = nil
        for (shard, owner) in owners where owner == id { owners[shard] = nil }
    }

    /// From now on all goes well.
    mutating func heal() {
        faultsPerMinute = 0
        for i in engines.indices { engines[i].mend(at: now) }
        lastFall = now
    }

    /// Lets time go by.
    mutating func run(seconds: Int64) {
        let end = now + seconds * Self.second
        let chances = 60 * Int(Self.second / Self.tick)
        var ticks = 0
        while now < end, fault == nil {
            now += Self.tick
            ticks += 1
            if choice(chances) < faultsPerMinute { strike() }
            for i in engines.indices where engines[i].isRunning(now) { act(i) }
            checkSingle()
            if ticks.isMultiple(of: 5) { checkOrphans() }
        }
    }

    private mutating func strike() {
        let alive = engines.indices.filter { !engines[$0].isGone }
        let victim = alive[choice(alive.count)]
        let until = now + Int64(1 + choice(12)) * Self.second
        lastFall = now
        switch choice(5) {
        case 0:
            // Another takes its place, so that there are as many again.
            engines[victim].end()
            join()
        case 1: engines[victim].freeze(until: until)
        case 2: engines[victim].cut(until: until, andFor: Self.statementTimeout)
        case 3: for i in alive where choice(2) == 0 { engines[i].cut(until: until, andFor: Self.statementTimeout) }
        default:
            leave(victim)
            join()
        }
    }

    // MARK: What an engine does

    private mutating func act(_ i: Int) {
        let clock = engines[i].clock(now)
        if engines[i].cutUntil > now {
            // A beat that was sent may have arrived all the same; its answer has not.
            if engines[i].beatUnderWay != nil, choice(2) == 0, let id = engines[i].id, let beat = beats[id] { beats[id] = beat + 1 }
            if engines[i].beatUnderWay != nil || min(engines[i].nextLook, engines[i].nextTurn) <= clock {
                engines[i].loseSessions(until: clock + Self.statementTimeout)
            }
            return
        }
        if let beat = engines[i].beatUnderWay {
            if beat.arrives <= clock { arrive(i, beat.sent, clock) }
        } else if engines[i].nextLook <= clock {
            look(i, clock)
        }
        if engines[i].nextTurn <= clock { turn(i, clock) }
    }

    /// The thread that beats: it counts the engine's number up, or goes straight on to the others'.
    private mutating func look(_ i: Int, _ clock: Int64) {
        if !MembershipRules.beats(atLook: engines[i].looks) { return observe(i, clock) }
        // Most are answered at once, some late.
        let delay = choice(10) == 0 ? Int64(choice(1_900)) * 1_000_000 : 0
        engines[i].beatUnderWay = (clock + delay, clock)
        if delay == 0 { arrive(i, clock, clock) }
    }

    private mutating func arrive(_ i: Int, _ sent: Int64, _ clock: Int64) {
        engines[i].beatUnderWay = nil
        if let id = engines[i].id, let beat = beats[id] {
            beats[id] = beat + 1
            engines[i].beganAt = sent
        }
        observe(i, clock)
    }

    private mutating func observe(_ i: Int, _ clock: Int64) {
        engines[i].looks += 1
        engines[i].nextLook = clock + MembershipRules.lookMilliseconds * 1_000_000
        let others = beats.filter { $0.key != engines[i].id }.map { BeatObserver.Beat(engine: $0.key, beat: $0.value) }
        for dead in engines[i].observer.look(others, at: clock * observedFactor) where beats[dead.engine] == dead.beat { free(dead.engine) }
    }

    /// The writer's thread: it reads, and a while later does what follows.
    private mutating func turn(_ i: Int, _ clock: Int64) {
        guard let (read, owned) = engines[i].reading else {
            engines[i].reading = (Array(beats.keys), owners)
            engines[i].nextTurn = clock + (choice(4) == 0 ? Int64(choice(300)) * 1_000_000 : 0)
            return
        }
        engines[i].reading = nil
        engines[i].nextTurn = clock + Int64(5 + choice(250)) * 1_000_000
        guard let id = engines[i].id, case .follow(let plan) = MembershipRules.turn(of: id, engines: read, owners: owned) else {
            engines[i].join(nextID, at: clock, now)
            beats[nextID] = 0
            nextID += 1
            return
        }
        var taken: [Int] = []
        // Whoever is being removed gets none.
        for shard in plan.wanted.numbers where beats[id] != nil && owners[shard] == nil {
            owners[shard] = id
            taken.append(shard)
            if let last = lastOwners.updateValue(id, forKey: shard), last != id { moves += 1 }
        }
        let lease = MembershipRules.lease(plan, taken: ShardSet(taken), endsAt: engines[i].beganAt.map(MembershipRules.leaseEnd))
        // Requests of shards that are asked back end after a while.
        for shard in engines[i].book.update(lease)?.recalled.numbers ?? [] {
            engines[i].drained[shard] = clock + Int64(choice(3_000)) * 1_000_000
        }
        for shard in lease.recalled.numbers where engines[i].drained[shard].map({ $0 <= clock }) ?? true {
            engines[i].drained[shard] = nil
            if owners[shard] == id { owners[shard] = nil }
        }
    }

    // MARK: What must hold

    /// At no moment would two engines start requests of one shard.
    private mutating func checkSingle() {
        var all = ShardSet.none
        for i in engines.indices {
            let startable = engines[i].startable(at: now)
            let shared = all.intersection(startable)
            if !shared.isEmpty { fault = fault ?? "two owners of \(shared.numbers) at \(now / 1_000_000) ms" }
            all = all.union(startable)
        }
    }

    private mutating func checkOrphans() {
        guard let wellSince = engines.filter({ $0.isWell(now) }).map(\.wellSince).min() else { return }
        let well = Set(engines.filter { $0.isWell(now) }.compactMap(\.id))
        for shard in 0..<ShardSet.count {
            if owners[shard].map(well.contains) == true {
                orphanedSince[shard] = nil
                continue
            }
            let since = orphanedSince[shard] ?? now
            orphanedSince[shard] = since
            if now - max(since, wellSince, lastFall) > Self.orphanLimit {
                fault = fault ?? "shard \(shard) has had no engine from \(since / 1_000_000) to \(now / 1_000_000) ms"
            }
        }
    }
}
#endif
