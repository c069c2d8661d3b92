import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn

/// Whose mail goes next.
@Suite(.limited()) struct MailTurnsTests {
    private let start = Timestamp(milliseconds: 1_000_000)

    private func later(_ milliseconds: Int64) -> Timestamp { start.advanced(byMilliseconds: milliseconds) }

    private func waiting(_ recipients: String..., due: Int64 = 0) -> [WaitingRecipient] {
        recipients.map { WaitingRecipient(recipient: $0, due: later(due)) }
    }

    /// The first turn of a round, which is taken.
    private func next(_ turns: inout MailTurns, _ waiting: [WaitingRecipient], limit: Int, at now: Timestamp) -> MailTurns.Turn {
        let turn = turns.round(of: waiting, limit: limit, at: now)[0]
        switch turn {
        case .mail(let recipient), .digest(let recipient): turns.begins(recipient)
        case .wait: break
        }
        return turn
    }

    @Test func aRoundHasEachContactOnceBeginningBehindTheLast() {
        var turns = MailTurns(spanMilliseconds: 1000)
        turns.begins("b")
        turns.sent(to: "d", at: start)
        let all = waiting("a", "b", "c", "d") + waiting("e", due: 500)
        #expect(turns.round(of: all, limit: 1, at: later(10)) == ["c", "a", "b"].map { .digest(to: $0) })
    }

    @Test func contactsTakeTurns() {
        var turns = MailTurns(spanMilliseconds: 1000)
        let all = waiting("b", "a", "c")
        let order = (0..<5).map { _ in next(&turns, all, limit: 10, at: start) }
        #expect(order == ["a", "b", "c", "a", "b"].map { .mail(to: $0) })
        // One that is new, and one that is gone.
        #expect(next(&turns, waiting("a", "bb"), limit: 10, at: start) == .mail(to: "bb"))
        #expect(next(&turns, waiting("a"), limit: 10, at: start) == .mail(to: "a"))
    }

    @Test func theLastOneOfItsNumberHasAllAndThenAContactWaits() {
        var turns = MailTurns(spanMilliseconds: 1000)
        func turn(_ milliseconds: Int64) -> MailTurns.Turn {
            let turn = next(&turns, waiting("a"), limit: 3, at: later(milliseconds))
            if case .wait = turn { return turn }
            turns.sent(to: "a", at: later(milliseconds))
            return turn
        }
        #expect([turn(0), turn(100), turn(200)] == [.mail(to: "a"), .mail(to: "a"), .digest(to: "a")])
        #expect(turn(300) == .wait(until: later(1000)))
        #expect(turn(999) == .wait(until: later(1000)))
        // From then on one more for each that is that long ago, and never more than three in any span.
        #expect(turn(1000) == .digest(to: "a") && turn(1001) == .wait(until: later(1100)))
        #expect(turn(1250) == .mail(to: "a"))
    }

    @Test func aContactThatWaitsHoldsUpNobody() {
        var turns = MailTurns(spanMilliseconds: 1000)
        turns.sent(to: "a", at: start)
        #expect(next(&turns, waiting("a", "z"), limit: 1, at: later(10)) == .digest(to: "z"))
        turns.sent(to: "z", at: later(10))
        #expect(next(&turns, waiting("a", "z"), limit: 1, at: later(20)) == .wait(until: later(1000)))
        #expect(next(&turns, [], limit: 1, at: later(20)) == .wait(until: nil))
        #expect(next(&turns, waiting("q", due: 500), limit: 1, at: later(20)) == .wait(until: later(500)))
    }

    @Test func aClockThatIsPutBackMakesNobodyWaitForLonger() {
        var turns = MailTurns(spanMilliseconds: 1000)
        turns.sent(to: "a", at: later(1_000_000))
        #expect(next(&turns, waiting("a"), limit: 1, at: start) == .digest(to: "a"))
    }

    /// With a schedule that runs so fast that an hour is nothing, nobody waits.
    @Test func withoutASpanNobodyWaits() {
        var turns = MailTurns(spanMilliseconds: 0)
        for _ in 0..<5 {
            #expect(next(&turns, waiting("a"), limit: 2, at: start) == .mail(to: "a"))
            turns.sent(to: "a", at: start)
        }
    }
}
