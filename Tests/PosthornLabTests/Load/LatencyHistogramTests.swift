import Glibc
import PosthornModel
import PosthornText
@testable import PosthornLab
import Testing

@Suite struct LatencyHistogramTests {
    /// Nearest rank on all values: the definition itself.
    private func exact(_ sorted: [Int64], _ percent: Double) -> Int64 {
        sorted[max(1, Int((percent * Double(sorted.count) / 100 - 1e-9).rounded(.up))) - 1]
    }

    private static func values(_ shape: String) -> [Int64] {
        var generator = SeededGenerator(seed: 42, shape)
        return (0..<20_000).map { _ in
            let u = generator.fraction()
            switch shape {
            case "uniform": return Int64(u * 1e9)
            case "exponential": return Int64(-log(1 - u) * 2e6)
            case "heavy": return Int64(min(1e5 / pow(1 - u, 1.5), 1e17))
            case "two humps": return Int64(u < 0.97 ? 80_000 + generator.fraction() * 20_000 : 4e8 + generator.fraction() * 1e8)
            default: return Int64(u * 300)
            }
        }
    }

    @Test(arguments: ["uniform", "exponential", "heavy", "two humps", "tiny"])
    func percentilesAreWithinOnePercentOfExactOnes(_ shape: String) {
        let values = Self.values(shape)
        var histogram = LatencyHistogram()
        for value in values { histogram.record(value) }
        let sorted = values.sorted()
        for percent in [0.01, 1, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100] {
            let right = exact(sorted, percent)
            let found = histogram.percentile(percent)
            #expect(Double((found - right).magnitude) <= Double(right) * 0.01, "p\(percent): \(found) instead of \(right)")
        }
        #expect(histogram.maximum == sorted.last)
        #expect(histogram.minimum == sorted.first)
        let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
        #expect(abs(histogram.mean - mean) <= mean * 1e-9)
    }

    @Test func everyValueFallsIntoABucketThatStandsForIt() {
        var value: Int64 = 1
        while value < .max / 3 {
            for near in [value - 1, value, value + 1, value + value / 3] {
                let middle = LatencyHistogram.middle(ofBucket: LatencyHistogram.index(of: near))
                #expect(Double((middle - near).magnitude) <= Double(near) * 0.004)
            }
            value *= 2
        }
        #expect(LatencyHistogram.index(of: .max) < 57 * 128)
        let indices = (0..<100_000).map { LatencyHistogram.index(of: $0) }
        #expect(zip(indices, indices.dropFirst()).allSatisfy { $0 <= $1 && $1 - $0 <= 1 })
    }

    @Test func mergingIsTheSameAsRecordingAllInOne() {
        let values = Self.values("heavy")
        var all = LatencyHistogram()
        var parts = [LatencyHistogram(), LatencyHistogram(), LatencyHistogram()]
        for (i, value) in values.enumerated() {
            all.record(value)
            parts[i % 3].record(value)
        }
        var merged = LatencyHistogram()
        for part in parts { merged.merge(part) }
        #expect(merged.count == all.count)
        for percent in [0, 50, 99, 99.99, 100] { #expect(merged.percentile(percent) == all.percentile(percent)) }
        #expect(merged.minimum == all.minimum && merged.maximum == all.maximum)
    }

    @Test func anEmptyOneSaysZero() {
        var histogram = LatencyHistogram()
        #expect(histogram.percentile(99) == 0)
        #expect(histogram.minimum == 0)
        #expect(histogram.mean == 0)
        histogram.merge(LatencyHistogram())
        histogram.record(5, times: 0)
        #expect(histogram == LatencyHistogram())
    }

    @Test func negativeAndEqualValuesAreTaken() {
        var histogram = LatencyHistogram()
        histogram.record(-5)
        histogram.record(1_000_003, times: 9)
        #expect(histogram.minimum == 0)
        #expect(histogram.percentile(50) > 990_000)
        #expect(histogram.percentile(10) == 0)
        #expect(histogram.percentile(100) == 1_000_003)
    }

    @Test func theReportIsInMilliseconds() {
        var histogram = LatencyHistogram()
        for _ in 0..<100 { histogram.record(1_500_000) }
        #expect(
            histogram.json.text
                == #"{"count":100,"unit":"ms","min":1.500,"mean":1.500,"p50":1.500,"p75":1.500,"p90":1.500,"p95":1.500,"p99":1.500,"p99.9":1.500,"p99.99":1.500,"max":1.500}"#
        )
    }
}
