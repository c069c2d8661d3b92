import PosthornModel
import PosthornSystem
import PosthornTestSupport
import Synchronization
import Testing

@testable import PosthornSending

/// What waits because this machine cannot send it, and what does not.
@Suite struct FaultTests {
    private func names(_ count: Int, _ name: (Int) -> String) throws -> FakeNames {
        try FakeNames(Dictionary(uniqueKeysWithValues: (0..<count).map { (name($0), .addresses([NetworkAddress("127.0.0.1")!])) }))
    }

    /// 300 endpoints of one tenant whose name servers never answer, each in a domain of its own.
    @Test func oneTenantsDeadNameServersNeitherDelayAnotherNorUseUpAttemptsUnasked() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let names = try names(20) { "hooks.good\($0).example" }
        defer { names.open() }
        let bench = try Bench(lookup: names.ask) { $0.resolver.timeoutMilliseconds = 3000 }
        let dead = try (0..<300).map {
            try Bench.target("http://hooks.dead\($0).example:\(receiver.port)/", key: Int64(1000 + $0), owners: ["r", "bad"])
        }
        bench.pool.submit(dead.map { Bench.job($0.key, $0) })
        let good = try (0..<20).map {
            try Bench.target("http://hooks.good\($0).example:\(receiver.port)/", key: Int64($0), owners: ["r", "good"])
        }
        bench.pool.submit(good.map { Bench.job($0.key, $0) })
        let first = bench.waitForResults(20).prefix(20)
        #expect(first.allSatisfy { $0.outcome.succeeded && $0.job.id < 20 }, "\(first.first { !$0.outcome.succeeded }.debugDescription)")
        // A quarter of 72 look-ups is what a tenant below the top may have; those were asked for, and only they have failed.
        let limit = (8 + 64) / 4
        let failed = bench.waitForResults(20 + limit).dropFirst(20)
        #expect(failed.count == limit && failed.allSatisfy { $0.outcome.error == .dns })
        let asked = Set(names.asked)
        #expect(failed.allSatisfy { asked.contains($0.job.target.url.host) })
    }

    @Test func whenNoNameServerAnswersNothingIsAnAttempt() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let names = try FakeNames(["hooks.example": .noServer])
        let bench = try Bench(lookup: names.ask)
        let target = try Bench.target("http://hooks.example:\(receiver.port)/")
        bench.pool.submit((1...5).map { Bench.job($0, target) })
        #expect(bench.waitForFaults(1) == ["no_name_server begins"])
        names.set("hooks.example", .addresses([NetworkAddress("127.0.0.1")!]))
        let results = bench.waitForResults(5)
        #expect(results.count == 5 && results.allSatisfy { $0.outcome.succeeded })
        #expect(bench.waitForFaults(2) == ["no_name_server begins", "no_name_server over"])
    }

    /// The resolver never gets to the second name, which costs its endpoint no attempt and goes out at once when it does.
    @Test func aNameThatWaitsBehindOthersWaitsOn() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let names = try FakeNames(["good.example": .addresses([NetworkAddress("127.0.0.1")!])])
        let bench = try Bench(lookup: names.ask) {
            $0.resolver.threads = 1
            $0.resolver.slowThreads = 0
            $0.resolver.timeoutMilliseconds = 100
        }
        bench.pool.submit([Bench.job(1, try Bench.target("https://silent.example/", key: 1))])
        #expect(bench.waitForResults(1).map(\.job.id) == [1])
        bench.pool.submit([Bench.job(2, try Bench.target("http://good.example:\(receiver.port)/", key: 2))])
        bench.pool.submit([Bench.job(3, try Bench.target("https://silent.example/", key: 1))])
        #expect(bench.waitForResults(2).map(\.job.id) == [1, 3])
        names.open()
        let last = try #require(bench.waitForResults(3).last)
        #expect(last.job.id == 2 && last.outcome.succeeded, "\(last)")
    }

    @Test func silentNameServersAreNotTakenForSilentNames() throws {
        let names = try FakeNames([:])
        defer { names.open() }
        let bench = try Bench(serversAnswer: { false }, lookup: names.ask) { $0.resolver.timeoutMilliseconds = 100 }
        bench.pool.submit([Bench.job(1, try Bench.target("https://silent.example/"))])
        #expect(bench.waitForFaults(1) == ["no_name_server begins"])
        #expect(bench.results.isEmpty)
        bench.pool.startDraining()
        #expect(bench.waitForRecalled(1).map(\.id) == [1])
    }
}
