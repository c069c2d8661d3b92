import PosthornModel
import PosthornSystem

/// What a sender thread knows of host names, and the jobs that wait for one. A value without clock or threads.
///
/// It is bounded: names come and go with endpoints for as long as the process runs. Names that were used are kept in two
/// generations. When the younger one has grown to half of the limit, the older one is forgotten, which costs each name once.
struct NameCache<Waiter> {
    /// What is known of a name.
    enum Knowledge: Equatable {
        /// Its addresses.
        case addresses([NetworkAddress])
        case failure(String)
        /// Nothing: the caller is to ask, or has asked already.
        case unknown(mustAsk: Bool)
    }

    private struct Entry {
        var answer: NameAnswer?
        /// The addresses of late, each with the moment of the last answer that named it.
        var seen: [(address: NetworkAddress, at: Int64)] = []
        /// The same alone.
        var keepable: [NetworkAddress] = []
        var expires: Int64 = 0
        var isAsked = false
        var waiters: [(deadline: Int64, waiter: Waiter)] = []
        /// The number of the answer, a new one when it differs from the one before.
        var version = 0
        /// Where libcurl's caches hold this version.
        var pins: [Pin] = []
    }

    /// A port of the name in the cache of one of the thread's multi handles.
    private struct Pin: Equatable {
        let port: UInt16
        let shard: Int
    }

    /// What was used since the generations last moved on. Names that are asked for or waited for are always here.
    private var entries: [String: Entry] = [:]
    /// What was used before that.
    private var older: [String: Entry] = [:]
    /// The size at which they move on.
    private var fullCount: Int
    /// What libcurl's caches hold though it is forgotten here, as `host:port`, by multi handle.
    private var forgotten: [Int: Set<String>] = [:]
    private var lastVersion = 0
    private let limit: Int
    private let cacheNanoseconds: Int64
    private let failureNanoseconds: Int64
    private let graceNanoseconds: Int64
    /// Jobs that wait.
    private(set) var waitingCount = 0
    /// When the next waiting job must be given up; `Int64.max` when none waits.
    private(set) var nextDeadline = Int64.max

    /// - Parameters:
    ///   - cacheNanoseconds: How long an answer is used.
    ///   - failureNanoseconds: How long a failure is.
    ///   - graceNanoseconds: How long connections to an address are kept that answers do not name any more.
    ///   - limit: How many names are remembered, beside those that are waited for.
    init(
        cacheNanoseconds: Int64,
        failureNanoseconds: Int64 = 1_000_000_000,
        graceNanoseconds: Int64 = 60_000_000_000,
        limit: Int = 8192
    ) {
        self.graceNanoseconds = graceNanoseconds
        self.limit = max(2, limit)
        fullCount = self.limit / 2
        self.cacheNanoseconds = cacheNanoseconds
        self.failureNanoseconds = min(failureNanoseconds, cacheNanoseconds)
    }

    /// What is known of `host` now.
    mutating func lookUp(_ host: String, now: Int64) -> Knowledge {
        guard let entry = entry(of: host) else { return .unknown(mustAsk: true) }
        guard let answer = entry.answer, entry.expires > now else { return .unknown(mustAsk: !entry.isAsked) }
        switch answer {
        case .addresses(let addresses): return .addresses(addresses)
        case .failure(let text): return .failure(text)
        case .noDescriptor, .noRoom, .noServer: return .unknown(mustAsk: !entry.isAsked)
        }
    }

    /// The addresses that connections of the name may stay at: those of its answers of late. Many names lead to a few of many
    /// servers in turn, so one answer without an address does not mean that the name has left it.
    func keepable(_ host: String) -> [NetworkAddress] { (entries[host] ?? older[host])?.keepable ?? [] }

    /// Lets a job wait for the answer. The caller has asked if it had to.
    mutating func wait(_ waiter: Waiter, for host: String, until deadline: Int64) {
        var entry = entry(of: host) ?? Entry()
        entry.isAsked = true
        entry.waiters.append((deadline, waiter))
        keep(entry, host)
        waitingCount += 1
        nextDeadline = min(nextDeadline, deadline)
    }

    /// Writes down an answer and gives back the jobs that waited for it.
    mutating func take(_ answer: NameAnswer, for host: String, now: Int64) -> [Waiter] {
        var entry = entry(of: host) ?? Entry()
        entry.isAsked = false
        // What this machine lacks says nothing about the name, so nothing is remembered.
        if answer.isAboutName { remember(answer, for: host, in: &entry, now) }
        let waiters = entry.waiters.map(\.waiter)
        entry.waiters = []
        keep(entry, host)
        waitingCount -= waiters.count
        if waitingCount == 0 { nextDeadline = .max }
        return waiters
    }

    private mutating func remember(_ answer: NameAnswer, for host: String, in entry: inout Entry, _ now: Int64) {
        if entry.answer != answer {
            // Unique over all names, so that an answer that was forgotten is never taken for a later one.
            lastVersion += 1
            entry.version = lastVersion
            for pin in entry.pins { forget(host, pin) }
            entry.pins = []
        }
        if case .addresses(let addresses) = answer { see(addresses, in: &entry, now) }
        entry.answer = answer
        entry.expires = now + (answer.isFailure ? failureNanoseconds : cacheNanoseconds)
    }

