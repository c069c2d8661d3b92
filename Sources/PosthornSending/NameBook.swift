import PosthornModel

/// What a sender thread knows of host names, and the jobs that wait for one. A value without clock or threads.
struct NameBook<Waiter> {
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
        var expires: Int64 = 0
        var isAsked = false
        var waiters: [(deadline: Int64, waiter: Waiter)] = []
        /// Counts the answers that differ from the one before.
        var version = 0
        /// Ports for which libcurl's cache holds this version.
        var pinnedPorts: [UInt16] = []
    }

    private var entries: [String: Entry] = [:]
    private let cacheNanoseconds: Int64
    private let failureNanoseconds: Int64
    /// Jobs that wait.
    private(set) var waitingCount = 0
    /// When the next waiting job must be given up; `Int64.max` when none waits.
    private(set) var nextDeadline = Int64.max

    /// - Parameters:
    ///   - cacheNanoseconds: How long an answer is used.
    ///   - failureNanoseconds: How long a failure is.
    init(cacheNanoseconds: Int64, failureNanoseconds: Int64 = 1_000_000_000) {
        self.cacheNanoseconds = cacheNanoseconds
        self.failureNanoseconds = min(failureNanoseconds, cacheNanoseconds)
    }

    /// What is known of `host` now.
    func lookUp(_ host: String, now: Int64) -> Knowledge {
        guard let entry = entries[host] else { return .unknown(mustAsk: true) }
        guard let answer = entry.answer, entry.expires > now else { return .unknown(mustAsk: !entry.isAsked) }
        switch answer {
        case .addresses(let addresses): return .addresses(addresses)
        case .failure(let text): return .failure(text)
        }
    }

    /// Lets a job wait for the answer. The caller has asked if it had to.
    mutating func wait(_ waiter: Waiter, for host: String, until deadline: Int64) {
        entries[host, default: Entry()].isAsked = true
        entries[host]?.waiters.append((deadline, waiter))
        waitingCount += 1
        nextDeadline = min(nextDeadline, deadline)
    }

    /// Writes down an answer and gives back the jobs that waited for it.
    mutating func take(_ answer: NameAnswer, for host: String, now: Int64) -> [Waiter] {
        var entry = entries[host] ?? Entry()
        if entry.answer != answer {
            entry.version += 1
            entry.pinnedPorts = []
        }
        entry.answer = answer
        entry.isAsked = false
        if case .failure = answer { entry.expires = now + failureNanoseconds } else { entry.expires = now + cacheNanoseconds }
        let waiters = entry.waiters.map(\.waiter)
        entry.waiters = []
        entries[host] = entry
        waitingCount -= waiters.count
        if waitingCount == 0 { nextDeadline = .max }
        return waiters
    }

    /// Whether libcurl must be told the addresses for this port.
    func needsPin(_ host: String, port: UInt16) -> Bool { !(entries[host]?.pinnedPorts.contains(port) ?? false) }

    /// The version of what is known of `host`; to be handed to ``pinned(_:port:version:)``.
    func version(of host: String) -> Int { entries[host]?.version ?? 0 }

    /// libcurl has taken over the addresses of that version.
    mutating func pinned(_ host: String, port: UInt16, version: Int) {
        guard entries[host]?.version == version, needsPin(host, port: port) else { return }
        entries[host]?.pinnedPorts.append(port)
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
}
