import PosthornHTTP
import PosthornModel
import PosthornSending
import PosthornText
import Testing

@testable import PosthornLab

/// One plan for several receivers.
@Suite struct LoadDivisionTests {
    private static func open(_ text: String, isPoisson: Bool = false) throws -> LoadPlan {
        LoadPlan(.open(try RateSpecification(text), poisson: isPoisson))
    }

    /// The moments of all receivers' requests, in order.
    private static func moments(_ plans: [LoadPlan]) -> [[Int64]] {
        plans.map { plan in
            var arrivals = LoadArrivals(plan, start: 0, thread: 0, threads: 1)
            var moments: [Int64] = []
            while let due = arrivals.due {
                moments.append(due)
                arrivals.advance()
            }
            return moments
        }
    }

    @Test(arguments: [
        (10, [1.0, 1, 1], [4, 3, 3]), (10, [3, 1], [8, 2]), (2, [1, 1, 1], [1, 1, 1]), (100, [1, 999], [1, 99]), (7, [0.5], [7]),
    ])
    func partsAreWholeAndNobodyIsLeftOut(_ total: Int, _ weights: [Double], _ parts: [Int]) {
        #expect(LoadPlan.parts(of: total, weights, atLeast: 1) == parts)
    }

    @Test func evenRequestsOfEqualReceiversTakeTurns() throws {
        let moments = Self.moments(try Self.open("300:2s").divided(by: [1, 1, 1]))
        #expect(moments.map(\.count) == [200, 200, 200])
        // Together they are as evenly spaced as those of one receiver, but for the rounding to nanoseconds.
        let all = moments.flatMap { $0 }.sorted()
        let one = Self.moments([try Self.open("300:2s")])[0]
        #expect(zip(all, one).allSatisfy { abs($0 - $1) <= 1 })
    }

    @Test(arguments: [false, true]) func ratesFollowTheWeightsStepByStep(_ isPoisson: Bool) throws {
        let plans = try Self.open("1000:10s,200:10s", isPoisson: isPoisson).divided(by: [3, 1])
        let counts = Self.moments(plans).map { moments in
            [moments.count { $0 < 10_000_000_000 }, moments.count { $0 >= 10_000_000_000 }]
        }
        let planned = [[7500, 1500], [2500, 500]]
        for (count, wanted) in zip(counts.flatMap { $0 }, planned.flatMap { $0 }) {
            // Independent callers: five standard deviations.
            #expect(abs(Double(count - wanted)) <= (isPoisson ? 5 * Double(wanted).squareRoot() : 1))
        }
        if isPoisson { #expect(Self.moments(plans)[0].first != Self.moments(plans)[1].first) }
    }

    @Test func countsConnectionsAndPlacesAreShared() throws {
        var plan = LoadPlan(.closed(connections: 10))
        (plan.count, plan.inFlightLimit, plan.threads) = (101, 100, 2)
        let plans = plan.divided(by: [4, 1])
        #expect(plans.map(\.count) == [81, 20] && plans.map(\.slots) == [8, 2] && plans.map(\.inFlightLimit) == [80, 20])
        #expect(plans.map(\.threads) == [1, 1])
    }
}

/// What is left of a schedule when the time is over.
@Suite struct OverrunTests {
    @Test(arguments: ["1000:1s", "100:700ms,900:1s,3:10s", "7"], [0, 1, 250, 1000])
    func requestsLeftOverAreCountedByTheSchedule(_ rate: String, _ taken: Int) throws {
        var schedule = ArrivalSchedule(try RateSpecification(rate), spacing: .even)
        for _ in 0..<taken { _ = schedule.next() }
        for end: Int64 in [0, 1, 699_999_999, 700_000_000, 1_500_000_001, 4_000_000_000] {
            var rest = schedule
            var counted: [Int: UInt64] = [:]
            while let arrival = rest.next(), arrival.nanoseconds < end { counted[arrival.step, default: 0] += 1 }
            let said = Dictionary(uniqueKeysWithValues: schedule.remaining(before: end).map { ($0.step, $0.count) })
            #expect(said == counted, "before \(end)")
        }
    }

    /// A schedule far beyond the machine ends a second after its time, with what it left over counted, however many threads.
    @Test(arguments: [1, 3]) func aScheduleBeyondTheMachineEndsInTime(_ threads: Int) throws {
        var plan = LoadPlan(.open(try RateSpecification("1000000"), poisson: false))
        plan.nanoseconds = 3_600_000_000_000
        var sent: UInt64 = 0
        var left: UInt64 = 0
        for thread in 0..<threads {
            var pacer = LoadPacer(plan, start: 0, thread: thread, threads: threads)
            // When each thread's first request is due.
            var now: Int64 = 3000
            // Ten requests of a second and a half each.
            while case .go = pacer.next(now: now) {
                sent += 1
                now += 360_100_000_000
            }
            #expect(now < plan.nanoseconds! + 360_100_000_000 && pacer.abandoned?.wasHeldBack == false)
            left += pacer.abandoned?.counts[0] ?? 0
        }
        #expect(sent == UInt64(10 * threads) && sent + left == 3_600_000_000)
    }

