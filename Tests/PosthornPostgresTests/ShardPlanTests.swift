#if PostgreSQL
import PosthornStore
import Testing

@testable import PosthornPostgres

/// How engines divide the shards, and how they tell which of them are dead: values alone.
@Suite struct ShardPlanTests {
    @Test func theOnlyEngineWantsEverything() {
        let plan = ShardPlan(of: 1, among: [1], owners: [:])
        #expect(plan.shards == .none && plan.wanted == .all && plan.recalled == .none)
    }

    @Test func whoComesLaterIsGivenAPart() {
        let owners = Dictionary(uniqueKeysWithValues: (0..<64).map { ($0, Int64(1)) })
        let first = ShardPlan(of: 1, among: [1, 2], owners: owners)
        #expect(first.shards == .all && first.wanted.isEmpty && first.recalled.numbers == Array(32..<64))
        let second = ShardPlan(of: 2, among: [1, 2], owners: owners)
        #expect(second.shards.isEmpty && second.wanted.isEmpty && second.recalled.isEmpty)
    }

    @Test func whatAnEngineHasThatIsGoneIsFree() {
        let owners = Dictionary(uniqueKeysWithValues: (0..<64).map { ($0, Int64($0 < 32 ? 1 : 9)) })
        let plan = ShardPlan(of: 1, among: [1], owners: owners)
        #expect(plan.shards.numbers == Array(0..<32) && plan.wanted.numbers == Array(32..<64) && plan.recalled.isEmpty)
        #expect(plan.gone == [9])
    }

    /// Engines come and go at random; whenever nobody has, all shards have one owner each, and none has more than its part for longer
    /// than it takes to give it up.
    @Test(arguments: 0..<50 as Range<UInt64>)
    func theyComeToAnEnd(_ seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func random(_ limit: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(limit))
        }
        var engines: [Int64] = []
        var owners: [Int: Int64] = [:]
        for step in 1...40 {
            if engines.isEmpty || random(2) == 0 {
                engines.append(Int64(step))
            } else {
                let gone = engines.remove(at: random(engines.count))
                owners = owners.filter { $0.value != gone }
            }
            var moves = 0
            while let next = engines.first(where: { ShardPlan.isUnsettled(of: $0, engines, owners) }) {
                let plan = ShardPlan(of: next, among: engines, owners: owners)
                for shard in plan.recalled.numbers { owners[shard] = nil }
                for shard in plan.wanted.numbers where owners[shard] == nil { owners[shard] = next }
                moves += 1
                if moves > 1000 { break }
            }
            #expect(moves <= 1000)
            guard !engines.isEmpty else { continue }
            #expect(owners.count == ShardSet.count)
            let counts = engines.map { engine in owners.values.filter { $0 == engine }.count }
            #expect((counts.max() ?? 0) <= (ShardSet.count + engines.count - 1) / engines.count)
            #expect((counts.min() ?? 0) >= ShardSet.count / engines.count, "\(counts)")
        }
    }

    @Test func anEngineIsDeadWhenItsNumberHasStoodStillForLongerThanItsLease() {
        var observer = BeatObserver()
        let (a, b) = (BeatObserver.Beat(engine: 1, beat: 7), BeatObserver.Beat(engine: 2, beat: 3))
        #expect(BeatObserver.patienceNanoseconds > BeatObserver.leaseNanoseconds)
        #expect(observer.look([a, b], at: 0).isEmpty)
        #expect(observer.look([a, .init(engine: 2, beat: 4)], at: BeatObserver.patienceNanoseconds - 1).isEmpty)
        #expect(observer.look([a, .init(engine: 2, beat: 4)], at: BeatObserver.patienceNanoseconds) == [a])
        // One that went and came back under its old number begins anew.
        #expect(observer.look([], at: BeatObserver.patienceNanoseconds).isEmpty)
        #expect(observer.look([a], at: 2 * BeatObserver.patienceNanoseconds).isEmpty)
    }
}

extension ShardPlan {
    fileprivate static func isUnsettled(of engine: Int64, _ engines: [Int64], _ owners: [Int: Int64]) -> Bool {
        let plan = ShardPlan(of: engine, among: engines, owners: owners)
        return !plan.wanted.isEmpty || !plan.recalled.isEmpty
    }
}
#endif
