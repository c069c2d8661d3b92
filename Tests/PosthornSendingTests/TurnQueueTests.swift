@testable import PosthornSending
import Testing

@Suite struct TurnQueueTests {
    private let second: Int64 = 1_000_000_000

    private func queue(_ jobs: [(String, Int64)], limit: Int = 10, rate: Double? = nil) -> TurnQueue<String> {
        var queue = TurnQueue<String>()
        for (job, key) in jobs { queue.append(job, key: key, inFlightLimit: limit, ratePerSecond: rate, now: 0) }
        return queue
    }

    @Test func endpointsTakeTurnsHoweverMuchOneHas() {
        var queue = queue([("a1", 1), ("a2", 1), ("a3", 1), ("a4", 1), ("b1", 2), ("c1", 3), ("b2", 2)])
        var order: [String] = []
        while let (job, _) = queue.take(now: 0) { order.append(job) }
        #expect(order == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"])
        #expect(queue.count == 0)
    }

    @Test func anEndpointAtItsLimitWaitsAndLetsOthersThrough() throws {
        var queue = queue([("a1", 1), ("a2", 1), ("a3", 1), ("b1", 2)], limit: 2)
        let taken = queue.take(now: 0)
        let first = try #require(taken)
        #expect(queue.take(now: 0)?.job == "b1")
        #expect(queue.take(now: 0)?.job == "a2")
        #expect(queue.take(now: 0) == nil)
        #expect(!queue.mayHaveReady(now: 0))
        queue.finish(lane: first.lane, now: 0)
        #expect(queue.mayHaveReady(now: 0))
        #expect(queue.take(now: 0)?.job == "a3")
    }

    @Test func aRateIsKeptOverTime() {
        var queue = queue((0..<40).map { ("j\($0)", 1) }, limit: 100, rate: 10)
        func drain(_ now: Int64) -> Int {
            var count = 0
            while queue.take(now: now) != nil { count += 1 }
            return count
        }
        #expect(drain(0) == 10)
        #expect(queue.nextTokenAt == second / 10)
        #expect(drain(second / 10 - 1) == 0)
        #expect(drain(second / 10) == 1)
        #expect(drain(second) == 9)
        // After a long rest a second's worth is saved up, and no more.
        #expect(drain(100 * second) == 10)
    }

    @Test func aRateBelowOneASecondWorksToo() {
        var queue = queue([("a", 1), ("b", 1)], rate: 0.5)
        #expect(queue.take(now: 0)?.job == "a")
        #expect(queue.take(now: second) == nil)
        #expect(queue.nextTokenAt == 2 * second)
        #expect(queue.take(now: 2 * second)?.job == "b")
    }

    @Test func takingBackLeavesTheOthers() {
        var queue = queue([("a1", 1), ("b1", 2), ("a2", 1)])
        #expect(queue.removeAll(keys: [1], forgetting: true) == ["a1", "a2"])
        #expect(queue.count == 1)
        #expect(queue.take(now: 0)?.job == "b1")
        #expect(queue.take(now: 0) == nil)
        queue.append("a3", key: 1, inFlightLimit: 10, ratePerSecond: nil, now: 0)
        #expect(queue.take(now: 0)?.job == "a3")
    }

    /// An endpoint that is switched off and on again has no second's worth of requests for it.
    @Test func takingBackLeavesARateItsTokens() {
        var queue = queue([("a1", 1), ("a2", 1), ("b1", 2)], rate: 1)
        #expect(queue.take(now: 0)?.job == "a1" && queue.take(now: 0)?.job == "b1")
        #expect(queue.removeAll(keys: [1]) == ["a2"])
        queue.append("a2", key: 1, inFlightLimit: 10, ratePerSecond: 1, now: 0)
        #expect(queue.count == 1 && queue.take(now: second - 1) == nil && queue.nextTokenAt == second)
        #expect(queue.take(now: second)?.job == "a2")
        // Nothing waits while the token comes back, and that is found out once.
        queue.append("a3", key: 1, inFlightLimit: 10, ratePerSecond: 1, now: second)
        #expect(queue.removeAll(keys: [1]) == ["a3"])
        #expect(queue.take(now: 2 * second) == nil && queue.nextTokenAt == nil)
        queue.append("a3", key: 1, inFlightLimit: 10, ratePerSecond: 1, now: 2 * second)
        #expect(queue.take(now: 2 * second)?.job == "a3")
    }