    private func see(_ addresses: [NetworkAddress], in entry: inout Entry, _ now: Int64) {
        entry.seen.removeAll { addresses.contains($0.address) || now - $0.at >= graceNanoseconds }
        entry.seen += addresses.map { ($0, now) }
        if entry.seen.count > Self.keepableLimit { entry.seen.removeFirst(entry.seen.count - Self.keepableLimit) }
        entry.keepable = entry.seen.map(\.address)
    }

    /// Addresses that are remembered of one name.
    private static var keepableLimit: Int { 64 }

    /// Whether libcurl must be told the addresses for this port, in the cache of this multi handle: each has its own.
    func needsPin(_ host: String, port: UInt16, shard: Int) -> Bool {
        let entry = entries[host] ?? older[host]
        return !(entry?.pins.contains(Pin(port: port, shard: shard)) ?? false)
    }

    /// The version of what is known of `host`; to be handed to ``pinned(_:port:shard:version:)``.
    func version(of host: String) -> Int { (entries[host] ?? older[host])?.version ?? 0 }

    /// What is to be taken out of a multi handle's cache, as `host:port`, with the next addresses that it is told.
    /// - Parameter host: The name, and port, that it is told now.
    mutating func takeForgotten(shard: Int, telling host: String, port: UInt16) -> [String] {
        guard var names = forgotten[shard] else { return [] }
        names.remove("\(host):\(port)")
        let taken = Array(names.prefix(Self.forgottenPerTransfer))
        names.subtract(taken)
        forgotten[shard] = names.isEmpty ? nil : names
        return taken
    }

    /// These multi handles have lost what they were told.
    mutating func forgetPins(ofShards gone: Set<Int>) {
        for host in entries.keys { entries[host]?.pins.removeAll { gone.contains($0.shard) } }
        for host in older.keys { older[host]?.pins.removeAll { gone.contains($0.shard) } }
        for shard in gone { forgotten[shard] = nil }
    }

    /// libcurl has taken over the addresses of that version.
    mutating func pinned(_ host: String, port: UInt16, shard: Int, version: Int) {
        let pin = Pin(port: port, shard: shard)
        guard var entry = entry(of: host) else { return forget(host, pin) }
        guard entry.version == version, !entry.pins.contains(pin) else { return }
        if entry.pins.count >= Self.pinsPerName { forget(host, entry.pins.removeFirst()) }
        entry.pins.append(pin)
        entries[host] = entry
    }

    /// Moves the deadlines of all that wait: the thread could not run.
    /// - Parameter move: Does the same to a job.
    mutating func outlast(_ nanoseconds: Int64, _ move: (inout Waiter) -> Void) {
        if waitingCount == 0 { return }
        for host in entries.keys {
            guard var waiters = entries[host]?.waiters, !waiters.isEmpty else { continue }
            for place in waiters.indices {
                waiters[place].deadline += nanoseconds
                move(&waiters[place].waiter)
            }
            entries[host]?.waiters = waiters
        }
        nextDeadline += nanoseconds
    }

    /// Takes out the jobs whose deadline has come.
    mutating func expire(now: Int64) -> [Waiter] { remove { deadline, _ in deadline <= now } }

    /// Takes out the jobs that wait and meet a condition.
    mutating func remove(where condition: (Int64, Waiter) -> Bool) -> [Waiter] {
        var removed: [Waiter] = []
        nextDeadline = .max
        for host in entries.keys {
            guard var waiters = entries[host]?.waiters, !waiters.isEmpty else { continue }
            removed += waiters.filter { condition($0.deadline, $0.waiter) }.map(\.waiter)
            waiters.removeAll { condition($0.deadline, $0.waiter) }
            nextDeadline = waiters.reduce(nextDeadline) { min($0, $1.deadline) }
            entries[host]?.waiters = waiters
        }
        waitingCount -= removed.count
        return removed
    }

    // MARK: Forgetting

    /// A tenant may use one host under any number of ports.
    private static var pinsPerName: Int { 64 }
    /// How many names one transfer takes out of libcurl's cache.
    private static var forgottenPerTransfer: Int { 64 }

    /// How many names are remembered.
    var count: Int { entries.count + older.count }

    /// What is known of a name, which counts as a use of it.
    private mutating func entry(of host: String) -> Entry? {
        if let entry = entries[host] { return entry }
        guard let entry = older.removeValue(forKey: host) else { return nil }
        keep(entry, host)
        return entry
    }

    private mutating func keep(_ entry: Entry, _ host: String) {
        if entries[host] == nil, entries.count >= fullCount { moveOn() }
        entries[host] = entry
    }

    private mutating func moveOn() {
        for (host, entry) in older { for pin in entry.pins { forget(host, pin) } }
        let busy = entries.filter { $0.value.isAsked || !$0.value.waiters.isEmpty }
        older = entries.filter { !($0.value.isAsked || !$0.value.waiters.isEmpty) }
        entries = busy
        // However many are waited for, half as many again come before the next time.
        fullCount = max(limit / 2, busy.count * 2)
    }

    private mutating func forget(_ host: String, _ pin: Pin) { forgotten[pin.shard, default: []].insert("\(host):\(pin.port)") }
}
