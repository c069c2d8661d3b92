import Testing

@testable import PosthornSending

@Suite struct ReuseDoubtTests {
    private let second: Int64 = 1_000_000_000

    @Test func anEndpointIsDoubtedForAMoment() {
        var doubt = ReuseDoubt()
        doubt.ended(7, now: 100)
        let last = ReuseDoubt.firstNanoseconds + 100
        #expect(doubt.holds(7, now: 100) && doubt.holds(7, now: last - 1))
        #expect(!doubt.holds(7, now: last) && !doubt.holds(8, now: 100))
    }

    @Test func theDoubtGrowsEachTimeItWasForNothing() {
        var doubt = ReuseDoubt()
        var now: Int64 = 0
        var spans: [Int64] = []
        for _ in 0..<9 {
            doubt.ended(7, now: now)
            doubt.ended(7, now: now + 1)
            var span = second
            while doubt.holds(7, now: now + span) { span += second }
            spans.append(span / second)
            now += span
        }
        #expect(spans == [1, 2, 4, 8, 16, 32, 60, 60, 60])
        now += ReuseDoubt.memoryNanoseconds
        doubt.ended(7, now: now)
        #expect(!doubt.holds(7, now: now + second))
    }

    @Test func reuseDoubtsAreBounded() {
        var doubt = ReuseDoubt()
        for key in 0...Int64(ReuseDoubt.limit) { doubt.ended(key, now: 0) }
        #expect(!doubt.holds(0, now: 1) && doubt.holds(Int64(ReuseDoubt.limit), now: 1))
    }
}
