import PosthornModel
import PosthornSending
import PosthornText
import Testing

@testable import PosthornLab

/// The search against a receiver whose limit is known: a token bucket that turns away what is above its rate. Schedule, limiter,
/// pauses and verdicts are the real ones, on a clock of the test's own.
@Suite struct RateSearchTruthTests {
    private static let second: Int64 = 1_000_000_000
    private static let answerNanoseconds: Int64 = 1_000_000

    /// What one trial of a search meets there.
    /// - Parameter now: When it begins; goes on to when it ends.
    private static func trial(
        _ rate: Double,
        seconds: Int64,
        at now: inout Int64,
        _ limiter: inout RateLimiter,
        honoursRetryAfter: Bool
    ) throws -> LoadReport {
        let plan = LoadPlan(.open(RateSpecification(ratePerSecond: rate, nanoseconds: seconds * second), poisson: false))
        var pacer = LoadPacer(plan, start: now, thread: 0, threads: 1)
        var tally = LoadTally()
        let start = now
        var pausedUntil: Int64 = 0
        while true {
            if honoursRetryAfter, pausedUntil > now {
                for _ in pacer.skip(until: pausedUntil, now: now) { tally.withhold(step: nil) }
            }
            switch pacer.next(now: now) {
            case .end:
                now = start + seconds * second
                return .of(tally, plan: plan)
            case .wait(let moment): now = moment
            case .go(let intended):
                let wait = limiter.refuse(atMilliseconds: now / 1_000_000)
                if let wait { pausedUntil = now + Int64(wait) * second }
                let answer = LoadAnswer(
                    ticket: LoadTicket(intended: intended, mark: 0),
                    started: now,
                    ended: now + answerNanoseconds,
                    status: wait == nil ? 200 : 429,
                    error: wait == nil ? nil : .status
                )
                tally.take(.init(answer: answer, wasHeldBack: false, isToBeRefused: false), .plain, start: start)
            }
        }
    }

    @Test(arguments: [3, 41, 137, 500, 1900], [true, false])
    func theLimitIsFoundWithinFivePercent(limit: Int, honoursRetryAfter: Bool) throws {
        var limiter = RateLimiter(perSecond: limit, atMilliseconds: 0)
        var now: Int64 = 0
        var search = RateSearch(from: 50)
        let bounds = [try Expectation("max<200ms"), try Expectation("errors<1%")]
        while let next = search.next {
            let seconds: Int64 = next.isConfirmation ? 15 : 5
            let report = try Self.trial(next.ratePerSecond, seconds: seconds, at: &now, &limiter, honoursRetryAfter: honoursRetryAfter)
            let verdicts = report.verdicts(bounds)
            search.take(verdicts.allSatisfy(\.holds) ? .kept : .missed)
            now += Self.second / 2
        }
        let found = try #require(search.lastKept)
        #expect(search.end == .found && search.isConfirmed)
        #expect(abs(found - Double(limit)) <= 0.05 * Double(limit), "\(found) of \(limit)")
    }

    /// Where this machine has sent a burst, a rate limit says nothing of the rate.
    @Test func refusalsOfALateGeneratorsBurstAreUndecided() throws {
        func verdict(late: Int, refused: Int, withheld: Int) throws -> Verdict {
            var tally = LoadTally()
            for _ in 0..<(900 - late) { tally.take(.after(1)) }
            for _ in 0..<late { tally.take(.after(30, late: 25)) }
            for _ in 0..<refused { tally.take(.after(1, status: 429)) }
            for _ in 0..<withheld { tally.withhold(step: nil) }
            return try Expectation("errors<1%").evaluate(LoadReport.of(tally).outcome)
        }
        #expect(try verdict(late: 0, refused: 5, withheld: 100).outcome == .missed)
        let burst = try verdict(late: 20, refused: 5, withheld: 100)
        #expect(burst.outcome == .unknown && burst.detail.hasSuffix("this machine itself may be why 105 of them failed"), "\(burst.detail)")
        // A few late requests do not explain hundreds.
        #expect(try verdict(late: 3, refused: 300, withheld: 300).outcome == .missed)
    }

    /// A receiver must not keep its bound by asking not to be sent anything.
    @Test func requestsThatRetryAfterWithheldCountAsFailed() throws {
        var limiter = RateLimiter(perSecond: 50, atMilliseconds: 0)
        var now: Int64 = 0
        let report = try Self.trial(100, seconds: 10, at: &now, &limiter, honoursRetryAfter: true)
        #expect(report.withheld > 300 && report.errors < 20 && report.requests + report.withheld == 1000)
        let verdict = try #require(report.verdicts([try Expectation("errors<1%")]).first)
        #expect(verdict.outcome == .missed && verdict.detail.contains("\(report.withheld) that were not sent"))
        let share = Double(report.errors + report.withheld) / 10
        #expect(verdict.detail.hasPrefix("\(Expectation.rounded(share)) %"))
    }
}
