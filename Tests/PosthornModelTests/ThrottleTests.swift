import PosthornModel
import Testing
import PosthornText

@Suite struct ThrottleTests {
    private let start = Timestamp(milliseconds: 1_000_000)

    private func moment(_ milliseconds: Int64) -> Timestamp { start.advanced(byMilliseconds: milliseconds) }

    @Test func throttledEndpointStartsNothingBeforeItsTime() {
        var throttle = Throttle(toWait: 5000, at: start)
        #expect(throttle.until == moment(5000))
        let turns = [0, 1, 4999, 5000].map { throttle.turn(at: moment($0)) }
        #expect(turns == [.at(moment(5000)), .at(moment(5000)), .at(moment(5000)), .now])
        throttle.take(1)
        let later = [5000, 6000].map { throttle.turn(at: moment($0)) }
        #expect(later == [.at(moment(6000)), .now])
    }

    @Test(arguments: [86_400_001, 1 << 62, .max] as [Int64]) func throttleIsLimitedToADay(wait: Int64) {
        let day = moment(86_400_000)
        #expect(Throttle(toWait: wait, at: start).until == day)
        var asked = Throttle(toWait: 1000, at: start)
        let isNews = asked.asked(toWait: wait, started: start, at: start)
        #expect(!isNews && asked.until == day)
        // Nor because the clock was put back.
        let turn = asked.turn(at: moment(-500_000_000))
        #expect(turn == .at(moment(-413_600_000)))
    }

    @Test func simultaneousRefusalsCountOnce() {
        var throttle = Throttle(toWait: 1000, at: start)
        let again = throttle.asked(toWait: 1000, started: moment(-10), at: moment(5))
        #expect(!again && throttle.until == moment(1005) && throttle.ratePerSecond == 1)
        // A shorter wish does not shorten it.
        let shorter = throttle.asked(toWait: 10, started: moment(-10), at: moment(5))
        #expect(!shorter && throttle.until == moment(1005))
        let afterwards = throttle.asked(toWait: 1000, started: moment(1005), at: moment(1010))
        #expect(afterwards && throttle.until == moment(2010))
    }

    /// Runs a receiver that takes `limit` requests a second and asks for a second's peace beyond that.
    /// - Returns: What was taken and refused in each second.
    private func run(limit: Int, seconds: Int) -> [(taken: Int, refused: Int)] {
        var throttle = Throttle(toWait: 1000, at: start)
        var counts: [(taken: Int, refused: Int)] = []
        for second in 1...seconds {
            var count = (taken: 0, refused: 0)
            for tick in stride(from: 0, to: 1000, by: 10) {
                let now = moment(Int64(second * 1000 + tick))
                while throttle.turn(at: now) == .now {
                    throttle.take(1)
                    if count.taken < limit {
                        count.taken += 1
                        throttle.succeeded()
                    } else {
                        count.refused += 1
                        _ = throttle.asked(toWait: 1000, started: now, at: now)
                    }
                    if throttle.isOver(at: now) { return counts + [count] }
                }
            }
            counts.append(count)
        }
        return counts
    }

    @Test func aReceiverWithoutALimitIsFreeInElevenSeconds() {
        let counts = run(limit: .max, seconds: 60)
        #expect(counts.map(\.taken).prefix(5).elementsEqual([1, 2, 4, 8, 16]), "\(counts)")
        #expect(counts.count <= 12, "\(counts)")
    }

    @Test(arguments: [1, 2, 5, 50, 300]) func aLimitIsFoundAndSeldomExceeded(limit: Int) {
        let counts = run(limit: limit, seconds: 300).dropFirst(20)
        let taken = counts.reduce(0) { $0 + $1.taken }
        let refused = counts.reduce(0) { $0 + $1.refused }
        // More than half of what it takes, and for each refusal several that are taken, but where it takes one a second.
        #expect(taken * 2 > limit * counts.count, "\(taken) taken")
        #expect(refused * min(limit, 5) <= taken * 2, "\(refused) refused, \(taken) taken")
        #expect(counts.allSatisfy { $0.refused <= 1 + limit / 4 })
    }

    /// 300 events for a receiver that takes five a second and answers 429 with `Retry-After: 1` to all others: nothing is exhausted.
    @Test func aReceiverWithALimitExhaustsNothing() {
        var deliveries = Array(repeating: Transition(state: .pending, attempts: 0, nextAttemptAt: start), count: 300)
        var throttle: Throttle?
        var now = start
        var takenInSecond: [Int64: Int] = [:]
        var refused = 0
        while deliveries.contains(where: { $0.state == .pending }), now < moment(90_000_000) {
            // As many as a new endpoint may have on the wire, before it has said anything.
            var left = throttle == nil ? 64 : Int.max
            for (i, delivery) in deliveries.enumerated() where delivery.state == .pending {
                guard let due = delivery.nextAttemptAt, due <= now, left > 0 else { continue }
                if throttle?.turn(at: now) ?? .now != .now { break }
                throttle?.take(1)
                left -= 1
                let second = now.milliseconds / 1000
                let isTaken = takenInSecond[second, default: 0] < 5
                if isTaken { takenInSecond[second, default: 0] += 1 } else { refused += 1 }
                deliveries[i] = Transition.after(
                    attempt: delivery.attempts + 1,
                    round: DeliveryRound(),
                    started: now,
                    ended: now,
                    succeeded: isTaken,
                    retryAfterMilliseconds: isTaken ? nil : 1000,
                    schedule: .standard
                )
                if isTaken { throttle?.succeeded() }
                if !isTaken { _ = throttle?.asked(toWait: 1000, started: now, at: now) }
            }
            if throttle == nil { throttle = Throttle(toWait: 1000, at: now) }
            // On to the next moment at which anything is due.
            let due = deliveries.lazy.filter { $0.state == .pending }.compactMap(\.nextAttemptAt).min() ?? now
            now = max(now.advanced(byMilliseconds: 10), due)
        }
        #expect(deliveries.allSatisfy { $0.state == .delivered })
        #expect(deliveries.map(\.attempts).max() ?? 5 < 5)
        #expect(refused < 200, "\(now.milliseconds - start.milliseconds) ms, \(refused) refused")
    }

    @Test func anIdleThrottleDoesNotRiseAndIsForgotten() {
        var throttle = Throttle(toWait: 1000, at: start)
        let turn = throttle.turn(at: moment(60_000))
        #expect(turn == .now && throttle.ratePerSecond == 1)
        #expect(!throttle.isOver(at: moment(600_999)) && throttle.isOver(at: moment(601_000)))
    }
}
