/// Which name is looked up next: fair between the nodes of the hierarchy, between domains, and between names that are answered
/// at once and those that are not. A value without clock or threads; times are monotonic nanoseconds.
///
/// A look-up that lasts holds a thread and nothing else, so only young ones count against the small limit, and slow ones against a
/// larger one, as requests do on the wire. No subtree of the hierarchy may have more than its share of either, whatever the
/// names are that its tenants write: half of all for one at the top, a quarter below that, and so on; nor may a domain have
/// more than half, for whoever owns it makes as many names as he likes.
struct NameTurns {
    /// A name that waits or is looked up.
    struct Name: Equatable {
        let host: String
        /// Whose endpoint needs it: the ids of the nodes from the top of the hierarchy down to its own.
        let owners: [String]
        let domain: String
    }

    private struct Running {
        let name: Name
        let started: Int64
        let isSuspect: Bool
    }

    private let fastLimit: Int
    private let slowLimit: Int
    private let queueLimit: Int
    private var waiting: [Name] = []
    private var running: [String: Running] = [:]
    /// Names that are looked up, and all there are, of each subtree and domain.
    private var busy: [String: Int] = [:]
    private var known: [String: Int] = [:]
    /// Names whose last look-up took long.
    private var suspects: Set<String> = []

    /// A look-up that lasts longer than this is slow.
    static let youngNanoseconds: Int64 = 200_000_000
    /// A name is suspect after one that lasted so long.
    static let suspectNanoseconds: Int64 = 1_000_000_000

    init(fastLimit: Int, slowLimit: Int, queueLimit: Int) {
        self.fastLimit = max(1, fastLimit)
        self.slowLimit = max(0, slowLimit)
        self.queueLimit = max(1, queueLimit)
    }

    /// Look-ups at once, at most.
    var limit: Int { fastLimit + slowLimit }
    /// Whether names wait.
    var hasWaiting: Bool { !waiting.isEmpty }
    /// How many wait or are looked up.
    var count: Int { waiting.count + running.count }

    /// Whether the look-up of a name has begun, and that at least so many nanoseconds ago.
    func isRunning(_ host: String, for nanoseconds: Int64 = 0, now: Int64) -> Bool {
        running[host].map { now - $0.started >= nanoseconds } ?? false
    }

    /// Lets a name wait for its turn. Returns `false` when there is no room for it.
    mutating func add(_ name: Name) -> Bool {
        if count >= queueLimit { return false }
        if known[Self.key(name.domain), default: 0] >= max(1, queueLimit / 2) { return false }
        for (depth, owner) in name.owners.enumerated() where known[owner, default: 0] >= Self.share(queueLimit, depth) { return false }
        waiting.append(name)
        for key in Self.keys(name) { known[key, default: 0] += 1 }
        return true
    }

    /// Another tenant needs a name that may be waiting. It is charged to them from now on if they may have it sooner, so that a tenant
    /// without room holds up no other by asking for another's name first. Says whether that was so.
    mutating func join(_ name: Name) -> Bool {
        // Cheap to find out, and so for most of whom has many jobs and no room.
        guard hasRoom(name), let place = waiting.firstIndex(where: { $0.host == name.host }),
            !hasRoom(waiting[place]) || load(name).lexicographicallyPrecedes(load(waiting[place]))
        else { return false }
        for key in Self.keys(waiting[place]) { Self.countDown(&known, key) }
        for key in Self.keys(name) { known[key, default: 0] += 1 }
        waiting[place] = name
        return true
    }

    /// The name to look up now; `nil` when none may be.
    mutating func next(now: Int64) -> Name? {
        if waiting.isEmpty || running.count >= limit { return nil }
        if running.values.count(where: { now - $0.started < Self.youngNanoseconds }) >= fastLimit { return nil }
        guard let place = place() else { return nil }
        let name = waiting.remove(at: place)
        running[name.host] = Running(name: name, started: now, isSuspect: suspects.contains(name.host))
        for key in Self.keys(name) { busy[key, default: 0] += 1 }
        return name
    }

    /// The look-up of a name has ended.
    mutating func finished(_ host: String, now: Int64) {
        guard let ended = running.removeValue(forKey: host) else { return }
        for key in Self.keys(ended.name) {
            Self.countDown(&busy, key)
            Self.countDown(&known, key)
        }
        if now - ended.started > Self.suspectNanoseconds {
            if suspects.count < queueLimit { suspects.insert(host) }
        } else {
            suspects.remove(host)
        }
    }

    /// Takes out all that wait.
    mutating func removeAll() -> [Name] {
        let removed = waiting
        waiting = []
        for name in removed { for key in Self.keys(name) { Self.countDown(&known, key) } }
        return removed
    }

    /// The first of those that may go whose subtrees have least under way, from the top down.
    private func place() -> Int? {
        let mayTakeSuspect = running.values.count(where: \.isSuspect) < max(1, limit / 2)
        var best: (place: Int, load: [Int])?
        for (place, name) in waiting.enumerated() {
            if !mayTakeSuspect && suspects.contains(name.host) || !hasRoom(name) { continue }
            let load = load(name)
            if let known = best, !load.lexicographicallyPrecedes(known.load) { continue }
            best = (place, load)
            if load.first ?? 0 == 0 { break }
        }
        return best?.place
    }

    /// What its subtrees have under way, from the top down.
    private func load(_ name: Name) -> [Int] { name.owners.map { busy[$0, default: 0] } }

    private func hasRoom(_ name: Name) -> Bool {
        if busy[Self.key(name.domain), default: 0] >= max(1, limit / 2) { return false }
        return name.owners.enumerated().allSatisfy { depth, owner in busy[owner, default: 0] < Self.share(limit, depth) }
    }

    private static func share(_ whole: Int, _ depth: Int) -> Int { max(1, whole >> (depth + 1)) }

    /// Not an id of a node, whatever the domain is.
    private static func key(_ domain: String) -> String { "\u{0}\(domain)" }

    private static func keys(_ name: Name) -> [String] { name.owners + [key(name.domain)] }

    private static func countDown(_ counts: inout [String: Int], _ key: String) {
        let left = counts[key, default: 1] - 1
        counts[key] = left > 0 ? left : nil
    }
}
