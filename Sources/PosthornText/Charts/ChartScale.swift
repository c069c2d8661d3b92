import Glibc

/// How values become positions along an axis of a chart: evenly, or by factors.
package struct ChartScale: Equatable, Sendable {
    package let isLogarithmic: Bool
    package let low: Double
    package let high: Double

    /// A scale from one value to another; a logarithmic one begins above 0.
    package init(_ range: ClosedRange<Double>, isLogarithmic: Bool = false) {
        self.isLogarithmic = isLogarithmic
        low = range.lowerBound
        high = range.upperBound
    }

    /// Where a value is, from 0 to 1; at the nearer end when it is beyond one.
    package func position(of value: Double) -> Double {
        guard high > low else { return 0 }
        let inside = min(max(value, low), high)
        return isLogarithmic ? log(inside / low) / log(high / low) : (inside - low) / (high - low)
    }

    /// Round numbers from end to end: powers of ten, or multiples of 1, 2 or 5 times one that are `count` steps at most.
    package func roundNumbers(steps count: Int) -> [Double] {
        if isLogarithmic { return Self.powers(of: low...high) }
        guard high > low else { return [low] }
        let step = Self.step(atLeast: (high - low) / Double(count))
        return Array(stride(from: (low / step).rounded(.up) * step, through: high + step * 1e-6, by: step))
    }

    /// 1, 2 or 5 times a power of ten, not below `least`.
    package static func step(atLeast least: Double) -> Double {
        let power = pow(10, log10(least).rounded(.down))
        return [1.0, 2, 5, 10].map { $0 * power }.first { $0 >= least * 0.999_999 } ?? power
    }

    /// The powers of ten around some values, one at least from the other.
    package static func decades(around least: Double, _ most: Double) -> ClosedRange<Double> {
        let first = log10(least * 1.000_001).rounded(.down)
        let last = log10(most * 0.999_999).rounded(.up)
        return pow(10, first)...pow(10, max(first + 1, last))
    }

    private static func powers(of range: ClosedRange<Double>) -> [Double] {
        let (first, last) = (Int(log10(range.lowerBound).rounded()), Int(log10(range.upperBound).rounded()))
        return first > last ? [] : (first...last).map { pow(10, Double($0)) }
    }
}
