@testable import PosthornSending
import Testing

@Suite struct ConnectionBookTests {
    private typealias Way = HostConnections.Way
    private var book = ConnectionBook<Int>(limit: 4)

    private mutating func host(_ name: String) -> Int {
        book.host(of: Self.key(name), home: 0, shards: 0..<2)
    }

    private static func key(_ name: String, certificate: [UInt8]? = nil) -> HostKey {
        HostKey(isPlainHTTP: false, host: name, port: 443, certificate: certificate, hash: 1)
    }

    private mutating func takeAll(now: Int64 = 0, mayOpen: Bool = true, mayOpenMore: Bool = true) -> [Int] {
        var taken: [Int] = []
        while let next = book.next(now: now, mayOpen: mayOpen) ?? (mayOpenMore ? book.nextOpening(now: now) : nil) {
            taken.append(next.waiter)
        }
        return taken
    }

    private mutating func connect(_ host: Int) {
        book.connected(at: host, Way(shard: 0, isOpening: true), isNew: true)
    }

    private mutating func end(_ host: Int) {
        book.end(at: host, Way(shard: 0, isOpening: false), .answered, isNew: false, now: 0)
    }

    @Test mutating func jobsWaitForTheirHostsConnectionInOrder() {
        let cold = host("a")
        #expect(book.start(at: cold, now: 0, mayOpen: true) == Way(shard: 0, isOpening: true))
        for job in 1...3 {
            #expect(book.start(at: cold, now: 0, mayOpen: true) == nil)
            book.wait(job, at: cold)
        }
        #expect(takeAll().isEmpty && book.waitingCount == 3)
        connect(cold)
        end(cold)
        // Nobody passes those that wait: the idle connection and the handshake that may start are theirs.
        #expect(book.start(at: cold, now: 0, mayOpen: true) == nil)
        #expect(takeAll() == [1, 2])
        #expect(book.waitingCount == 1)
    }

    @Test mutating func hostsTakeTurns() {
        let hosts = ["a", "b"].map { host($0) }
        for (place, host) in hosts.enumerated() {
            _ = book.start(at: host, now: 0, mayOpen: true)
            for job in 0..<2 { book.wait(10 * place + job, at: host) }
        }
        for host in hosts {
            connect(host)
            end(host)
        }
        #expect(takeAll() == [0, 10, 1, 11])
    }

    @Test mutating func withoutRoomForAHandshakeOnlyIdleConnectionsAreUsed() {
        let (warm, cold) = (host("warm"), host("cold"))
        _ = book.start(at: warm, now: 0, mayOpen: true)
        connect(warm)
        end(warm)
        #expect(book.start(at: cold, now: 0, mayOpen: false) == nil)
        book.wait(1, at: cold)
        book.wait(2, at: warm)
        #expect(takeAll(mayOpen: false, mayOpenMore: false) == [2])
        #expect(book.isCrowdedOut && !book.mayHaveReady(mayOpen: false, mayOpenMore: false))
        #expect(book.mayHaveReady(mayOpen: true, mayOpenMore: false))
        #expect(takeAll(mayOpen: true, mayOpenMore: false) == [1])
    }

    @Test mutating func aHostThatHasConnectionsGetsOneMoreOnlyWhenNothingElseCanBeDone() {
        let (first, second) = (host("a"), host("b"))
        for host in [first, second] {
            _ = book.start(at: host, now: 0, mayOpen: true)
            connect(host)
        }
        // Both are busy; what comes for them waits, though a handshake would be allowed.
        for job in 1...2 { book.wait(job, at: first) }
        #expect(takeAll(mayOpenMore: false).isEmpty)
        #expect(book.mayHaveReady(mayOpen: true, mayOpenMore: true) && !book.mayHaveReady(mayOpen: true, mayOpenMore: false))
        // A connection that becomes idle is taken at once, whatever was wished for.
        end(first)
        #expect(takeAll(mayOpenMore: false) == [1])
        let extra = book.nextOpening(now: 0)
        #expect(extra?.waiter == 2 && extra?.way.isOpening == true)
    }

    @Test mutating func aSlowHostGetsItsTurnHoweverBusyTheThreadIs() {
        let slow = host("a")
        for job in 0..<3 { book.wait(job, at: slow) }
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
        _ = book.start(at: silent, now: 5, mayOpen: true)
        book.wait(1, at: silent)
        #expect(takeAll(now: 5).isEmpty)
        #expect(book.nextDeadline == 5 + HostConnections.patienceNanoseconds)
        #expect(takeAll(now: book.nextDeadline) == [1])
        #expect(book.nextDeadline == .max)
    }

    @Test mutating func jobsCanBeTakenBack() {
        let cold = host("a")
        _ = book.start(at: cold, now: 0, mayOpen: true)
        for job in 1...4 { book.wait(job, at: cold) }
        #expect(book.remove { $0 % 2 == 0 } == [2, 4])
        #expect(book.waitingCount == 2)
        book.cancel(at: cold, Way(shard: 0, isOpening: true))
        #expect(takeAll() == [1])
    }

    @Test mutating func quietHostsAreForgottenWhenThereAreMany() {
        let busy = host("busy")
        _ = book.start(at: busy, now: 0, mayOpen: true)
        for number in 0..<100 { _ = host("quiet\(number)") }
        #expect(book.count <= 5)
        #expect(host("busy") == busy)
    }

    @Test mutating func connectionsAreCountedPerHostAndThoseOfACertificateApart() {
        let plain = host("a")
        let proven = book.host(of: Self.key("a", certificate: [1]), home: 0, shards: 0..<2)
        #expect(plain != proven)
        _ = book.start(at: plain, now: 0, mayOpen: true)
        connect(plain)
        for job in 1...2 {
            book.wait(job, at: plain)
            #expect(takeAll() == [job])
            connect(plain)
        }
        #expect(book.mostOpened == 3)
        #expect(book.start(at: proven, now: 0, mayOpen: true)?.isOpening == true)
    }
}
