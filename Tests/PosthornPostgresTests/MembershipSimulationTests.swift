#if PostgreSQL
import Glibc
import PosthornStore
import PosthornTestSupport
import Testing

@testable import Posthorn
@testable import PosthornPostgres

/// Up to a hundred engines over 100,000 endpoints in virtual time: the rules and books of the code itself, over a database of values, with crashes,
/// pauses, partitions, slow statements, and clocks that run fast or slow, all from a seed.
@Suite(.limited(seconds: 300)) struct MembershipSimulationTests {
    @Test func endpointsAreSpreadEvenlyOverTheShards() {
        var counts = [Int](repeating: 0, count: ShardSet.count)
        for key in 1...100_000 as ClosedRange<Int64> { counts[ShardSet.shard(ofEndpoint: key)] += 1 }
        #expect(counts.allSatisfy { $0 == 1562 || $0 == 1563 })
    }

    /// How many schedules each part of the test has: POSTHORN_SIMULATED_SCHEDULES for more than a build server's.
    private static let schedules = getenv("POSTHORN_SIMULATED_SCHEDULES").flatMap { Int(String(cString: $0)) } ?? 10

    @Test(arguments: 0..<4)
    func noShardHasTwoOwnersAndNoneIsWithoutForLongWhateverHappens(_ part: Int) {
        for number in 0..<Self.schedules {
            let seed = part * Self.schedules + number + 1
            var world = SimulatedCluster(seed: UInt64(seed), engines: 2 + number % 7)
            // Many faults at once, or time for the shards to be owned again.
            world.faultsPerMinute = number % 2 == 0 ? 30 : 6
            world.run(seconds: 60)
            if let fault = world.fault {
                Issue.record("seed \(seed): \(fault)")
                return
            }
        }
    }

    @Test(arguments: [1] as [UInt64]) func aHundredEnginesShareSixtyFourShards(_ seed: UInt64) {
        var world = SimulatedCluster(seed: seed, engines: 100)
        world.run(seconds: 120)
        #expect(world.fault == nil, "\(world.fault ?? "")")
        world.heal()
        world.run(seconds: 40)
        #expect(world.fault == nil, "\(world.fault ?? "")")
        #expect(world.ownedCounts.allSatisfy { $0 <= 1 } && world.ownedCounts.reduce(0, +) == ShardSet.count, "\(world.ownedCounts)")
    }

    @Test(arguments: [1, 3, 4, 7, 12]) func aJoinAndALeaveMoveNoMoreShardsThanTheyMust(_ engines: Int) {
        var world = SimulatedCluster(seed: 7, engines: engines)
        world.faultsPerMinute = 0
        world.run(seconds: 60)
        let before = world.moves
        world.join()
        world.run(seconds: 60)
        // The newcomer's part, and nothing between the others.
        #expect(world.moves - before == ShardSet.count / (engines + 1), "\(world.moves - before)")
        let (moves, owned) = (world.moves, world.ownedCounts[0])
        world.leave(0)
        world.run(seconds: 60)
        #expect(world.fault == nil && world.moves - moves == owned, "\(world.moves - moves)")
        #expect(world.ownedCounts.reduce(0, +) == ShardSet.count)
    }

    /// A rule that is broken must be found: with a shorter patience than the lease, others take what its owner still delivers.
    @Test func anObserverThatIsTooHastyIsFound() {
        let found = (1...200 as ClosedRange<UInt64>).contains { seed in
            var world = SimulatedCluster(seed: seed, engines: 4)
            world.observedFactor = 3
            world.run(seconds: 90)
            return world.fault?.contains("two owners") == true
        }
        #expect(found)
    }
}
#endif
