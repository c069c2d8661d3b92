/// Which connections a thread's hosts have, and the jobs that wait for one. A value without clock or threads.
///
/// Hosts whose jobs wait take turns. Idle connections come first, then hosts that have none; one more connection for a host that has
/// some is opened only while the thread would have nothing to do otherwise, or when the host is slow. So a busy thread has its
/// hosts' jobs go over few connections, and a slow receiver gets what it needs. A host that has neither connections nor requests is forgotten when there are many.
struct ConnectionBook<Waiter> {
    private struct Host {
        let key: HostKey
        var connections: HostConnections
        var waiters = Fifo<Waiter>()
        /// In the ring of those that may be able to start something.
        var isListed = false
        /// Among those that have no connection and wait for room to open one.
        var isCrowdedOut = false
        /// Among those that could do with one more connection.
        var isWishing = false
        /// When it may start something though nothing happens until then; it is in the heap with that time.
        var nextTime = Int64.max

        var isForgettable: Bool {
            waiters.isEmpty && connections.isQuiet && !isListed && !isCrowdedOut && !isWishing
        }
    }

    private var hosts: [Host?] = []
    private var indexOfKey: [HostKey: Int] = [:]
    private var vacant: [Int] = []
    private var ring = Fifo<Int>()
    private var crowdedOut = Fifo<Int>()
    private var wishing = Fifo<Int>()
    private var patience = DueHeap()
    private let limit: Int
    private var fullCount: Int
    /// Jobs that wait.
    private(set) var waitingCount = 0

    /// - Parameter limit: How many hosts are remembered, beside those that have connections or requests.
    init(limit: Int = 8192) {
        self.limit = limit
        fullCount = limit
    }

    /// How many hosts are known.
    var count: Int { indexOfKey.count }

    /// Connections opened to the host that was given most of them.
    private(set) var mostOpened: Int64 = 0

    /// The place of a host.
    mutating func host(of key: HostKey, home: Int, shards: Range<Int>) -> Int {
        if let known = indexOfKey[key] { return known }
        if indexOfKey.count >= fullCount { forgetQuietHosts() }
        let made = Host(key: key, connections: HostConnections(home: home, shards: shards))
        let index = vacant.popLast() ?? hosts.count
        if index == hosts.count { hosts.append(made) } else { hosts[index] = made }
        indexOfKey[key] = index
        return index
    }

    /// Starts a request if the host has a connection for it, or has none and may open one, and nobody waits already.
    /// - Parameter mayOpen: Whether there is room for one more handshake.
    mutating func start(at host: Int, now: Int64, mayOpen: Bool) -> HostConnections.Way? {
        guard hosts[host]!.waiters.isEmpty, let way = hosts[host]!.connections.way(now: now) else { return nil }
        if way.isOpening, !mayOpen || !hosts[host]!.connections.isCold { return nil }
        hosts[host]!.connections.start(way, now: now)
        return way
    }

    /// Lets a job wait for its host's next connection.
    mutating func wait(_ waiter: Waiter, at host: Int) {
        hosts[host]!.waiters.append(waiter)
        waitingCount += 1
        list(host)
    }

    /// A job that may start now, how, and at which host.
    struct Start {
        let waiter: Waiter
        let host: Int
        let way: HostConnections.Way
    }

    /// The next job that an idle connection can take, or that is the first of a host without one. It counts as started.
    mutating func next(now: Int64, mayOpen: Bool) -> Start? {
        wakePatient(now)
        while let host = ring.popFirst() {
            hosts[host]!.isListed = false
            if let start = take(host, now, mayOpen: mayOpen, mayOpenMore: false) { return start }
        }
        while mayOpen, let host = crowdedOut.popFirst() {
            hosts[host]!.isCrowdedOut = false
            if let start = take(host, now, mayOpen: true, mayOpenMore: false) { return start }
        }
        return nil
    }

    /// The next job for which a host that has connections opens one more, when there is nothing else to start.
    mutating func nextOpening(now: Int64) -> Start? {
        while let host = wishing.popFirst() {
            hosts[host]!.isWishing = false
            if let start = take(host, now, mayOpen: true, mayOpenMore: true) { return start }
        }
        return nil
    }

    private mutating func take(_ host: Int, _ now: Int64, mayOpen: Bool, mayOpenMore: Bool) -> Start? {
        if hosts[host]!.waiters.isEmpty { return nil }
        guard let way = hosts[host]!.connections.way(now: now) else {
            time(host, hosts[host]!.connections.patienceEnds)
            return nil
        }
        if way.isOpening, !mayOpenMore {
            let connections = hosts[host]!.connections
            guard connections.isCold || connections.slowFrom <= now else {
                wish(host)
                time(host, connections.slowFrom)
                return nil
            }
            guard mayOpen else {
                crowdOut(host)
                return nil
            }
        }
        guard let waiter = hosts[host]!.waiters.popFirst() else { return nil }
        waitingCount -= 1
        hosts[host]!.connections.start(way, now: now)
        list(host)
        return Start(waiter: waiter, host: host, way: way)
    }

