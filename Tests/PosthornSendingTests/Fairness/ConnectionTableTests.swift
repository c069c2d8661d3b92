@testable import PosthornCurl
@testable import PosthornSending
import Testing

@Suite struct ConnectionTableTests {
    private typealias Way = HostConnections.Way
    private var book = ConnectionTable<TestClaimant>(handshakeShare: 3)
    private var busy: [Int: [ConnectionGrant]] = [:]

    private mutating func host(_ name: String) -> Int {
        book.host(of: Self.key(name), home: 0, shards: 0..<2)
    }

    private static func key(_ name: String, certificate: [UInt8]? = nil) -> HostKey {
        HostKey(isPlainHTTP: false, host: name, port: 443, certificate: certificate, hash: 1)
    }

    private mutating func takeAll(now: Int64 = 0, mayOpen: Bool = true, mayOpenMore: Bool = true) -> [Int] {
        var taken: [Int] = []
        while let next = book.next(now: now, mayOpen: mayOpen) ?? (mayOpenMore ? book.nextOpening(now: now) : nil) {
            taken.append(next.waiter.number)
            busy[next.grant.host, default: []].append(next.grant)
        }
        return taken
    }

    /// Starts a job that need not wait.
    @discardableResult
    private mutating func start(_ host: Int, now: Int64 = 0, mayOpen: Bool = true, nodes: [Int] = [], lane: Int = 0) -> Way? {
        let claimant = TestClaimant(nodes: nodes, lane: lane)
        guard let grant = book.start(claimant, at: host, now: now, mayOpen: mayOpen) else { return nil }
        busy[host, default: []].append(grant)
        return grant.way
    }

    private mutating func wait(_ number: Int, _ host: Int, nodes: [Int] = [], lane: Int = 0, needsOwn: Bool = false) {
        book.wait(TestClaimant(number: number, nodes: nodes, lane: lane), at: host, needsOwn: needsOwn)
    }

    /// The host's last request to start is about to be sent over its new connection.
    private mutating func connect(_ host: Int) {
        let grant = busy[host]!.removeLast()
        busy[host]!.append(book.connected(grant, isNew: true))
    }

    /// The same request is answered.
    private mutating func end(_ host: Int, isNew: Bool = false) {
        book.end(busy[host]!.removeLast(), .answered, isNew: isNew, now: 0)
    }

    @Test mutating func jobsWaitForTheirHostsConnectionInOrder() {
        let cold = host("a")
        #expect(start(cold) == Way(shard: 0, isOpening: true))
        for job in 1...3 {
            #expect(start(cold) == nil)
            wait(job, cold)
        }
        #expect(takeAll().isEmpty && book.waitingCount == 3)
        connect(cold)
        end(cold)
        // Nobody passes those that wait: the idle connection and the handshake that may start are theirs.
        #expect(start(cold) == nil)
        #expect(takeAll() == [1, 2])
        #expect(book.waitingCount == 1)
    }

    @Test mutating func hostsTakeTurns() {
        let hosts = ["a", "b"].map { host($0) }
        for (place, host) in hosts.enumerated() {
            start(host)
            for job in 0..<2 { wait(10 * place + job, host) }
        }
        for host in hosts {
            connect(host)
            end(host)
        }
        #expect(takeAll() == [0, 10, 1, 11])
    }

    @Test mutating func withoutRoomForAHandshakeOnlyIdleConnectionsAreUsed() {
        let (warm, cold) = (host("warm"), host("cold"))
        start(warm)
        connect(warm)
        end(warm)
        #expect(start(cold, mayOpen: false) == nil)
        wait(1, cold)
        wait(2, warm)
        #expect(takeAll(mayOpen: false, mayOpenMore: false) == [2])
        let ready = [false, true].map { book.mayHaveReady(mayOpen: $0, mayOpenMore: false) }
        #expect(book.isCrowdedOut && ready == [false, true])
        #expect(takeAll(mayOpen: true, mayOpenMore: false) == [1])
    }

