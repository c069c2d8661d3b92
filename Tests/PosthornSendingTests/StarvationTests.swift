@testable import PosthornSending
import Testing

@Suite struct StarvationTests {
    private let second: Int64 = 1_000_000_000

    @Test func starvationHoldsNothingBackUntilAFailure() {
        var starvation = Starvation()
        #expect(starvation.mayStart(inFlight: 10_000, now: 0) == true)
        #expect(starvation.check(now: 10 * second) == nil)
        #expect(starvation.wakeUp(hasWork: true) == .max)
    }

    @Test func requestsThatFailTogetherAreNewsOnceAndLeaveTheLowestNumber() {
        var starvation = Starvation()
        #expect(starvation.failed(inFlight: 30, now: 0) == .begins)
        #expect(starvation.failed(inFlight: 12, now: 0) == nil)
        #expect(starvation.failed(inFlight: 20, now: 0) == nil)
        #expect(starvation.mayStart(inFlight: 11, now: 1) == true)
        #expect(starvation.mayStart(inFlight: 12, now: 1) == false)
    }

    @Test func starvedThreadProbesOneExtraRequestPeriodically() {
        var starvation = Starvation()
        _ = starvation.failed(inFlight: 0, now: 0)
        #expect(starvation.wakeUp(hasWork: true) == Starvation.tryNanoseconds)
        #expect(starvation.mayStart(inFlight: 0, now: Starvation.tryNanoseconds - 1) == false)
        #expect(starvation.mayStart(inFlight: 0, now: Starvation.tryNanoseconds) == true)
        #expect(starvation.mayStart(inFlight: 1, now: Starvation.tryNanoseconds) == false)
        #expect(starvation.mayStart(inFlight: 1, now: 2 * Starvation.tryNanoseconds) == true)
    }

    @Test func starvationEndsAfterAQuietTime() {
        var starvation = Starvation()
        _ = starvation.failed(inFlight: 1, now: 0)
        _ = starvation.failed(inFlight: 1, now: second)
        #expect(starvation.check(now: Starvation.quietNanoseconds) == nil)
        #expect(starvation.wakeUp(hasWork: false) == second + Starvation.quietNanoseconds)
        #expect(starvation.check(now: second + Starvation.quietNanoseconds) == .ends)
        #expect(starvation.check(now: 9 * second) == nil)
        #expect(starvation.mayStart(inFlight: 1000, now: 9 * second) == true)
    }

    @Test func keptConnectionsGiveWayWhereDescriptorsAreFew() {
        func kept(_ limit: Int) -> Int { DescriptorBudget.connectionsPerShard(wanted: 4096, threads: 2, limit: limit) }
        #expect(kept(64) == 0)
        #expect(kept(128) == 1)
        #expect(kept(1024) == 12)
        #expect(kept(1_000_000) * ShardPlan.secureCount == 4096)
        for limit in [40, 128, 256, 1024, 20_000] { #expect(kept(limit) * 2 * ShardPlan.count <= limit) }
    }
}
