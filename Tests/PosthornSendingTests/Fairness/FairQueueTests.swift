@testable import PosthornSending
import Testing

/// A job of an endpoint somewhere in the hierarchy.
struct TestClaimant: Claimant, Equatable {
    var number = 0
    var nodes: [Int] = []
    var lane = 0
}

@Suite struct FairQueueTests {
    private var queue = FairQueue<Int>()

    private func claimant(_ nodes: [Int], _ lane: Int) -> TestClaimant { TestClaimant(nodes: nodes, lane: lane) }

    /// Takes out everything, and holds one for each.
    private mutating func takeAll(_ rule: FairQueue<Int>.Rule = { _, _ in true }) -> [Int] {
        var taken: [Int] = []
        while let (element, claimant) = queue.popFirst(rule) {
            taken.append(element)
            queue.hold(claimant)
        }
        return taken
    }

    @Test mutating func oneEndpointsElementsComeInOrder() {
        for element in 0..<3 { queue.append(element, for: claimant([1, 2], 7)) }
        #expect(queue.first() == 0)
        #expect(takeAll() == [0, 1, 2] && queue.isEmpty)
    }

    @Test mutating func tenantsTakeTurnsHoweverManyEndpointsTheyHave() {
        for element in 0..<4 { queue.append(element, for: claimant([1], element)) }
        for element in 10..<12 { queue.append(element, for: claimant([2], 10)) }
        #expect(takeAll() == [0, 10, 1, 11, 2, 3])
    }

    @Test mutating func nodesBelowATenantTakeTurnsAsWell() {
        for element in 0..<4 { queue.append(element, for: claimant([1, 2], element)) }
        queue.append(10, for: claimant([1, 3], 10))
        queue.append(20, for: claimant([4], 20))
        #expect(takeAll() == [0, 20, 10, 1, 2, 3])
    }

    @Test mutating func whoHoldsLeastIsNext() {
        let held = (0..<3).map { _ in queue.hold(claimant([1], 1)) }
        queue.append(1, for: claimant([1], 1))
        for element in 10..<15 { queue.append(element, for: claimant([2], 2)) }
        // The second tenant has as many as the first by then, who has waited longer.
        #expect(takeAll() == [10, 11, 12, 1, 13, 14])
        for claimant in held { queue.release(claimant) }
        #expect(!queue.isIdle)
    }

    @Test mutating func returnedSharesCountAtOnce() {
        let held = (0..<5).map { _ in queue.hold(claimant([1], 1)) }
        _ = queue.hold(claimant([2], 2))
        queue.append(1, for: claimant([1], 1))
        queue.append(2, for: claimant([2], 2))
        for claimant in held { queue.release(claimant) }
        #expect(queue.first() == 1)
    }

    @Test mutating func aRuleIsAskedAtEachLevelAndHoldsBackNobodyElse() {
        for _ in 0..<2 { _ = queue.hold(claimant([1, 2], 1)) }
        for _ in 0..<3 { _ = queue.hold(claimant([5, 6], 2)) }
        queue.append(1, for: claimant([1, 2], 1))
        queue.append(3, for: claimant([5, 7], 3))
        let rule: FairQueue<Int>.Rule = { level, held in level != 1 || held < 2 }
        #expect(queue.may(claimant([1, 9], 1), rule) && queue.may(claimant([8], 8), rule))
        #expect(!queue.may(claimant([1, 2], 4), rule))
        #expect(takeAll(rule) == [3])
        #expect(queue.first() == 1 && queue.first(rule) == nil)
    }

    @Test mutating func theOrderOfTwoClaimantsIsKnown() {
        _ = queue.hold(claimant([1], 1))
        let listed = queue.append(1, for: claimant([1], 1))
        #expect(queue.precedes(claimant([2], 2), listed) && queue.precedes(claimant([1], 3), listed))
        #expect(!queue.precedes(claimant([1], 1), listed))
    }

    @Test mutating func elementsCanBeTakenBack() {
        for element in 0..<6 { queue.append(element, for: claimant([element % 2], element % 3)) }
        #expect(queue.remove { $0 < 4 }.sorted() == [0, 1, 2, 3])
        #expect(takeAll().sorted() == [4, 5] && queue.isEmpty)
    }

