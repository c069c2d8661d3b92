import PosthornText
import Testing

@testable import PosthornModel

@Suite struct AttemptTallyTests {
    @Test func aDurationIsInABucketThatEndsAtMostAQuarterLater() {
        for microseconds in [128, 129, 1000, 5000, 41_234, 999_999, 15_000_000, 600_000_000, 2_592_000_000_000] as [Int64] {
            let end = DurationHistogram.end(of: DurationHistogram.bucket(of: microseconds))
            #expect(end > microseconds && end <= microseconds + microseconds / 4 + 1, "\(microseconds): \(end)")
        }
        #expect(DurationHistogram.bucket(of: 0) == 0 && DurationHistogram.bucket(of: -5) == 0)
        #expect(DurationHistogram.bucket(of: .max) == DurationHistogram.bucket(of: .max - 1))
        for bucket in 0..<140 { #expect(DurationHistogram.end(of: bucket) < DurationHistogram.end(of: bucket + 1)) }
    }

    @Test func percentilesAreOfAllDurations() {
        var histogram = DurationHistogram()
        #expect(histogram.percentile(50) == nil)
        for number in 1...100 as ClosedRange<Int64> { histogram.add(microseconds: number * 1000) }
        for (hundredths, least) in [(50, 50_000), (90, 90_000), (99, 99_000), (100, 100_000)] as [(Int, Int64)] {
            let found = histogram.percentile(hundredths) ?? 0
            #expect(found >= least && found <= least * 5 / 4, "\(hundredths): \(found)")
        }
        var one = DurationHistogram()
        one.add(microseconds: 7000)
        #expect(one.percentile(1) == one.percentile(99) && one.count == 1)
    }

    @Test func aTallyIsReadAsItWasStoredAndAddsUp() {
        var tally = AttemptTally()
        tally.count(nil, durationMicroseconds: 5000, lagMilliseconds: 2, state: .delivered)
        tally.count(.timeout, durationMicroseconds: 15_000_000, lagMilliseconds: 3_000_000, state: .pending)
        tally.count(.status, durationMicroseconds: 90_000, lagMilliseconds: -4, state: .exhausted)
        #expect(tally.attempts == 3 && tally.delivered == 1 && tally.exhausted == 1 && tally.failed == [.timeout: 1, .status: 1])
        let stored = AttemptTally(
            delivered: 1,
            exhausted: 1,
            failedText: tally.failedText,
            durationsText: tally.durations.text,
            lagsText: tally.lags.text
        )
        // A clock that was put back makes nothing early.
        #expect(tally.lags.percentile(1) == 128 && tally.lags.percentile(50) == 2048 && tally.lags.count == 3)
        #expect(tally.lags.percentile(99) ?? 0 >= 3_000_000_000 && tally.lags.percentile(99) ?? 0 <= 3_750_000_000)
        #expect(stored == tally)
        var double = tally
        double.add(stored)
        #expect(double.attempts == 6 && double.failed[.timeout] == 2)
        // What another version or a hand wrote counts as far as it can be read.
        let odd = AttemptTally(
            delivered: 0,
            exhausted: 0,
            failedText: "timeout:2 lost:1 x",
            durationsText: "3:1 9999:4 a:b -1:2 5:-1 :4 5: 7:1:1  6:9999999999999999999",
            lagsText: ""
        )
        #expect(odd.failed == [.timeout: 2] && odd.durations.count == 1 && odd.lags.percentile(50) == nil)
    }
}