    @Test func newerLimitsCount() {
        var queue = queue([("a1", 1), ("a2", 1)], limit: 1)
        #expect(queue.take(now: 0) != nil)
        #expect(queue.take(now: 0) == nil)
        queue.append("a3", key: 1, inFlightLimit: 3, ratePerSecond: nil, now: 0)
        #expect(queue.take(now: 0)?.job == "a2")
        #expect(queue.take(now: 0)?.job == "a3")
    }

    @Test func aNewRateEndsTheWaitForTheOldOnesToken() {
        var queue = queue([("a", 1), ("b", 1)], rate: 0.001)
        #expect(queue.take(now: 0)?.job == "a")
        #expect(queue.take(now: second) == nil)
        queue.append("c", key: 1, inFlightLimit: 10, ratePerSecond: 1000, now: second)
        #expect(queue.take(now: second)?.job == "b")
        queue.append("d", key: 1, inFlightLimit: 10, ratePerSecond: nil, now: second)
        #expect(queue.take(now: second)?.job == "c")
        #expect(queue.take(now: second)?.job == "d")
        #expect(queue.take(now: 5000 * second) == nil)
    }

    @Test func keysThatComeAndGoLeaveNothing() {
        var queue = TurnQueue<String>()
        for key in 0..<10_000 as Range<Int64> {
            queue.append("a", key: key, inFlightLimit: 2, ratePerSecond: key.isMultiple(of: 2) ? 1e-9 : nil, now: 0)
            queue.append("b", key: key, inFlightLimit: 2, ratePerSecond: key.isMultiple(of: 2) ? 1e-9 : nil, now: 0)
            var lanes: [Int] = []
            while let (_, lane) = queue.take(now: 0) { lanes.append(lane) }
            // Its place was another's before, whose rate must not be its own.
            #expect(lanes == (key.isMultiple(of: 2) ? [0] : [0, 0]))
            let left = queue.removeAll(keys: [key], forgetting: true)
            #expect(left == (key.isMultiple(of: 2) ? ["b"] : []))
            // What is on the wire keeps the place.
            #expect(queue.keyCount == 1)
            for lane in lanes { queue.finish(lane: lane, now: 0) }
            #expect(queue.keyCount == 0)
        }
        #expect(queue.waitingCount <= 130)
    }

    @Test func aKeyThatIsUsedAgainKeepsItsPlace() {
        var queue = queue([("a", 1)], limit: 1)
        let lane = queue.take(now: 0)?.lane
        #expect(queue.removeAll(keys: [1], forgetting: true).isEmpty)
        queue.append("b", key: 1, inFlightLimit: 1, ratePerSecond: nil, now: 0)
        if let lane { queue.finish(lane: lane, now: 0) }
        #expect(queue.keyCount == 1)
        #expect(queue.take(now: 0)?.job == "b")
        // Whatever waits is taken back at the end, when places do not matter any more.
        #expect(queue.removeAll(keys: nil).isEmpty && queue.keyCount == 1)
    }

    @Test func theFifoKeepsItsOrderWhileItsFrontIsUsedAgain() {
        var fifo = Fifo<Int>()
        var expected = 0
        for number in 0..<1000 {
            fifo.append(2 * number)
            fifo.append(2 * number + 1)
            #expect(fifo.popFirst() == expected)
            expected += 1
        }
        #expect(fifo.count == 1000)
        while let next = fifo.popFirst() {
            #expect(next == expected)
            expected += 1
        }
        #expect(expected == 2000)
    }
}