    @Test mutating func idleBranchesAreForgottenWhenThereAreMany() {
        queue.append(-1, for: claimant([1, 2], 3))
        let held = queue.hold(claimant([4], 5))
        for number in 0..<10_000 { queue.release(queue.hold(claimant([100 + number], number))) }
        #expect(queue.count < 1000)
        #expect(takeAll() == [-1])
        queue.release(held)
        #expect(!queue.isIdle && queue.isEmpty)
    }

    /// Whatever happens in whatever order, each element comes out once, and the least holder's first.
    @Test mutating func manyStepsAtRandom() {
        var random = SplitMix(state: 42)
        var (waiting, held): ([Int: [Int]], [(tenant: Int, claimant: Int)]) = ([:], [])
        for step in 0..<20_000 {
            let tenant = Int(random.next() % 6)
            switch random.next() % 3 {
            case 0:
                queue.append(step, for: claimant([tenant], step % 9))
                waiting[tenant, default: []].append(step)
            case 1:
                guard let (element, claimant) = queue.popFirst() else { continue }
                queue.hold(claimant)
                let owner = waiting.first { $0.value.contains(element) }?.key ?? -1
                let counts = (0..<6).map { tenant in held.count { $0.tenant == tenant } }
                let least = waiting.keys.filter { waiting[$0]?.isEmpty == false }.map { counts[$0] }.min()
                #expect(owner >= 0 && counts[owner] == least)
                waiting[owner]?.removeAll { $0 == element }
                held.append((owner, claimant))
            default:
                if held.isEmpty { continue }
                queue.release(held.remove(at: Int(random.next() % UInt64(held.count))).claimant)
            }
        }
        #expect(takeAll().count == waiting.values.reduce(0) { $0 + $1.count })
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            return mixed ^ (mixed >> 31)
        }
    }
}

@Suite struct WaitingLineTests {
    private var line = WaitingLine<TestClaimant>()

    private mutating func wait(_ numbers: Range<Int>, _ nodes: [Int], _ lane: Int) {
        for number in numbers { line.append(TestClaimant(number: number, nodes: nodes, lane: lane)) }
    }

    @Test mutating func oneEndpointsRequestsAreNotCounted() {
        wait(0..<3, [1], 1)
        #expect(line.first()?.number == 0)
        let claimants = (0..<3).compactMap { _ in line.popFirst()?.claimant }
        #expect(claimants == Array(repeating: WaitingLine<TestClaimant>.uncounted, count: 3) && line.isEmpty)
        #expect(line.hold(TestClaimant(nodes: [1], lane: 1)) == WaitingLine<TestClaimant>.uncounted)
    }

    @Test mutating func aSecondTenantDoesNotWaitBehindAllOfTheFirstOnes() {
        wait(0..<4, [1], 1)
        wait(10..<12, [2], 2)
        var order: [Int] = []
        var claimants: [Int] = []
        while let (waiter, claimant) = line.popFirst() {
            order.append(waiter.number)
            claimants.append(claimant)
        }
        #expect(order == [0, 10, 1, 11, 2, 3])
        // All of them hang; the next one of the second tenant goes before those of the first, which came before.
        wait(4..<6, [1], 3)
        wait(12..<13, [2], 4)
        #expect(line.first()?.number == 12)
        for claimant in claimants { line.release(claimant) }
        #expect(line.popFirst()?.waiter.number == 4)
    }

    @Test mutating func lineIsUncountedAgainOnceNothingIsCounted() throws {
        wait(0..<1, [1], 1)
        wait(1..<2, [2], 2)
        for _ in 0..<2 {
            let next = line.popFirst()
            line.release(try #require(next).claimant)
        }
        wait(2..<3, [1], 1)
        #expect(line.popFirst()?.claimant == WaitingLine<TestClaimant>.uncounted)
    }

    @Test mutating func requestsCanBeTakenBack() {
        wait(0..<4, [1], 1)
        #expect(line.remove { $0.number > 1 }.map(\.number) == [2, 3])
        wait(4..<6, [2], 2)
        #expect(line.remove { $0.number % 2 == 0 }.map(\.number).sorted() == [0, 4])
        #expect(line.remove { _ in true }.count == 2 && line.isEmpty)
    }
}
