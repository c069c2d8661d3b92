import PosthornModel
import PosthornSystem
import PosthornTestSupport
import Testing

@testable import PosthornSending

/// Names that move to other addresses while connections are kept.
@Suite struct MovingNameTests {
    private let second: Int64 = 1_000_000_000

    private func address(_ text: String) throws -> NetworkAddress { try #require(NetworkAddress(text)) }

    @Test func anAddressIsKeptForAWhileAfterItWasNamedLast() throws {
        let (old, new) = (try address("192.0.2.1"), try address("192.0.2.2"))
        var book = NameCache<Int>(cacheNanoseconds: 5 * second, graceNanoseconds: 60 * second)
        _ = book.take(.addresses([old]), for: "a.example", now: 0)
        _ = book.take(.addresses([new]), for: "a.example", now: 10 * second)
        #expect(Set(book.keepable("a.example")) == [old, new])
        _ = book.take(.addresses([new]), for: "a.example", now: 59 * second)
        #expect(Set(book.keepable("a.example")) == [old, new])
        _ = book.take(.addresses([new]), for: "a.example", now: 60 * second)
        #expect(book.keepable("a.example") == [new])
        // One that comes back counts again, as with servers that name a few of many in turn.
        _ = book.take(.addresses([old]), for: "a.example", now: 61 * second)
        #expect(Set(book.keepable("a.example")) == [old, new])
        #expect(book.keepable("b.example").isEmpty)
    }

    /// A thread that was stopped finds answers that have come meanwhile only after its clock.
    @Test func timeInWhichTheThreadCouldNotRunIsNotTheNames() {
        var book = NameCache<Int>(cacheNanoseconds: second)
        for (job, host) in [(1, "a.example"), (2, "b.example"), (3, "a.example")] { book.wait(job, for: host, until: Int64(job) * second) }
        book.outlast(5 * second) { $0 += 10 }
        #expect(book.nextDeadline == 6 * second)
        let early = book.expire(now: 6 * second - 1)
        let first = book.expire(now: 6 * second)
        #expect(early.isEmpty && first == [11] && book.nextDeadline == 7 * second)
        #expect(book.take(.addresses([]), for: "a.example", now: 6 * second) == [13])
        _ = book.expire(now: 7 * second)
        book.outlast(second) { _ in }
        #expect(book.nextDeadline == .max && book.waitingCount == 0)
    }

    @Test func aNameOfThousandsOfAddressesIsRememberedInPart() throws {
        var book = NameCache<Int>(cacheNanoseconds: second, graceNanoseconds: 60 * second)
        for number in 0..<1000 {
            _ = book.take(.addresses([NetworkAddress(ipv4: UInt32(number))]), for: "a.example", now: Int64(number))
        }
        #expect(book.keepable("a.example").count <= 64)
        #expect(book.keepable("a.example").contains(NetworkAddress(ipv4: 999)))
    }

    @Test func connectionsFollowTheNameToItsNewAddress() throws {
        let old = try MisbehavingReceiver { _ in .ok }
        var options = MisbehavingReceiver.Options()
        options.host = "127.0.0.2"
        options.port = old.port
        let new = try MisbehavingReceiver(options) { _ in .ok }
        let names = try FakeNames(["moving.example": .addresses([try address("127.0.0.1")])])
        let bench = try Bench(lookup: names.ask) {
            $0.resolver.cacheMilliseconds = 0
            $0.resolver.graceMilliseconds = 0
        }
        let url = "http://moving.example:\(old.port)/hook"
        for _ in 0..<3 { #expect(try bench.outcome(of: url)?.address == "127.0.0.1:\(old.port)") }
        #expect(old.connectionCount == 1)
        names.set("moving.example", .addresses([try address("127.0.0.2")]))
        for _ in 0..<3 { #expect(try bench.outcome(of: url)?.address == "127.0.0.2:\(old.port)") }
        #expect(new.connectionCount == 1)
        #expect(old.waitForOpenConnections(atMost: 0))
        #expect(bench.results.allSatisfy { $0.outcome.succeeded })
    }

    @Test func aConnectionThatIsOldEnoughIsReplaced() throws {
        let receiver = try MisbehavingReceiver { _ in Reply.ok.delayed(milliseconds: 1100) }
        let bench = try Bench { $0.connectionLifetimeSeconds = 1 }
        for _ in 0..<3 { #expect(try bench.outcome(of: receiver.url)?.succeeded == true) }
        // libcurl counts whole seconds, so the second request may still have had the first one's connection.
        #expect(receiver.connectionCount >= 2)
    }

    @Test func connectionsThatNobodyUsesAreClosed() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try Bench { $0.idleConnectionSeconds = 1 }
        #expect(try bench.outcome(of: receiver.url)?.succeeded == true)
        #expect(receiver.waitForOpenConnections(atMost: 0))
        #expect(try bench.outcome(of: receiver.url)?.succeeded == true)
        #expect(receiver.connectionCount == 2)
    }

    @Test func aShardIsIdleFromTheEndOfItsLastRequest() {
        var use = ShardUse(shards: 3, idleNanoseconds: 100)
        use.began(1)
        use.began(1)
        use.ended(1, now: 10)
        #expect(use.nextEnd == .max && !use.isIdle(1) && use.isIdle(0))
        use.ended(1, now: 20)
        use.began(2)
        #expect(use.nextEnd == 120 && use.idle(now: 119) == [] && use.idle(now: 120) == [1])
        use.closed(1)
        #expect(use.nextEnd == .max && use.idle(now: 500) == [])
    }
}
