@testable import PosthornSending
import Testing

@Suite struct SlowSharesTests {
    private static let limit = 64
    private var shares = SlowShares<TestClaimant>(limit: limit)
    private var slow = 0

    /// Lets requests start and hang until no more are admitted, or so many hang; says how many.
    private mutating func hang(_ nodes: [Int], lanes: Range<Int>, upTo most: Int = .max) -> Int {
        var count = 0
        while slow < Self.limit, count < most {
            let claimant = TestClaimant(nodes: nodes, lane: lanes.lowerBound + count % lanes.count)
            guard shares.admits(claimant, inFlight: slow) else { break }
            slow += 1
            _ = shares.hold(claimant, slowCount: slow)
            count += 1
        }
        return count
    }

    @Test mutating func oneTenantByItselfGetsThreeQuarters() {
        // And of those that were not counted, since few were slow, a part.
        let count = hang([1], lanes: 0..<1000)
        #expect((48...54).contains(count))
        #expect(shares.admits(TestClaimant(nodes: [2], lane: 1), inFlight: slow))
        #expect(!shares.admits(TestClaimant(nodes: [1], lane: 2000), inFlight: slow))
    }

    @Test mutating func placesAreLeftWhenSeveralTenantsHang() {
        for tenant in 0..<2 { _ = hang([tenant], lanes: 0..<1000) }
        #expect(slow < Self.limit)
        #expect(shares.admits(TestClaimant(nodes: [9], lane: 1), inFlight: slow))
    }

    @Test mutating func tenantsBelowTheSameNodeHaveTheirShares() {
        shares.firstLevel = 1
        let count = hang([1, 2], lanes: 0..<1000)
        #expect((48...54).contains(count))
        #expect(shares.admits(TestClaimant(nodes: [1, 3], lane: 1), inFlight: slow))
    }

    @Test mutating func aLevelFurtherDownGetsLess() {
        let count = hang([1, 2], lanes: 0..<1000)
        #expect((32...44).contains(count))
        #expect(shares.admits(TestClaimant(nodes: [1, 3], lane: 1), inFlight: slow))
        #expect(hang([1, 2, 3], lanes: 0..<1000) == 0)
    }

    @Test mutating func fewSlowRequestsAreNeitherCountedNorRefused() {
        let claimant = TestClaimant(nodes: [1], lane: 1)
        #expect(shares.hold(claimant, slowCount: Self.limit / 4) == nil)
        #expect(hang([1], lanes: 1..<2, upTo: Self.limit / 4) == Self.limit / 4)
        #expect(shares.admits(claimant, inFlight: Self.limit / 4))
    }

    @Test mutating func whoWaitsGoesOnWhenRequestsOfItsOwnHaveEnded() {
        let (many, few) = (TestClaimant(number: 1, nodes: [1], lane: 1), TestClaimant(number: 2, nodes: [2], lane: 2))
        let held = (17...Self.limit).compactMap { shares.hold(many, slowCount: $0) }
        #expect(held.count == Self.limit - 16)
        shares.wait(many)
        let hasNext = shares.hasNext(inFlight: Self.limit - 2)
        #expect(shares.waitingCount == 1 && !hasNext)
        shares.wait(few)
        #expect(shares.next(inFlight: Self.limit - 2) == few)
        #expect(shares.next(inFlight: Self.limit - 2) == nil)
        for claimant in held.prefix(40) { shares.release(claimant) }
        let hasNextNow = shares.hasNext(inFlight: Self.limit - 40)
        #expect(hasNextNow)
        #expect(shares.remove { $0.number == 1 } == [many] && shares.waitingCount == 0)
        #expect(shares.next(inFlight: 0) == nil)
    }
}

@Suite struct CommonNodesTests {
    private var common = CommonNodes()

    @Test mutating func endpointsOfOneNodeDifferThere() {
        let changes = [[1, 2, 3], [1, 2, 3]].map { common.see($0) }
        #expect(changes == [true, false] && common.firstLevel == 2 && !common.areSeveral)
    }

    @Test mutating func tenantsBelowOneNodeDifferBelowIt() {
        let levels = [[1, 2, 3], [1, 2, 4], [1], [1, 5], [6]].map { nodes in
            _ = common.see(nodes)
            return common.firstLevel
        }
        #expect(levels == [2, 2, 1, 1, 0] && common.areSeveral)
    }

    @Test mutating func endpointsWithoutNodesAreTheirOwnTenants() {
        let changes = [[], [1, 2], [1, 2]].map { common.see($0) }
        #expect(changes == [true, true, false] && common.firstLevel == 0 && common.areSeveral)
    }
}