    @Test mutating func aHostThatHasConnectionsGetsOneMoreOnlyWhenNothingElseCanBeDone() {
        let (first, second) = (host("a"), host("b"))
        for host in [first, second] {
            start(host)
            connect(host)
        }
        // Both are busy; what comes for them waits, though a handshake would be allowed.
        for job in 1...2 { wait(job, first) }
        #expect(takeAll(mayOpenMore: false).isEmpty)
        let ready = [false, true].map { book.mayHaveReady(mayOpen: true, mayOpenMore: $0) }
        #expect(ready == [false, true])
        // A connection that becomes idle is taken at once, whatever was wished for.
        end(first)
        #expect(takeAll(mayOpenMore: false) == [1])
        let extra = book.nextOpening(now: 0)
        #expect(extra?.waiter.number == 2 && extra?.grant.way.isOpening == true)
    }

    @Test mutating func aSlowHostGetsItsTurnHoweverBusyTheThreadIs() {
        let slow = host("a")
        for job in 0..<3 { wait(job, slow) }
        var now: Int64 = 0
        for job in 0..<3 {
            #expect(takeAll(now: now, mayOpenMore: false) == [job])
            connect(slow)
            #expect(takeAll(now: now, mayOpenMore: false).isEmpty)
            if job < 2 { #expect(book.nextDeadline == now + HostConnections.patienceNanoseconds) }
            now += HostConnections.patienceNanoseconds
        }
    }

    @Test mutating func patienceEndsByItself() {
        let silent = host("a")
        start(silent, now: 5)
        wait(1, silent)
        #expect(takeAll(now: 5).isEmpty)
        #expect(book.nextDeadline == 5 + HostConnections.patienceNanoseconds)
        #expect(takeAll(now: book.nextDeadline) == [1])
        #expect(book.nextDeadline == .max)
    }

    @Test mutating func jobsCanBeTakenBack() {
        let cold = host("a")
        start(cold)
        for job in 1...4 { wait(job, cold) }
        #expect(book.remove { $0.number % 2 == 0 }.map(\.number) == [2, 4])
        #expect(book.waitingCount == 2)
        book.cancel(busy[cold]!.removeLast())
        #expect(takeAll() == [1])
    }

    @Test mutating func quietHostsAreForgottenWhenThereAreMany() {
        book = ConnectionTable(limit: 4)
        let busy = host("busy")
        start(busy)
        for number in 0..<100 { _ = host("quiet\(number)") }
        #expect(book.count <= 5)
        #expect(host("busy") == busy)
    }

    @Test mutating func connectionsAreCountedPerHostAndThoseOfACertificateApart() {
        let plain = host("a")
        let proven = book.host(of: Self.key("a", certificate: [1]), home: 0, shards: 0..<2)
        #expect(plain != proven)
        start(plain)
        connect(plain)
        for job in 1...2 {
            wait(job, plain)
            #expect(takeAll() == [job])
            connect(plain)
        }
        #expect(book.mostOpened == 3)
        #expect(start(proven)?.isOpening == true)
    }

    @Test mutating func aSharedHostsNextConnectionIsForWhoHasFewest() {
        let shared = host("a")
        start(shared, nodes: [1], lane: 1)
        for job in 0..<20 { wait(job, shared, nodes: [1], lane: job % 5) }
        for job in 100..<103 { wait(job, shared, nodes: [2], lane: 100) }
        var order: [Int] = []
        // The first tenant's requests hang, each on a connection of its own.
        for _ in 0..<8 {
            connect(shared)
            order += takeAll()
        }
        #expect(order == [0, 100, 1, 101, 2, 102, 3, 4])
    }

    @Test mutating func aTenantHasNoMoreHandshakesThanItsShare() {
        let hosts = (0..<5).map { host("silent\($0)") }
        for (job, host) in hosts.enumerated() {
            if start(host, nodes: [1], lane: job) == nil { wait(job, host, nodes: [1], lane: job) }
        }
        #expect(busy.count == 3 && takeAll().isEmpty)
        let mayHave = book.mayHaveReady(mayOpen: true, mayOpenMore: true)
        #expect(!mayHave && book.isCrowdedOut)
        // Another one has room, and a handshake that has become slow makes room.
        #expect(start(host("other"), nodes: [2], lane: 9) != nil)
        let aged = book.handshakeIsSlow(busy[hosts[0]]!.removeLast())
        let mayHaveNow = book.mayHaveReady(mayOpen: true, mayOpenMore: false)
        #expect(aged.handshake == nil && mayHaveNow)
        #expect(takeAll() == [3])
    }

    @Test mutating func hostsThatWaitForAHandshakeTakeTurnsByTenant() {
        let many = (0..<20).map { host("many\($0)") }
        for (job, host) in many.enumerated() { wait(job, host, nodes: [1], lane: job) }
        wait(100, host("few"), nodes: [2], lane: 100)
        #expect(takeAll(mayOpen: false, mayOpenMore: false).isEmpty)
        #expect(book.next(now: 0, mayOpen: true)?.waiter.number == 0)
        #expect(book.next(now: 0, mayOpen: true)?.waiter.number == 100)
    }

    @Test mutating func aSharedHostWaitsForAHandshakeInTheNameOfWhoHasFewest() {
        let (shared, other) = (host("shared"), host("other"))
        for job in 0..<2 { start(host("many\(job)"), nodes: [1], lane: job) }
        wait(1, shared, nodes: [1], lane: 3)
        wait(2, other, nodes: [2], lane: 4)
        #expect(takeAll(mayOpen: false, mayOpenMore: false).isEmpty)
        wait(3, shared, nodes: [3], lane: 5)
        #expect(takeAll(mayOpen: false, mayOpenMore: false).isEmpty)
        let order = (0..<2).compactMap { _ in book.next(now: 0, mayOpen: true)?.grant.host }
        #expect(Set(order) == [shared, other])
    }

    @Test mutating func whoMayNotUseAnIdleConnectionWaitsForAHandshakeOfItsHost() throws {
        let shared = host("a")
        start(shared)
        connect(shared)
        end(shared, isNew: true)
        // Two are earned. The idle connection stays idle, and is others'.
        for job in 1...4 { wait(job, shared, lane: 1, needsOwn: true) }
        #expect(takeAll(mayOpen: false).isEmpty && book.isCrowdedOut)
        #expect(takeAll() == [1, 2])
        #expect(busy[shared]!.allSatisfy { $0.way.isOpening } && book.waitingCount == 2)
        #expect(start(shared, lane: 2) == Way(shard: 0, isOpening: false))
        #expect(book.remove { $0.number == 3 }.map(\.number) == [3])
        busy[shared]!.removeLast()
        connect(shared)
        #expect(takeAll() == [4])
    }

    @Test mutating func aRequestThatNeedsAConnectionOfItsOwnGetsOneWithinTheLimits() throws {
        let shared = host("a")
        start(shared)
        connect(shared)
        end(shared, isNew: true)
        let claimant = TestClaimant(lane: 1)
        var idle: [ConnectionGrant] = []
        var own: [ConnectionGrant?] = []
        for mayOpen in [false, true, true, true] {
            let grant = book.start(claimant, at: shared, now: 0, mayOpen: true)
            idle.append(try #require(grant))
            own.append(book.reopen(idle[idle.count - 1], for: claimant, now: 0, mayOpen: mayOpen))
            if own[own.count - 1] == nil { book.cancel(idle.removeLast()) }
        }
        #expect(idle.allSatisfy { !$0.way.isOpening })
        // Two are earned.
        #expect(own.map { $0?.way.isOpening } == [nil, true, true, nil])
        // A kept connection that turned out to be gone is replaced whatever the limits are.
        let grant = book.start(claimant, at: shared, now: 0, mayOpen: false)
        let replaced = book.restart(try #require(grant), for: claimant, now: 0)
        #expect(replaced.way.isOpening)
    }

    @Test mutating func connectionsOpenedAreComparedWithWhatWasInFlight() {
        let keeping = host("keeping")
        for _ in 0..<5 {
            if start(keeping)?.isOpening == true { connect(keeping) }
            end(keeping)
        }
        #expect(book.mostOpenedPerInFlight == 1)
        let closing = host("closing")
        for _ in 0..<3 {
            start(closing)
            connect(closing)
            book.closed(at: closing, shard: 0)
            end(closing)
        }
        #expect(book.mostOpenedPerInFlight == 3)
    }
}
