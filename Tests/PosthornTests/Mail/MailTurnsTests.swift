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

    @Test func contactsTakeTurns() {
        var turns = MailTurns(spanMilliseconds: 1000)
        let all = waiting("b", "a", "c")
        let order = (0..<5).map { _ in turns.next(of: all, limit: 10, at: start) }
        #expect(order == ["a", "b", "c", "a", "b"].map { .mail(to: $0) })
        // One that is new, and one that is gone.
        #expect(turns.next(of: waiting("a", "bb"), limit: 10, at: start) == .mail(to: "bb"))
        #expect(turns.next(of: waiting("a"), limit: 10, at: start) == .mail(to: "a"))
    }

    @Test func theLastOneOfItsNumberHasAllAndThenAContactWaits() {
        var turns = MailTurns(spanMilliseconds: 1000)
        func next(_ milliseconds: Int64) -> MailTurns.Turn {
            let turn = turns.next(of: waiting("a"), limit: 3, at: later(milliseconds))
            if case .wait = turn { return turn }
            turns.sent(to: "a", at: later(milliseconds))
            return turn
        }
        #expect([next(0), next(100), next(200)] == [.mail(to: "a"), .mail(to: "a"), .digest(to: "a")])
        #expect(next(300) == .wait(until: later(1000)))
        #expect(next(999) == .wait(until: later(1000)))
        // From then on one more for each that is that long ago, and never more than three in any span.
        #expect(next(1000) == .digest(to: "a") && next(1001) == .wait(until: later(1100)))
        #expect(next(1250) == .mail(to: "a"))
    }

    @Test func aContactThatWaitsHoldsUpNobody() {
        var turns = MailTurns(spanMilliseconds: 1000)
        turns.sent(to: "a", at: start)
        #expect(turns.next(of: waiting("a", "z"), limit: 1, at: later(10)) == .digest(to: "z"))
        turns.sent(to: "z", at: later(10))
        #expect(turns.next(of: waiting("a", "z"), limit: 1, at: later(20)) == .wait(until: later(1000)))
        #expect(turns.next(of: [], limit: 1, at: later(20)) == .wait(until: nil))
        #expect(turns.next(of: waiting("q", due: 500), limit: 1, at: later(20)) == .wait(until: later(500)))
    }

    @Test func aClockThatIsPutBackMakesNobodyWaitForLonger() {
        var turns = MailTurns(spanMilliseconds: 1000)
        turns.sent(to: "a", at: later(1_000_000))
        #expect(turns.next(of: waiting("a"), limit: 1, at: start) == .digest(to: "a"))
    }

    /// With a schedule that runs so fast that an hour is nothing, nobody waits.
    @Test func withoutASpanNobodyWaits() {
        var turns = MailTurns(spanMilliseconds: 0)
        for _ in 0..<5 {
            #expect(turns.next(of: waiting("a"), limit: 2, at: start) == .mail(to: "a"))
            turns.sent(to: "a", at: start)
        }
    }
}
