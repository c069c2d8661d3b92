import PosthornModel
@testable import PosthornSending
import PosthornSystem
import PosthornTestSupport
import Testing

@Suite(.limited()) struct SenderPoolTests {
    @Test func aJobReachesItsReceiverAsComposed() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try Bench()
        bench.send(to: receiver, body: "{\"a\":1}", id: 7)
        let outcome = try #require(bench.waitForResults(1).first).outcome
        #expect(outcome.succeeded, "\(outcome)")
        #expect(outcome.status == 200)
        #expect(outcome.response == Array("ok".utf8))
        #expect(outcome.address == "127.0.0.1:\(receiver.port)")
        let request = try #require(receiver.requests.first)
        #expect(request.method == "POST")
        #expect(request.target == "/hook")
        #expect(request.body == Array("{\"a\":1}".utf8))
        #expect(request.count(of: "content-type") == 1)
        #expect(request.header("x-delivery") == "1")
        #expect(request.header("expect") == nil)
    }

    @Test func stalledReceiversDoNotHoldBackHealthyOnes() throws {
        let stalled = try MisbehavingReceiver { _ in .silence }
        let healthy = try MisbehavingReceiver { _ in .ok }
        let bench = try Bench()
        let stalledTargets = try (0..<300).map { try Bench.target(stalled.url, key: Int64(1000 + $0), inFlight: 1) }
        bench.pool.submit(stalledTargets.enumerated().map { Bench.job(Int64(10_000 + $0.offset), $0.element) })
        stalled.waitForRequests(300)
        let target = try Bench.target(healthy.url)
        bench.pool.submit((1...500).map { Bench.job($0, target) })
        let results = bench.waitForResults(500)
        #expect(results.count == 500)
        #expect(results.allSatisfy { $0.outcome.succeeded && $0.job.id <= 500 })
        #expect(stalled.openConnectionCount == 300)
    }

    @Test func largeRequestsToSlowReceiversAreBoundedInBytesAndHoldBackNoSmallOne() throws {
        let slow = try MisbehavingReceiver { _ in Reply.ok.held }
        let healthy = try MisbehavingReceiver { _ in .ok }
        let bench = try Bench {
            $0.threads = 1
            $0.largeInFlightLimitBytes = 4 << 20
        }
        let body = String(repeating: "a", count: 1 << 20)
        for key in 1...5 {
            let target = try Bench.target(slow.url, key: Int64(key), inFlight: 4)
            bench.pool.submit((0..<4).map { Bench.job(Int64(100 * key + $0), target, body: body) })
        }
        slow.waitForRequests(4)
        let target = try Bench.target(healthy.url, key: 9)
        bench.pool.submit((1...50).map { Bench.job(Int64($0), target) })
        #expect(bench.waitForResults(50).allSatisfy { $0.outcome.succeeded && $0.job.id <= 50 })
        #expect(slow.requests.count == 4)
        #expect(bench.pool.statistics.queued == 16)
        // One endpoint's are taken back while they wait for room; the rest goes out as room comes back.
        bench.pool.recall(keys: [5])
        #expect(bench.waitForRecalled(1).allSatisfy { $0.target.key == 5 })
        slow.release()
        let results = bench.waitForResults(70 - bench.recalled.count)
        #expect(results.count + bench.recalled.count == 70)
        #expect(results.allSatisfy { $0.outcome.succeeded })
    }

    @Test func anEndpointNeverHasMoreOnTheWireThanItsLimit() throws {
        let receiver = try MisbehavingReceiver { _ in Reply.ok.held }
        let bench = try Bench()
        let target = try Bench.target(receiver.url, inFlight: 3)
        bench.pool.submit((1...10).map { Bench.job($0, target) })
        receiver.waitForRequests(3)
        #expect(bench.pool.statistics.inFlight <= 3)
        receiver.release()
        #expect(bench.waitForResults(10).count == 10)
        #expect(receiver.connectionCount == 3)
    }

    @Test func drainingGivesBackWhatWaitsAndHandsOverWhatIsOnTheWire() throws {
        let receiver = try MisbehavingReceiver { _ in Reply.ok.held }
        let bench = try Bench()
        let target = try Bench.target(receiver.url, inFlight: 2)
        bench.pool.submit((1...10).map { Bench.job($0, target) })
        receiver.waitForRequests(2)
        let pool = bench.pool
        let drained = try Waker()
        let drainer = try WorkerThread(name: "drainer") {
            pool.drain()
            drained.signal()
        }
        #expect(bench.waitForRecalled(8).count == 8)
        #expect(bench.results.isEmpty)
        receiver.release()
        drained.wait(milliseconds: 30_000)
        #expect(bench.results.count == 2)
        drainer.join()
        // What comes later is given back at once.
        pool.submit([Bench.job(11, target)])
        #expect(bench.waitForRecalled(9).count == 9)
        pool.stop()
        #expect(receiver.requests.count == 2)
        #expect(Set(bench.results.map(\.job.id) + bench.recalled.map(\.id)) == Set(1...11))
    }

    @Test func aDrainEndsByTheRequestsOwnDeadlines() throws {
        let receiver = try MisbehavingReceiver { _ in .silence }
        let bench = try Bench()
        bench.send(to: receiver, timeout: 200)
        receiver.waitForRequests(1)
        bench.pool.stop()
        #expect(bench.results.map(\.outcome.error) == [.timeout])
    }

    @Test func abortingEndsAtOnce() throws {
        let receiver = try MisbehavingReceiver { _ in .silence }
        let bench = try Bench()
        bench.send(to: receiver, timeout: 600_000)
        receiver.waitForRequests(1)
        let pool = bench.pool
        let drainer = try WorkerThread(name: "drainer") { pool.stop() }
        pool.abort()
        drainer.join()
        #expect(bench.results.isEmpty)
        #expect(receiver.waitForOpenConnections(atMost: 1))
    }

    @Test func pausedPoolStartsNothing() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try Bench()
        let target = try Bench.target(receiver.url)
        bench.pool.pause()
        bench.pool.submit((1...5).map { Bench.job($0, target) })
        bench.pool.recall(keys: [99])
        bench.pool.submit([Bench.job(6, try Bench.target(receiver.url, key: 2))])
        bench.pool.recall(keys: [2])
        #expect(bench.waitForRecalled(1).map(\.id) == [6])
        #expect(receiver.connectionCount == 0)
        bench.pool.resume()
        #expect(bench.waitForResults(5).count == 5)
        #expect(receiver.requests.count == 5)
    }

    /// Whoever gives the orders may hang by then, so the end is known beforehand.
    @Test func nothingStartsFromTheMomentOnThatWasSaidBefore() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try Bench()
        let target = try Bench.target(receiver.url)
        bench.pool.mayStart(until: BootClock.nanoseconds())
        bench.pool.submit((1...5).map { Bench.job($0, target) })
        bench.pool.recall(keys: [99])
        bench.pool.submit([Bench.job(6, try Bench.target(receiver.url, key: 2))])
        bench.pool.recall(keys: [2])
        #expect(bench.waitForRecalled(1).map(\.id) == [6])
        #expect(receiver.connectionCount == 0)
        bench.pool.mayStart(until: .max - 1)
        #expect(bench.waitForResults(5).count == 5)
        bench.pool.mayStart(until: nil)
        bench.pool.submit([Bench.job(7, target)])
        #expect(bench.waitForResults(6).count == 6)
    }

    @Test func aReceiverThatIsNotTrustedWithKeptConnectionsKeepsNone() throws {
        let receiver = try MisbehavingReceiver { $0.target == "/reset" ? .reset : .ok }
        let bench = try Bench()
        let target = { (path: String) in try Bench.target("http://127.0.0.1:\(receiver.port)\(path)", key: 1) }
        bench.pool.submit([Bench.job(1, try target("/"))])
        bench.waitForResults(1)
        // It ends the kept connection under this request.
        bench.pool.submit([Bench.job(2, try target("/reset"))])
        bench.waitForResults(2)
        bench.pool.submit([Bench.job(3, try target("/"))])
        #expect(bench.waitForResults(3).map(\.outcome.succeeded) == [true, false, true])
        #expect(receiver.connectionCount == 2)
        #expect(receiver.waitForOpenConnections(atMost: 0))
    }

    @Test func anIdlePoolSleepsEvenWhenItsConnectionsWereClosed() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try Bench()
        let target = try Bench.target(receiver.url)
        bench.pool.submit((1...50).map { Bench.job($0, target) })
        #expect(bench.waitForResults(50).count == 50)
        receiver.stop()
        // A recall goes through every thread's loop, so the closed connections have been seen after the second one.
        for id in 100..<102 {
            bench.pool.pause()
            bench.pool.submit([Bench.job(Int64(id), target)])
            bench.pool.recall(keys: nil)
            bench.waitForRecalled(id - 99)
        }
        let before = bench.pool.statistics.wakeUps
        // Something else happens meanwhile that takes a while; a thread that spins would go through thousands of turns.
        let other = try MisbehavingReceiver { _ in Reply.ok.delayed(milliseconds: 20) }
        let clock = try Bench()
        for _ in 0..<5 { #expect(try clock.outcome(of: other.url)?.succeeded == true) }
        #expect(bench.pool.statistics.wakeUps - before <= 4)
    }

    @Test func composersAreCalledWithTheClocksTime() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let clock = TestClock()
        let done = try Waker()
        let results = ResultBox()
        var configuration = SenderConfiguration()
        configuration.guard = EgressGuard(allow: [try CIDR("127.0.0.0/8")])
        let pool = try SenderPool(configuration, clock: clock) {
            results.add($0)
            done.signal()
        }
        pool.submit([Bench.job(1, try Bench.target(receiver.url))])
        done.wait(milliseconds: 30_000)
        pool.stop()
        #expect(results.all.first?.outcome.started == clock.now())
    }

    @Test func aBurstForOneHostGoesOverFewConnections() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try Bench {
            $0.threads = 1
            // However slow this machine is just now, no request is old enough to let another one start beside it.
            $0.youngMilliseconds = 600_000
        }
        let targets = try (0..<32).map { try Bench.target(receiver.url, key: Int64($0)) }
        bench.pool.submit((0..<640).map { Bench.job(Int64($0), targets[$0 % 32]) })
        #expect(bench.waitForResults(640).allSatisfy { $0.outcome.succeeded })
        let statistics = bench.pool.statistics
        #expect(statistics.hosts == 1)
        // No more than may be on the wire at once, and never a handshake a request.
        #expect(statistics.connectionsOpened <= 48)
        #expect(statistics.mostConnectionsOfAHost == statistics.connectionsOpened)
        #expect((1...1.5).contains(statistics.connectionsPerRequestAtOnce))
        #expect(statistics.waitingForConnections == 0)
    }

    @Test(arguments: [(1, nil, 48), (2, nil, 48), (4, nil, 96), (64, nil, 1536), (4, 10, 10)] as [(Int, Int?, Int)])
    func moreRunningThreadsHaveMoreYoungRequests(_ running: Int, _ limit: Int?, _ places: Int) {
        var configuration = SenderConfiguration()
        configuration.threads = 64
        configuration.youngInFlightLimit = limit
        #expect(configuration.youngPlaces(ofThreads: running) == places)
    }

    /// A receiver that accepts connections and never says a word, so that no TLS is ever agreed on.
    private func mute() throws -> MisbehavingReceiver {
        var options = MisbehavingReceiver.Options()
        options.greeting = .silence
        return try MisbehavingReceiver(options) { _ in .silence }
    }

    @Test func requestsToAHostThatDoesNotAnswerAreUnderWaySideBySide() throws {
        let silent = try mute()
        let healthy = try MisbehavingReceiver { _ in .ok }
        let bench = try Bench { $0.threads = 1 }
        let target = try Bench.target("https://127.0.0.1:\(silent.port)/", key: 1, inFlight: 4)
        bench.pool.submit((1...5).map { Bench.job(Int64($0), target) })
        bench.pool.submit(try (100..<200).map { Bench.job(Int64($0), try Bench.target(healthy.url, key: 2)) })
        #expect(bench.waitForResults(100).allSatisfy { $0.outcome.succeeded })
        #expect(silent.waitForConnections(4))
        #expect(bench.results.count == 100)
    }

    @Test func aReceiverThatHoldsItsAnswersIsSentMoreAsRequestsGrowOld() throws {
        let slow = try MisbehavingReceiver { _ in Reply.ok.held }
        let bench = try Bench {
            $0.threads = 1
            $0.youngInFlightLimit = 2
        }
        let target = try Bench.target(slow.url, timeout: 600_000, inFlight: 8)
        bench.pool.submit((1...8).map { Bench.job(Int64($0), target) })
        #expect(slow.waitForRequests(8).count == 8)
        slow.release()
        #expect(bench.waitForResults(8).allSatisfy { $0.outcome.succeeded })
    }

    @Test func jobsWaitingForAConnectionAreRecalled() throws {
        let silent = try mute()
        let bench = try Bench { $0.threads = 1 }
        let target = try Bench.target("https://127.0.0.1:\(silent.port)/", key: 1)
        bench.pool.submit((1...5).map { Bench.job(Int64($0), target) })
        #expect(silent.waitForConnections(1))
        bench.pool.recall(keys: [1])
        let recalled = bench.waitForRecalled(1)
        #expect(recalled.count + bench.pool.statistics.inFlight == 5)
        #expect(bench.results.isEmpty)
    }
}
