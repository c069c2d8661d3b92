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
            var tally = LoadTally()
            tally.take(try #require(pacer.abandoned))
            #expect(tally.all.requests == pacer.abandoned?.counts[0])
            #expect(tally.timeline.intervals.reduce(0) { $0 + $1.errors } == tally.all.requests)
            #expect(tally.timeline.intervals.last?.errors ?? 0 > 0)
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
            #expect((pacer.abandoned?.counts == [0: 9] && pacer.abandoned?.wasHeldBack == true) == isEnd)
        }
    }

    private static func abandoned(
        _ rate: String,
        isPoisson: Bool = false,
        thread: Int = 0,
        of threads: Int = 1,
        wasHeldBack: Bool
    ) throws -> AbandonedRequests {
        let plan = LoadPlan(.open(try RateSpecification(rate), poisson: isPoisson))
        let arrivals = LoadArrivals(plan, start: 0, thread: thread, threads: threads)
        let waited: Int64 = wasHeldBack ? 15_000_000_000 : 1_000_000_000
        let end = plan.plannedNanoseconds ?? 0
        return AbandonedRequests(arrivals, before: end, atMost: .max, wasHeldBack: wasHeldBack, waited: waited)
    }

    /// Counted by the schedule or one by one, they are as many, in the same steps and stretches of time.
    @Test(arguments: [1, 3], ["500:1s", "100..900:700ms,3:10s,50:1s"]) func portionsAreTheMomentsCounted(_ threads: Int, _ rate: String)
        throws
    {
        for thread in 0..<threads {
            let abandoned = try Self.abandoned(rate, thread: thread, of: threads, wasHeldBack: true)
            let quick = abandoned.portions(of: 100_000_000, isCountedOneByOne: false)
            #expect(quick == abandoned.portions(of: 100_000_000, isCountedOneByOne: true) && !quick.isEmpty)
            let counts = Dictionary(quick.map { ($0.step, $0.count) }, uniquingKeysWith: +)
            #expect(counts == abandoned.counts)
        }
    }

    /// Independent callers too have as many lines as are counted, and they are in order among those that have ended.
    @Test func samplesOfWhatWasGivenUpAreAsManyAsAreCounted() throws {
        var tally = LoadTally()
        for thread in 0..<3 {
            let abandoned = try Self.abandoned("200:1s", isPoisson: true, thread: thread, of: 3, wasHeldBack: thread == 0)
            tally.take(abandoned, keepsSamples: true)
        }
        for i in 0..<10 {
            let answer = LoadAnswer.after(5, at: Int64(i) * 150_000_000)
            tally.take(answer)
            tally.samples.append(LoadSample(answer, start: 0))
        }
        let report = LoadReport.of(tally)
        var samples: [LoadSample] = []
        #expect(
            report.forEachSample { sample in
                samples.append(sample)
                return true
            }
        )
        #expect(UInt64(samples.count) == report.requests && samples.count > 150)
        #expect(samples.map(\.intended) == samples.map(\.intended).sorted())
        #expect(samples.count { $0.status != nil } == 10 && samples.count { !$0.wasSent } == samples.count - 10)
        let held = try #require(samples.first { !$0.wasSent && $0.latency == 15_000_000_000 })
        #expect(held.csvLine == "\((held.intended + 500) / 1000),15000000,0,\n")
        var count = 0
        #expect(
            !report.forEachSample { _ in
                count += 1
                return count < 4
            } && count == 4
        )
        var lines = 0
        report.writeVegeta(method: "POST") { text in
            lines += text.split(separator: "\n").count
            return true
        }
        #expect(lines == samples.count)
        let csv = report.csv.split(separator: "\n").filter { !$0.hasPrefix("#") }.dropFirst().map { $0.split(separator: ",") }
        #expect(
            csv.compactMap { Int($0[1]) }.reduce(0, +) == samples.count && csv.compactMap { Int($0[2]) }.reduce(0, +) == samples.count - 10
        )
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
        tally.take(try Self.abandoned("50:1s", wasHeldBack: true), types: [1: 50])
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
        own.take(try Self.abandoned("500:1s", wasHeldBack: false))
        held.take(try Self.abandoned("500:1s", wasHeldBack: true))
        let bounds = try ["p90<200ms", "errors<1%"].map { try Expectation($0) }
        let plan = LoadPlan(.open(try RateSpecification("1500:1s"), poisson: false))
        let (late, slow) = (LoadReport.of(own, plan: plan), LoadReport.of(held, plan: plan))
        #expect(late.verdicts(bounds).map(\.outcome) == [.unknown, .unknown] && late.all.unsent == 500)
        #expect(slow.verdicts(bounds).map(\.outcome) == [.missed, .missed] && slow.all.unanswered.count == 500)
        #expect(late.requests == 1500 && slow.requests == 1500 && slow.errorsByClass == ["timeout": 500])
    }
}
