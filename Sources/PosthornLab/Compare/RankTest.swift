import Glibc

/// The Mann–Whitney test of two series: whether one of them tends to larger values, whatever their distribution is.
public struct RankTest: Equatable, Sendable {
    /// The statistic of the first series: in how many pairs it is the larger one, ties counted half.
    public let statistic: Double
    /// How likely series that do not differ are at least this far apart, either way.
    public let probability: Double

    /// Larger series are judged by the normal distribution.
    private static let exactLimit = 60

    /// - Parameters:
    ///   - first: One series, not empty.
    ///   - second: The other one, not empty.
    public init(_ first: [Double], _ second: [Double]) {
        var wins = 0.0
        for a in first { for b in second { wins += a > b ? 1 : a == b ? 0.5 : 0 } }
        statistic = wins
        let hasTies = Set(first + second).count < first.count + second.count
        let isExact = !hasTies && first.count + second.count <= Self.exactLimit
        probability =
            isExact ? Self.exact(wins, first.count, second.count) : Self.approximate(wins, first, second)
    }

    /// The smallest probability that series of these lengths can reach: below four runs each, none is small enough to say anything.
    public static func leastProbability(_ first: Int, _ second: Int) -> Double {
        if first == 0 || second == 0 { return 1 }
        return exact(0, first, second)
    }

    /// From how many orders of all there are the statistic is as far from its middle.
    private static func exact(_ statistic: Double, _ first: Int, _ second: Int) -> Double {
        let far = min(statistic, Double(first * second) - statistic)
        return bothTails(orders(first, second).prefix(Int(far.rounded(.down)) + 1).reduce(0, +))
    }

    private static func bothTails(_ tail: Double) -> Double { min(1, 2 * tail) }

    /// The orders of `first` values among `second` others, as shares of all orders, by the pairs in which one of the first is larger.
    private static func orders(_ first: Int, _ second: Int) -> [Double] {
        var ways: [[Double]] = Array(repeating: [1], count: second + 1)
        for a in 1...max(1, first) {
            var next: [[Double]] = [[1]]
            for b in 1...max(1, second) {
                var counts = [Double](repeating: 0, count: a * b + 1)
                let share = Double(a) / Double(a + b)
                for u in ways[b].indices { counts[u + b] += ways[b][u] * share }
                for u in next[b - 1].indices { counts[u] += next[b - 1][u] * (1 - share) }
                next.append(counts)
            }
            ways = next
        }
        return ways[second]
    }

    /// By the normal distribution, corrected for ties and for steps.
    private static func approximate(_ statistic: Double, _ first: [Double], _ second: [Double]) -> Double {
        let (n, m) = (Double(first.count), Double(second.count))
        var ties: [Double: Double] = [:]
        for value in first + second { ties[value, default: 0] += 1 }
        let tied = ties.values.reduce(0) { $0 + ($1 * $1 * $1 - $1) }
        let variance = n * m / 12 * (n + m + 1 - tied / ((n + m) * (n + m - 1)))
        if variance <= 0 { return 1 }
        let distance = max(0, abs(statistic - n * m / 2) - 0.5)
        return min(1, 2 * Normal.upperTail(distance / variance.squareRoot()))
    }

    /// The Hodges–Lehmann estimate of how much larger the second series is: the median of all differences.
    public static func shift(from first: [Double], to second: [Double]) -> Double {
        median(first.flatMap { a in second.map { $0 - a } })
    }

    /// The interval that holds the shift in 95 of 100 cases: the differences that the test would not refuse.
    public static func interval(from first: [Double], to second: [Double]) -> ClosedRange<Double>? {
        let differences = first.flatMap { a in second.map { $0 - a } }.sorted()
        var (cut, tail) = (Int?.none, 0.0)
        for (wins, share) in orders(first.count, second.count).enumerated() {
            tail += share
            if bothTails(tail) > 0.05 { break }
            cut = wins
        }
        guard let cut, cut < differences.count - 1 - cut else { return nil }
        return differences[cut]...differences[differences.count - 1 - cut]
    }

    static func median(_ values: [Double]) -> Double {
        if values.isEmpty { return 0 }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}

/// The normal distribution.
enum Normal {
    /// How likely a value is above `z`, by the continued fraction of the complementary error function.
    static func upperTail(_ z: Double) -> Double {
        if z <= 0 { return z == 0 ? 0.5 : 1 - upperTail(-z) }
        let density = exp(-z * z / 2) / 2.506628274631000502
        if z < 3 {
            // The series converges fast here.
            var (term, sum, k) = (z, z, 1.0)
            while abs(term) > 1e-17 * abs(sum) {
                term *= z * z / (2 * k + 1)
                sum += term
                k += 1
            }
            return 0.5 - density * sum
        }
        var fraction = 0.0
        for k in stride(from: 120.0, through: 1, by: -1) { fraction = k / (z + fraction) }
        return density / (z + fraction)
    }
}
