import PosthornSystem
import Testing

@Suite struct TokenBucketTests {
    private let second: Int64 = 1_000_000_000

    @Test(arguments: [(10.0, nil, 10), (10, 1, 1), (10, 3, 3), (0.5, nil, 1), (0.5, 1, 1)] as [(Double, Double?, Int)])
    func savedTokensComeAtOnceAndOthersAtTheRate(rate: Double, saved: Double?, atOnce: Int) {
        var bucket = TokenBucket(ratePerSecond: rate, saved: saved, now: 0)
        #expect((0..<100).count { _ in bucket.take(now: 0) } == atOnce)
        #expect(bucket.nextTokenAt(now: 0) == Int64(1e9 / rate))
        #expect(stride(from: 10_000_000, through: 20 * second, by: 10_000_000).count { bucket.take(now: $0) } == Int(20 * rate))
        // However long it rests.
        #expect((0..<100).count { _ in bucket.take(now: 1000 * second) } == atOnce)
    }

    @Test func aClockThatGoesBackGivesNothing() {
        var bucket = TokenBucket(ratePerSecond: 1, saved: 1, now: 100 * second)
        #expect(bucket.take(now: 100 * second) && !bucket.take(now: 50 * second) && bucket.take(now: 101 * second))
    }
}
