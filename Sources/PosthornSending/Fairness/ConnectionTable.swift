import PosthornCurl

/// Which connections a thread's hosts have, and the jobs that wait for one. A value without clock or threads.
///
/// Hosts whose jobs wait take turns. Idle connections come first, then hosts that have none; one more connection for a host that has
/// some is opened only while the thread would have nothing to do otherwise, or when the host is slow. So a busy thread has its
/// hosts' jobs go over few connections, and a slow receiver gets what it needs. A host that has neither connections nor requests is forgotten when there are many.
///
/// Jobs that wait for the same host take turns by tenant and endpoint (``WaitingLine``), and so do hosts that wait for room for a
/// handshake (``FairQueue``); no tenant has more than its share of the thread's handshakes at once.
struct ConnectionTable<Waiter: Claimant> {
    private var hosts: [BookedHost<Waiter>?] = []
    private var indexOfKey: [HostKey: Int] = [:]
    private var vacant: [Int] = []
    private var ring = Fifo<Int>()
    /// Jobs that may not use an idle connection, by their host; few hosts have any.
    private var ownWaiters: [Int: WaitingLine<Waiter>] = [:]
    /// Hosts that wait for room for a handshake, and the handshakes that each tenant has under way.
    private var handshakes = FairQueue<Int>()
    private var wishing = Fifo<Int>()
    private var patience = DueHeap()
    /// The first level of the hierarchy at which tenants differ.
    var firstLevel = 0
    private let handshakeShare: Int
    private let limit: Int
    private var fullCount: Int
    /// Jobs that wait.
    private(set) var waitingCount = 0

    /// - Parameters:
    ///   - handshakeShare: Handshakes that one tenant may have under way.
    ///   - limit: How many hosts are remembered, beside those that have connections or requests.
    init(handshakeShare: Int = .max, limit: Int = 8192) {
        self.handshakeShare = max(1, handshakeShare)
        self.limit = limit
        fullCount = limit
    }

    /// How many hosts are known.
    var count: Int { indexOfKey.count }

    /// Connections opened to the host that was given most of them.
    private(set) var mostOpened: Int64 = 0
    /// Connections opened to a host, of the most requests that it had had at once by then; the largest of that.
    private(set) var mostOpenedPerInFlight = 0.0

    /// The place of a host.
    mutating func host(of key: HostKey, home: Int, shards: Range<Int>) -> Int {
        if let known = indexOfKey[key] { return known }
        if indexOfKey.count >= fullCount { forgetQuietHosts() }
        let made = BookedHost<Waiter>(key: key, home: home, shards: shards)
        let index = vacant.popLast() ?? hosts.count
        if index == hosts.count { hosts.append(made) } else { hosts[index] = made }
        indexOfKey[key] = index
        return index
    }

    /// Starts a request if the host has a connection for it, or has none and may open one, and nobody waits already.
    /// - Parameter mayOpen: Whether there is room for one more handshake.
    mutating func start(_ claimant: some Claimant, at host: Int, now: Int64, mayOpen: Bool) -> ConnectionGrant? {
        guard hosts[host]!.waiters.isEmpty, let way = hosts[host]!.connections.way(now: now) else { return nil }
        if way.isOpening {
            guard mayOpen, mayShakeHands(claimant), hosts[host]!.connections.isCold, !hasOwnWaiters(host) else { return nil }
        }
        let place = hosts[host]!.waiters.hold(claimant)
        return grant(host, way, claimant, place, now)
    }

    /// Lets a job wait for its host's next connection.
    /// - Parameter needsOwn: Whether it may not use one that is idle.
    mutating func wait(_ waiter: Waiter, at host: Int, needsOwn: Bool = false) {
        if needsOwn {
            ownWaiters[host, default: WaitingLine()].append(waiter)
        } else {
            hosts[host]!.waiters.append(waiter)
        }
        waitingCount += 1
        list(host)
        if hosts[host]!.crowdedCount > 0 { crowdOut(host, for: waiter) }
    }

    /// A job that may start now, and how.
    struct Start {
        let waiter: Waiter
        let grant: ConnectionGrant
    }