    /// Whether a waiting job might start now, as far as that is known without trying.
    /// - Parameters:
    ///   - mayOpen: Whether there is room for one more handshake.
    ///   - mayOpenMore: Whether a host that has connections may open one more.
    func mayHaveReady(mayOpen: Bool, mayOpenMore: Bool) -> Bool {
        !ring.isEmpty || mayOpen && !crowdedOut.isEmpty || mayOpenMore && !wishing.isEmpty
    }

    /// Whether a job waits for room for one more handshake.
    var isCrowdedOut: Bool { !crowdedOut.isEmpty || !wishing.isEmpty }

    /// When a host's patience ends; `Int64.max` when none waits for that.
    var nextDeadline: Int64 { patience.first?.due ?? .max }

    /// A request whose connection was taken for idle, and is not, waits for a new one.
    mutating func restart(at host: Int, _ way: HostConnections.Way, now: Int64) -> HostConnections.Way {
        let fresh = HostConnections.Way(shard: way.shard, isOpening: true)
        hosts[host]!.connections.cancel(way)
        hosts[host]!.connections.start(fresh, now: now)
        return fresh
    }

    /// See ``HostConnections``.
    mutating func cancel(at host: Int, _ way: HostConnections.Way) {
        hosts[host]!.connections.cancel(way)
        list(host)
    }

    /// See ``HostConnections``.
    mutating func connected(at host: Int, _ way: HostConnections.Way, isNew: Bool) {
        hosts[host]!.connections.connected(way, isNew: isNew)
        if isNew { mostOpened = max(mostOpened, hosts[host]!.connections.openedCount) }
        list(host)
    }

    /// See ``HostConnections``.
    mutating func end(at host: Int, _ way: HostConnections.Way, _ ending: HostConnections.Ending, isNew: Bool, now: Int64) {
        hosts[host]!.connections.end(way, ending, isNew: isNew, now: now)
        list(host)
    }

    /// See ``HostConnections``.
    mutating func closed(at host: Int, shard: Int) {
        hosts[host]!.connections.closed(shard: shard)
        list(host)
    }

    /// Takes out the jobs that wait and meet a condition.
    mutating func remove(where condition: (Waiter) -> Bool) -> [Waiter] {
        if waitingCount == 0 { return [] }
        var removed: [Waiter] = []
        for host in hosts.indices where hosts[host]?.waiters.isEmpty == false {
            var kept = Fifo<Waiter>()
            while let waiter = hosts[host]!.waiters.popFirst() {
                if condition(waiter) { removed.append(waiter) } else { kept.append(waiter) }
            }
            hosts[host]!.waiters = kept
        }
        waitingCount -= removed.count
        return removed
    }

    private mutating func list(_ host: Int) {
        if hosts[host]!.isListed || hosts[host]!.waiters.isEmpty { return }
        hosts[host]!.isListed = true
        ring.append(host)
    }

    private mutating func crowdOut(_ host: Int) {
        if hosts[host]!.isCrowdedOut { return }
        hosts[host]!.isCrowdedOut = true
        crowdedOut.append(host)
    }

    private mutating func wish(_ host: Int) {
        if hosts[host]!.isWishing { return }
        hosts[host]!.isWishing = true
        wishing.append(host)
    }

    private mutating func time(_ host: Int, _ due: Int64) {
        if hosts[host]!.nextTime <= due { return }
        hosts[host]!.nextTime = due
        patience.insert(DueHeap.Item(due: due, lane: host, version: 0))
    }

    private mutating func wakePatient(_ now: Int64) {
        while let first = patience.first, first.due <= now {
            patience.removeFirst()
            // It may have been forgotten since, and its place may be another's, who is listed in vain.
            if hosts[first.lane] == nil { continue }
            if hosts[first.lane]!.nextTime <= now { hosts[first.lane]!.nextTime = .max }
            list(first.lane)
        }
    }

    private mutating func forgetQuietHosts() {
        for index in hosts.indices {
            guard let host = hosts[index], host.isForgettable else { continue }
            indexOfKey[host.key] = nil
            hosts[index] = nil
            vacant.append(index)
        }
        fullCount = max(limit, indexOfKey.count * 2)
    }
}

/// What connections are shared by: requests with the same one may go over the same connection. libcurl compares the same things,
/// host names as they are written, not addresses.
struct HostKey: Hashable {
    private let isPlainHTTP: Bool
    private let host: String
    private let port: UInt16
    /// What the client proves itself with.
    private let certificate: [UInt8]?
    private let key: [UInt8]?
    private let hash: UInt64

    /// - Parameter hash: Of host and port, as ``ShardPlan/hash(of:)`` gives it.
    init(isPlainHTTP: Bool, host: String, port: UInt16, certificate: [UInt8]? = nil, key: [UInt8]? = nil, hash: UInt64) {
        self.isPlainHTTP = isPlainHTTP
        self.host = host
        self.port = port
        self.certificate = certificate
        self.key = key
        self.hash = hash
    }

    // The hash is kept: this is looked up for every request.
    func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}
