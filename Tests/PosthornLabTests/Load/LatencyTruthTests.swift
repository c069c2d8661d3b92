import PosthornModel
import PosthornText
import PosthornSending
import PosthornTestSupport
import Testing

@testable import PosthornLab

/// A receiver that stops for a second every ten, played on a clock of numbers: what is decided here does not depend on how
/// fast a machine is.
@Suite(.limited()) struct LatencyTruthTests {
    private static let second: Int64 = 1_000_000_000
    private static let millisecond: Int64 = 1_000_000

    /// It answers after a millisecond, and stands still in the last second of every ten.
    private static func answerTime(_ asked: Int64) -> Int64 {
        let round = asked / (10 * second) * 10 * second
        let begun = asked >= round + 9 * second ? round + 10 * second : asked
        return begun + millisecond
    }

    /// Carries out a plan by its own pacer and tally, as a ``LoadLoop`` would with so many places on the wire.
    private static func run(_ plan: LoadPlan, places: Int) -> LoadReport {
        var pacer = LoadPacer(plan, start: 0, thread: 0, threads: 1)
        var tally = LoadTally()
        var flying: [LoadAnswer] = []
        var now: Int64 = 0
        while true {
            var next = flying.map(\.ended).min() ?? .max
            if flying.count < places {
                switch pacer.next(now: now) {
                case .go(let intended):
                    var mark = LoadMark(kind: .plain)
                    mark.wasHeldBack = pacer.lastWasHeldBack
                    let ticket = LoadTicket(intended: intended, mark: mark.bits)
                    flying.append(LoadAnswer(ticket: ticket, started: now, ended: answerTime(now), status: 200))
                    continue
                case .wait(let moment): next = min(next, moment)
                case .end: if flying.isEmpty { break }
                }
            }
            if flying.count >= places { pacer.holdBack() }
            if next == .max { break }
            now = next
            for answer in flying where answer.ended <= now {
                tally.take(answer, wasHeldBack: LoadMark(bits: answer.ticket.mark).wasHeldBack)
                tally.samples.append(LoadSample(answer, start: 0))
            }
            flying.removeAll { $0.ended <= now }
        }
        tally.heldBack = pacer.heldBack
        return .of(tally, plan: plan)
    }

    /// 100 a second for a minute: 600 of 6000 were meant to leave while it stood still, and 92 of each hundred wait longer
    /// than 100 ms: 91 for its end, and one more because what has piled up takes 12 ms to leave. A sender with eight places
    /// has only eight requests out each time, which is less than one in a hundred; measured from where they really left, all others were answered at once.
    @Test func theStallShowsAtP99InIntendedTimesAndNotInNaiveOnes() throws {
        let plan = LoadPlan(.open(try RateSpecification("100:60s"), poisson: false))
        let report = Self.run(plan, places: 8)
        #expect(report.requests == 6000)
        let long = 100 * Self.millisecond
        #expect(report.samples.count { $0.latency > long } == 552)
        #expect(report.samples.count { $0.ended - $0.started > long } == 48)
        // All of each hundred but the eight that found a place, and the two that fell due while the others left.
        #expect(report.heldBack == 6 * 92 + 5 * 2)
        #expect((900...1000).contains(report.latencies.percentile(99) / Self.millisecond))
        #expect(report.serviceTimes.percentile(99) / Self.millisecond == 1)
        #expect(report.serviceTimes.maximum == Self.second + Self.millisecond)
    }

    /// The same with places for all: then nothing leaves late, and both figures say the same.
    @Test func withPlacesForAllNothingLeavesLate() throws {
        let plan = LoadPlan(.open(try RateSpecification("100:60s"), poisson: false))
        let report = Self.run(plan, places: 10_000)
        #expect(report.delays.maximum == 0 && report.heldBack == 0)
        #expect(report.latencies == report.serviceTimes)
        #expect(report.latencies.percentile(99) > 890 * Self.millisecond)
    }

    /// A closed loop asks when it has its answer, so it meets each stall once: 6 of 54,000.
    @Test func aClosedLoopHidesTheStall() {
        var plan = LoadPlan(.closed(connections: 1))
        plan.nanoseconds = 60 * Self.second
        let report = Self.run(plan, places: 1)
        #expect(report.samples.count { $0.latency > 100 * Self.millisecond } == 6)
        #expect(report.latencies.percentile(99) / Self.millisecond == 1)
        #expect(report.latencies.percentile(99.9) / Self.millisecond == 1)
    }
}