    /// The next job that an idle connection can take, or that is the first of a host without one. It counts as started.
    mutating func next(now: Int64, mayOpen: Bool) -> Start? {
        wakePatient(now)
        while let host = ring.popFirst() {
            hosts[host]!.isListed = false
            if let start = take(host, now, mayOpen: mayOpen, mayOpenMore: false) { return start }
        }
        while mayOpen, let (host, _) = handshakes.popFirst(rule) {
            hosts[host]!.crowdedCount -= 1
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
        if !hasOwnWaiters(host) { return takeUsual(host, now, mayOpen: mayOpen, mayOpenMore: mayOpenMore) }
        // In turns, so that neither kind waits for ever.
        hosts[host]!.isTurnOfOwn.toggle()
        let isTurnOfOwn = hosts[host]!.isTurnOfOwn
        if isTurnOfOwn, let start = takeOwn(host, now, mayOpen: mayOpen) { return start }
        if let start = takeUsual(host, now, mayOpen: mayOpen, mayOpenMore: mayOpenMore) { return start }
        return isTurnOfOwn ? nil : takeOwn(host, now, mayOpen: mayOpen)
    }

    private mutating func takeUsual(_ host: Int, _ now: Int64, mayOpen: Bool, mayOpenMore: Bool) -> Start? {
        if hosts[host]!.waiters.isEmpty { return nil }
        guard let way = hosts[host]!.connections.way(now: now) else {
            time(host, hosts[host]!.connections.patienceEnds)
            return nil
        }
        if way.isOpening {
            let slowFrom = hosts[host]!.connections.slowFrom
            if !mayOpenMore, slowFrom > now, !hosts[host]!.connections.isCold {
                wish(host)
                time(host, slowFrom)
                return nil
            }
            guard let first = hosts[host]!.waiters.first() else { return nil }
            guard mayOpen, mayShakeHands(first) else {
                crowdOut(host, for: first)
                return nil
            }
        }
        guard let (waiter, place) = hosts[host]!.waiters.popFirst() else { return nil }
        return begin(waiter, at: host, way, place, now)
    }

    /// The same for a job that needs a connection of its own.
    private mutating func takeOwn(_ host: Int, _ now: Int64, mayOpen: Bool) -> Start? {
        guard let first = ownWaiters[host]?.first() else { return nil }
        guard let way = hosts[host]!.connections.newWay(now: now) else {
            time(host, hosts[host]!.connections.patienceEnds)
            return nil
        }
        guard mayOpen, mayShakeHands(first) else {
            crowdOut(host, for: first)
            return nil
        }
        guard let (waiter, _) = ownWaiters[host]?.popFirst() else { return nil }
        if ownWaiters[host]?.isEmpty == true { ownWaiters[host] = nil }
        return begin(waiter, at: host, way, hosts[host]!.waiters.hold(waiter), now)
    }

    private mutating func begin(_ waiter: Waiter, at host: Int, _ way: HostConnections.Way, _ place: Int, _ now: Int64) -> Start {
        waitingCount -= 1
        let grant = grant(host, way, waiter, place, now)
        list(host)
        return Start(waiter: waiter, grant: grant)
    }

    private mutating func grant(
        _ host: Int,
        _ way: HostConnections.Way,
        _ claimant: some Claimant,
        _ place: Int,
        _ now: Int64
    ) -> ConnectionGrant {
        hosts[host]!.connections.start(way, now: now)
        let handshake = way.isOpening ? handshakes.hold(claimant) : nil
        return ConnectionGrant(host: host, way: way, claimant: place, handshake: handshake)
    }

    private func mayShakeHands(_ claimant: some Claimant) -> Bool { handshakes.may(claimant, rule) }

    private var rule: FairQueue<Int>.Rule {
        let (share, firstLevel) = (handshakeShare, firstLevel)
        return { level, held in level != firstLevel || held < share }
    }

    private func hasOwnWaiters(_ host: Int) -> Bool { !ownWaiters.isEmpty && ownWaiters[host] != nil }

    /// Whether a waiting job might start now, as far as that is known without trying.
    /// - Parameters:
    ///   - mayOpen: Whether there is room for one more handshake.
    ///   - mayOpenMore: Whether a host that has connections may open one more.
    mutating func mayHaveReady(mayOpen: Bool, mayOpenMore: Bool) -> Bool {
        if !ring.isEmpty || mayOpenMore && !wishing.isEmpty { return true }
        return mayOpen && handshakes.first(rule) != nil
    }

    /// Whether a job waits for room for one more handshake.
    var isCrowdedOut: Bool { !handshakes.isEmpty || !wishing.isEmpty }

    /// When a host's patience ends; `Int64.max` when none waits for that.
    var nextDeadline: Int64 { patience.first?.due ?? .max }

    /// A request that was to use an idle connection needs one of its own. `nil` when it has to wait for that.
    mutating func reopen(_ grant: ConnectionGrant, for claimant: some Claimant, now: Int64, mayOpen: Bool) -> ConnectionGrant? {
        guard mayOpen, mayShakeHands(claimant), !hasOwnWaiters(grant.host),
            let way = hosts[grant.host]!.connections.newWay(now: now)
        else { return nil }
        return exchange(grant, for: way, claimant, now)
    }

    /// A request whose connection was taken for idle, and is not, goes over a new one: that takes the place of one that is gone.
    mutating func restart(_ grant: ConnectionGrant, for claimant: some Claimant, now: Int64) -> ConnectionGrant {
        exchange(grant, for: HostConnections.Way(shard: grant.way.shard, isOpening: true), claimant, now)
    }

    private mutating func exchange(
        _ grant: ConnectionGrant,
        for way: HostConnections.Way,
        _ claimant: some Claimant,
        _ now: Int64
    ) -> ConnectionGrant {
        hosts[grant.host]!.connections.cancel(grant.way)
        endHandshake(grant)
        return self.grant(grant.host, way, claimant, grant.claimant, now)
    }

    /// A handshake has lasted so long that it no longer counts against its tenant.
    mutating func handshakeIsSlow(_ grant: ConnectionGrant) -> ConnectionGrant {
        endHandshake(grant)
        var grant = grant
        grant.handshake = nil
        return grant
    }

    private mutating func endHandshake(_ grant: ConnectionGrant) {
        if let handshake = grant.handshake { handshakes.release(handshake) }
    }

    /// See ``HostConnections``.
    mutating func cancel(_ grant: ConnectionGrant) {
        hosts[grant.host]!.connections.cancel(grant.way)
        giveBack(grant)
    }

    /// See ``HostConnections``. Returns how the request goes from now on.
    mutating func connected(_ grant: ConnectionGrant, isNew: Bool) -> ConnectionGrant {
        hosts[grant.host]!.connections.connected(grant.way, isNew: isNew)
        if isNew {
            let opened = hosts[grant.host]!.connections.openedCount
            mostOpened = max(mostOpened, opened)
            let ratio = Double(opened) / Double(max(1, hosts[grant.host]!.connections.mostInFlight))
            mostOpenedPerInFlight = max(mostOpenedPerInFlight, ratio)
        }
        list(grant.host)
        var grant = handshakeIsSlow(grant)
        grant.way = HostConnections.Way(shard: grant.way.shard, isOpening: false)
        return grant
    }

    /// See ``HostConnections``.
    mutating func end(_ grant: ConnectionGrant, _ ending: HostConnections.Ending, isNew: Bool, now: Int64) {
        hosts[grant.host]!.connections.end(grant.way, ending, isNew: isNew, now: now)
        giveBack(grant)
    }

    private mutating func giveBack(_ grant: ConnectionGrant) {
        endHandshake(grant)
        hosts[grant.host]!.waiters.release(grant.claimant)
        list(grant.host)
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
            removed += hosts[host]!.waiters.remove(where: condition)
        }
        for host in ownWaiters.keys {
            removed += ownWaiters[host]?.remove(where: condition) ?? []
            if ownWaiters[host]?.isEmpty == true { ownWaiters[host] = nil }
        }
        waitingCount -= removed.count
        return removed
    }

    private mutating func list(_ host: Int) {
        if hosts[host]!.isListed || hosts[host]!.waiters.isEmpty && !hasOwnWaiters(host) { return }
        hosts[host]!.isListed = true
        ring.append(host)
    }

    /// Lets a host wait for room for a handshake: once, and once more for a claimant whose turn comes earlier.
    private mutating func crowdOut(_ host: Int, for claimant: some Claimant) {
        if hosts[host]!.crowdedCount > 0 {
            // Most are of the same node, and that is found out quickly.
            if claimant.nodes == hosts[host]!.crowdedNodes { return }
            if !handshakes.precedes(claimant, hosts[host]!.crowdedClaimant) { return }
        }
        hosts[host]!.crowdedCount += 1
        hosts[host]!.crowdedNodes = claimant.nodes
        hosts[host]!.crowdedClaimant = handshakes.append(host, for: claimant)
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
            guard let host = hosts[index], host.isForgettable, !hasOwnWaiters(index) else { continue }
            indexOfKey[host.key] = nil
            hosts[index] = nil
            vacant.append(index)
        }
        fullCount = max(limit, indexOfKey.count * 2)
    }
}
