import PosthornModel
@testable import PosthornSending
import PosthornSystem
import PosthornTestSupport
import Synchronization
import Testing

/// Results from a pool that a test made by itself.
final class ResultBox: Sendable {
    private let results = Mutex<[SendResult]>([])
    var all: [SendResult] { results.withLock { $0 } }
    func add(_ more: [SendResult]) { results.withLock { $0 += more } }
}

/// A name server in memory: answers, silence, and a count of questions.
final class FakeNames: Sendable {
    private let state = Mutex<(answers: [String: NameAnswer], asked: [String])>(([:], []))
    private let gate: Waker

    init(_ answers: [String: NameAnswer]) throws {
        gate = try Waker()
        state.withLock { $0.answers = answers }
    }

    var asked: [String] { state.withLock { $0.asked } }

    func set(_ host: String, _ answer: NameAnswer) { state.withLock { $0.answers[host] = answer } }

    /// Lets every look-up of an unknown name go on.
    func open() { gate.signal() }

    func ask(_ host: String) -> NameAnswer {
        let answer = state.withLock { state in
            state.asked.append(host)
            return state.answers[host]
        }
        if let answer { return answer }
        gate.wait(milliseconds: nil)
        gate.signal()
        return .failure("late")
    }
}

@Suite(.limited()) struct NameTests {
    private func addresses(_ texts: String...) -> NameAnswer { .addresses(texts.compactMap { NetworkAddress($0) }) }

    @Test func aNameServerThatNeverAnswersHoldsBackNobodyElse() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let names = try FakeNames(["good.example": addresses("127.0.0.1")])
        defer { names.open() }
        let bench = try Bench(lookup: names.ask) {
            $0.resolver.timeoutMilliseconds = 300
            $0.resolver.threads = 4
        }
        let dead = try (0..<3).map { try Bench.target("http://dead\($0).example:\(receiver.port)/", key: Int64(100 + $0)) }
        bench.pool.submit(dead.enumerated().map { Bench.job(Int64(1000 + $0.offset), $0.element) })
        let good = try Bench.target("http://good.example:\(receiver.port)/hook")
        bench.pool.submit((1...20).map { Bench.job($0, good) })
        let results = bench.waitForResults(23)
        #expect(results.count == 23)
        #expect(results.prefix(20).allSatisfy { $0.outcome.succeeded })
        #expect(results.suffix(3).allSatisfy { $0.outcome.error == .dns && $0.outcome.durationMicroseconds >= 300_000 })
        #expect(names.asked.count { $0 == "good.example" } == 1)
    }

    /// Whoever owns a domain makes as many names in it as he likes, none of which was ever asked for before.
    @Test func oneDomainsNamesThatNobodyServesHoldBackNoOther() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let names = try FakeNames(["good.example": addresses("127.0.0.1")])
        defer { names.open() }
        let bench = try Bench(lookup: names.ask) {
            $0.resolver.timeoutMilliseconds = 10_000
            $0.resolver.threads = 4
        }
        let dead = try (0..<40).map { try Bench.target("http://n\($0).dead.example:\(receiver.port)/", key: Int64(100 + $0)) }
        bench.pool.submit(dead.enumerated().map { Bench.job(Int64(1000 + $0.offset), $0.element) })
        let good = try Bench.target("http://good.example:\(receiver.port)/hook")
        bench.pool.submit([Bench.job(1, good)])
        let results = bench.waitForResults(1)
        #expect(results.first?.job.id == 1 && results.first?.outcome.succeeded == true)
    }

    @Test(arguments: [
        ("a.b.dead.example", "dead.example"), ("dead.example", "dead.example"), ("localhost", "localhost"), ("x.evil.co.uk", "evil.co.uk"),
        ("co.uk", "co.uk"), ("a.b.evil.com.", "evil.com"), ("a.evil.io", "evil.io"), ("", ""),
    ])
    func aNamesDomainIsItsEnd(name: String, domain: String) { #expect(NameResolver.domain(of: name) == domain) }

    @Test func oneDomainFillsNoMoreThanHalfOfTheQueue() throws {
        let names = try FakeNames([:])
        defer { names.open() }
        var configuration = ResolverConfiguration()
        configuration.queueLimit = 8
        let resolver = try NameResolver(configuration, lookup: names.ask)
        defer { resolver.stop() }
        let refused = Mutex(0)
        for number in 0..<6 { resolver.resolve("n\(number).dead.example") { if $0 != .failure("late") { refused.withLock { $0 += 1 } } } }
        #expect(refused.withLock { $0 } == 2)
        resolver.resolve("other.test") { if $0 != .failure("late") { refused.withLock { $0 += 1 } } }
        #expect(refused.withLock { $0 } == 2)
    }

    @Test func aFinalDotIsPartOfNoName() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let names = try FakeNames(["dotted.example.": addresses("127.0.0.1"), "dotted.example": addresses("127.0.0.1")])
        let bench = try Bench(lookup: names.ask)
        let outcome = try #require(try bench.outcome(of: "http://dotted.example.:\(receiver.port)/hook"))
        #expect(outcome.succeeded, "\(outcome)")
    }

    @Test func requestsWaitForANameOnlyUntilTheirOwnDeadline() throws {
        let names = try FakeNames([:])
        defer { names.open() }
        let bench = try Bench(lookup: names.ask) { $0.resolver.timeoutMilliseconds = 60_000 }
        let outcome = try #require(try bench.outcome(of: "https://silent.example/", timeout: 100))
        #expect(outcome.error == .dns)
    }

    @Test func onlyPermittedAddressesOfANameAreUsed() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let names = try FakeNames(["mixed.example": addresses("10.0.0.1", "::1", "192.168.1.1", "127.0.0.1")])
        let bench = try Bench(lookup: names.ask) { $0.guard = EgressGuard(allow: [try CIDR("127.0.0.1/32")]) }
        let outcome = try #require(try bench.outcome(of: "http://mixed.example:\(receiver.port)/hook"))
        #expect(outcome.succeeded, "\(outcome)")
        #expect(outcome.address == "127.0.0.1:\(receiver.port)")
    }

    @Test func aNameWithForbiddenAddressesOnlyIsRefused() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let names = try FakeNames(["inside.example": addresses("127.0.0.1", "10.0.0.1")])
        let bench = try Bench(lookup: names.ask) { $0.guard = EgressGuard() }
        let outcome = try #require(try bench.outcome(of: "https://inside.example:\(receiver.port)/hook"))
        #expect(outcome.error == .refusedAddress)
        #expect(outcome.errorText.contains("127.0.0.1"))
        #expect(receiver.connectionCount == 0)
    }

    @Test func aReboundNameIsJudgedAnewForEachConnection() throws {
        let inside = try MisbehavingReceiver { _ in .ok }
        var options = MisbehavingReceiver.Options()
        options.host = "127.0.0.2"
        options.port = inside.port
        let outside = try MisbehavingReceiver(options) { _ in Reply.ok.then(.close) }
        let names = try FakeNames(["rebound.example": addresses("127.0.0.2")])
        let bench = try Bench(lookup: names.ask) {
            $0.guard = EgressGuard(allow: [try CIDR("127.0.0.2/32")])
            $0.resolver.cacheMilliseconds = 0
        }
        let url = "http://rebound.example:\(inside.port)/hook"
        #expect(try bench.outcome(of: url)?.succeeded == true)
        #expect(outside.waitForOpenConnections(atMost: 0))
        names.set("rebound.example", addresses("127.0.0.1"))
        #expect(try bench.outcome(of: url)?.error == .refusedAddress)
        #expect(inside.connectionCount == 0)
        names.set("rebound.example", addresses("127.0.0.1", "127.0.0.2"))
        #expect(try bench.outcome(of: url)?.address == "127.0.0.2:\(outside.port)")
        #expect(inside.connectionCount == 0)
    }

    @Test func aPinnedNameIsNotAskedForAgainWhileItsAnswerIsFresh() throws {
        let receiver = try MisbehavingReceiver { _ in Reply.ok.then(.close) }
        let names = try FakeNames(["good.example": addresses("127.0.0.1")])
        let bench = try Bench(lookup: names.ask) { $0.resolver.cacheMilliseconds = 600_000 }
        for _ in 0..<5 {
            #expect(try bench.outcome(of: "http://good.example:\(receiver.port)/hook")?.succeeded == true)
            #expect(receiver.waitForOpenConnections(atMost: 0))
        }
        #expect(names.asked == ["good.example"])
        #expect(receiver.connectionCount == 5)
    }

    /// http and https go through different multi handles, and each of those has a cache of names of its own.
    @Test func httpAndHTTPSOnOnePortAreBothSentToThePinnedAddress() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let names = try FakeNames(["both.example": addresses("127.0.0.1")])
        let bench = try Bench(lookup: names.ask) { $0.resolver.cacheMilliseconds = 600_000 }
        #expect(try bench.outcome(of: "http://both.example:\(receiver.port)/hook")?.succeeded == true)
        // The receiver speaks no TLS, so all that can come of it is a connection.
        let outcome = try #require(try bench.outcome(of: "https://both.example:\(receiver.port)/hook", timeout: 2000))
        #expect(receiver.connectionCount == 2, "\(outcome)")
    }

    @Test func namesAreForgottenAndOnlyThoseThatNobodyWaitsFor() {
        var book = NameCache<Int>(cacheNanoseconds: 1_000_000_000, limit: 100)
        book.wait(1, for: "waited.example", until: 50)
        _ = book.take(addresses("127.0.0.1"), for: "used.example", now: 0)
        var told = 0
        for number in 0..<10_000 {
            let host = "h\(number).example"
            _ = book.take(addresses("127.0.0.1"), for: host, now: 0)
            book.pinned(host, port: 443, shard: 17, version: book.version(of: host))
            #expect(!book.needsPin(host, port: 443, shard: 17) && book.needsPin(host, port: 443, shard: 16))
            _ = book.lookUp("used.example", now: 0)
            told += book.takeForgotten(shard: 17, telling: host, port: 443).count
            #expect(book.count <= 102)
        }
        #expect(book.lookUp("h0.example", now: 0) == .unknown(mustAsk: true))
        #expect(book.needsPin("h0.example", port: 443, shard: 17))
        #expect(told >= 9_900)
        #expect(book.lookUp("used.example", now: 0) != .unknown(mustAsk: true))
        #expect(book.waitingCount == 1 && book.take(addresses("127.0.0.1"), for: "waited.example", now: 0) == [1])
    }

    @Test func aNameThatIsToldAgainIsNotTakenOutAgain() {
        var book = NameCache<Int>(cacheNanoseconds: 1_000_000_000)
        _ = book.take(addresses("127.0.0.1"), for: "a.example", now: 0)
        let old = book.version(of: "a.example")
        book.pinned("a.example", port: 443, shard: 1, version: old)
        _ = book.take(addresses("127.0.0.2"), for: "a.example", now: 0)
        #expect(book.needsPin("a.example", port: 443, shard: 1))
        #expect(book.takeForgotten(shard: 1, telling: "a.example", port: 443).isEmpty)
        #expect(book.takeForgotten(shard: 1, telling: "b.example", port: 443).isEmpty)
        book.pinned("a.example", port: 443, shard: 1, version: old)
        #expect(book.needsPin("a.example", port: 443, shard: 1))
    }

    @Test func aNameUnderManyPortsKeepsTheNewestPins() {
        var book = NameCache<Int>(cacheNanoseconds: 1_000_000_000)
        _ = book.take(addresses("127.0.0.1"), for: "a.example", now: 0)
        let version = book.version(of: "a.example")
        for port in 1...UInt16(200) { book.pinned("a.example", port: port, shard: 1, version: version) }
        #expect(book.needsPin("a.example", port: 1, shard: 1) && !book.needsPin("a.example", port: 200, shard: 1))
        #expect(book.takeForgotten(shard: 1, telling: "a.example", port: 200).first?.hasPrefix("a.example:") == true)
    }

    /// Whether the name servers answer, how long the look-up must have lasted, and what is said of a name whose look-up has begun.
    @Test(
        arguments: [
            (true, 0, NameLateness.nameIsSilent), (false, 0, .serversAreSilent), (nil, 0, .notAsked), (true, Int64.max, .notAsked),
        ] as [(Bool?, Int64, NameLateness)]
    )
    func onlyALookUpThatHasHadItsChanceIsSilent(answers: Bool?, nanoseconds: Int64, expected: NameLateness) throws {
        let (began, end, told) = (try Waker(), try Waker(), try Waker())
        let resolver = try NameResolver(
            ResolverConfiguration(),
            lookup: { _ in
                began.signal()
                end.wait(milliseconds: nil)
                return .failure("late")
            },
            serversAnswer: { answers }
        )
        defer {
            end.signal()
            resolver.stop()
        }
        resolver.resolve("slow.example") { _ in }
        began.wait(milliseconds: 30_000)
        let lateness = Mutex<NameLateness?>(nil)
        resolver.whyLate("slow.example", after: nanoseconds) { found in
            lateness.withLock { $0 = found }
            told.signal()
        }
        told.wait(milliseconds: 30_000)
        #expect(lateness.withLock { $0 } == expected)
    }

    @Test func oneNameIsAskedForOnceHoweverManyWait() throws {
        let names = try FakeNames([:])
        let resolver = try NameResolver(ResolverConfiguration(), lookup: names.ask)
        let done = try Waker()
        let answers = Mutex(0)
        for _ in 0..<50 {
            resolver.resolve("slow.example") { _ in
                if answers.withLock({
                    $0 += 1; return $0 == 50
                }) {
                    done.signal()
                }
            }
        }
        names.open()
        done.wait(milliseconds: 30_000)
        #expect(answers.withLock { $0 } == 50)
        #expect(names.asked == ["slow.example"])
        resolver.stop()
    }
}
