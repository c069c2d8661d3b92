import PosthornText
import Testing

@Suite struct BucketCountsTests {
    @Test func aValueFallsIntoTheFirstRangeThatItFits() {
        var counts = BucketCounts(upTo: [10, 20])
        for value: Int64 in [0, 10, 11, 20, 21, .max] { counts.add(value) }
        #expect(counts.counts == [2, 2, 2] && counts.count == 6)
        #expect(counts.sum == .max, "it stops at the largest number in place of turning over")
    }

    @Test func aClockThatWasPutBackCountsAsNoTime() {
        var counts = BucketCounts(upTo: [10])
        counts.add(-3000)
        #expect(counts.counts == [1, 0] && counts.sum == 0)
    }
}