    @Test func waitingRequestsMayLeaveUntilTheirAnswerWouldBeTooLate() throws {
        var plan = LoadPlan(.open(try RateSpecification("10"), poisson: false))
        (plan.nanoseconds, plan.timeoutMilliseconds) = (1_000_000_000, 5000)
        for (moment, isEnd): (Int64, Bool) in [(5_999_999_999, false), (6_000_000_000, true)] {
            var pacer = LoadPacer(plan, start: 0, thread: 0, threads: 1)
            #expect(pacer.next(now: 0) == .go(intended: 0))
            pacer.holdBack()
            let step = pacer.next(now: moment)
            #expect(step == (isEnd ? .end : .go(intended: 100_000_000)))
            #expect((pacer.abandoned == LoadPacer.Abandoned(counts: [0: 9], wasHeldBack: true)) == isEnd)
        }
    }

    /// A stop takes out what was due, and not what was about to leave.
    @Test func whatIsDueAtAStopIsGivenUp() throws {
        var plan = LoadPlan(.open(try RateSpecification("1000"), poisson: false))
        plan.count = 500
        // A place became free after 101 ms, and 51 requests have left since.
        func pacer(taken: Int) -> LoadPacer {
            var pacer = LoadPacer(plan, start: 0, thread: 0, threads: 1)
            #expect(pacer.next(now: 0) == .go(intended: 0))
            pacer.holdBack()
            for _ in 0..<taken { _ = pacer.next(now: 101_000_000) }
            return pacer
        }
        var (free, full) = (pacer(taken: 50), pacer(taken: 50))
        let late = free.giveUp(at: 210_000_000)
        #expect(late.map(\.due) == (51...200).map { $0 * 1_000_000 } && late.count { $0.wasHeldBack } == 51)
        full.holdBack()
        #expect(full.giveUp(at: 210_000_000).map(\.wasHeldBack) == (51...200).map { _ in true })
        // No more than were to be sent.
        var last = pacer(taken: 50)
        #expect(last.giveUp(at: 3_600_000_000_000).last?.due == 499_000_000 && last.next(now: 3_600_000_000_000) == .end)
        var punctual = pacer(taken: 100)
        #expect(punctual.giveUp(at: 110_000_000).isEmpty)
    }

    @Test func whatWasGivenUpCountsForItsType() throws {
        var tally = LoadTally(types: 2)
        for type in [0, 1] { for _ in 0..<100 { tally.take(.answered(after: 1_000_000), .plain, start: 0, type: type) } }
        tally.take(.init(counts: [0: 30, 1: 20], wasHeldBack: true), types: [1: 50], waited: 15_000_000_000)
        let facts = LoadReport.Facts(
            target: "x",
            began: Timestamp(milliseconds: 0),
            plan: LoadPlan(.open(try RateSpecification("250:1s"), poisson: false)),
            types: ["a", "b"]
        )
        let report = LoadReport(facts, tally)
        #expect(report.types.map(\.measurements.requests) == [100, 150] && report.requests == 250)
        #expect(report.verdicts([try Expectation("errors{type:*}<1%")]).map(\.outcome) == [.kept, .missed])
    }

    @Test func onlyRequestsHeldUpByTheReceiverCountAgainstIt() throws {
        var own = LoadTally()
        var held = LoadTally()
        for _ in 0..<1000 {
            own.take(.after(1))
            held.take(.after(1))
        }
        own.take(.init(counts: [0: 500], wasHeldBack: false), waited: 1_000_000_000)
        held.take(.init(counts: [0: 500], wasHeldBack: true), waited: 15_000_000_000)
        let bounds = try ["p90<200ms", "errors<1%"].map { try Expectation($0) }
        let plan = LoadPlan(.open(try RateSpecification("1500:1s"), poisson: false))
        let (late, slow) = (LoadReport.of(own, plan: plan), LoadReport.of(held, plan: plan))
        #expect(late.verdicts(bounds).map(\.outcome) == [.unknown, .unknown] && late.all.unsent == 500)
        #expect(slow.verdicts(bounds).map(\.outcome) == [.missed, .missed] && slow.all.unanswered.count == 500)
        #expect(late.requests == 1500 && slow.requests == 1500 && slow.errorsByClass == ["timeout": 500])
    }
}
