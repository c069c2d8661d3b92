import PosthornModel
import PosthornText
import Testing

@testable import PosthornLab

@Suite struct ThinkTimeTests {
    private static let second: Int64 = 1_000_000_000

    @Test func lengthsAreReadAsPeopleWriteThem() throws {
        let same = try ThinkTime("2s")
        #expect(same.shortest == 2 * Self.second && same.longest == 2 * Self.second)
        let range = try ThinkTime("0ms..1.5s")
        #expect(range.shortest == 0 && range.longest == 3 * Self.second / 2)
    }

    @Test(arguments: ["", "0s", "2", "2s..1s", "1s..", "..1s", "a..b", "1s...2s"])
    func whatIsNoneIsRefused(_ text: String) {
        let problem = #expect(throws: InputProblem.self) { try ThinkTime(text) }
        #expect(problem?.field == "think-time" && problem?.description.contains("500ms..2s") == true)
    }

    private static func plan(_ time: String, connections: Int, count: UInt64? = nil, seed: UInt64 = 7) throws -> LoadPlan {
        var plan = LoadPlan(.closed(connections: connections))
        plan.thinkTime = try ThinkTime(time)
        plan.nanoseconds = 10 * second
        plan.count = count
        plan.seed = seed
        return plan
    }

    /// The moments at which requests leave where each takes a quarter of a second.
    private static func moments(_ plan: LoadPlan) -> [Int64] {
        var pacer = LoadPacer(plan, start: 0, thread: 0, threads: 1)
        var (now, moments, open): (Int64, [Int64], [Int64]) = (0, [], [])
        while true {
            switch pacer.next(now: now) {
            case .end: return moments
            case .go(let intended):
                moments.append(intended)
                open.append(now + second / 4)
            case .wait(let until):
                if let answer = open.first, answer <= until {
                    open.removeFirst()
                    now = answer
                    pacer.answered(at: now)
                } else {
                    now = until
                }
            }
        }
    }

    @Test func callersBeginSpreadAndAskAgainWhenTheyHaveThought() throws {
        let moments = Self.moments(try Self.plan("1s", connections: 4))
        #expect(moments.prefix(4) == [0, Self.second / 4, Self.second / 2, 3 * Self.second / 4])
        // Each asks every 1.25 seconds: eight times in ten.
        #expect(moments.count == 32 && moments == moments.sorted())
        #expect(zip(moments, moments.dropFirst(4)).allSatisfy { $1 - $0 == 5 * Self.second / 4 })
    }

    @Test func theSameSeedThinksTheSame() throws {
        let plan = try Self.plan("100ms..2s", connections: 8)
        let moments = Self.moments(plan)
        let others = Self.moments(try Self.plan("100ms..2s", connections: 8, seed: 8))
        #expect(moments == Self.moments(plan) && moments != others)
        #expect(moments == moments.sorted() && moments.allSatisfy { $0 < 10 * Self.second })
    }

    @Test func aCountEndsItToo() throws {
        let plan = try Self.plan("1s", connections: 3, count: 5)
        #expect(Self.moments(plan).count == 5)
    }

    /// A receiver that asks to wait is waited for, and nothing of that is latency.
    @Test func whoHasThoughtWaitsForThePauseToEnd() throws {
        var pacer = LoadPacer(try Self.plan("1s", connections: 1), start: 0, thread: 0, threads: 1)
        #expect(pacer.next(now: 0) == .go(intended: 0))
        #expect(pacer.next(now: 1) == .wait(until: 10 * Self.second))
        pacer.answered(at: 100)
        #expect(pacer.skip(until: 5 * Self.second, now: 100) == [])
        #expect(pacer.next(now: 2 * Self.second) == .wait(until: 5 * Self.second))
        #expect(pacer.next(now: 5 * Self.second) == .go(intended: 5 * Self.second))
    }
}
