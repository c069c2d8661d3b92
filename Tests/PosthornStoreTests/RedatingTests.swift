import PosthornStore
import PosthornText
import Testing

/// Times that were written while the clock was ahead.
@Suite struct RedatingTests {
    private let now = Timestamp(milliseconds: 1_594_816_394_000)

    private func at(_ milliseconds: Int64) -> Timestamp { now.advanced(byMilliseconds: milliseconds) }

    @Test func deliveriesPutOffAreDueAfterTheirGap() {
        let decade: Int64 = 315_360_000_000
        let shift = Redating.shift(due: at(decade + 60_000), lastAttempt: at(decade), now: now)
        #expect(shift == decade)
        // Once: what is due before that attempt was brought nearer already, or by hand.
        #expect(Redating.shift(due: at(60_000), lastAttempt: at(decade), now: now) == nil)
        // An hour ahead is no reason to bring a day nearer, which could not be told from one that was.
        #expect(Redating.shift(due: at(90_000_000), lastAttempt: at(3_600_000), now: now) == nil)
        #expect(Redating.shift(due: at(3_660_000), lastAttempt: at(3_600_000), now: now) == 3_600_000)
    }

    @Test func aClockThatIsRightChangesNothing() {
        #expect(Redating.shift(due: at(86_400_000), lastAttempt: now, now: now) == nil)
        #expect(Redating.shift(due: at(86_400_000), lastAttempt: at(60_000), now: now) == nil)
        #expect(Redating.shift(due: at(-5), lastAttempt: at(120_000), now: now) == nil)
        #expect(Redating.mailDue(at(3_600_000), now: now) == nil)
        #expect(Redating.mailDue(at(86_400_000), now: now) == at(3_600_000))
    }
}
