/// Measured values in order, for medians and percentiles.
package struct Sample {
    private let sorted: [Double]

    package init(_ values: [Double]) { sorted = values.sorted() }

    package var median: Double { percentile(50) }
    package var largest: Double { sorted.last ?? 0 }

    /// The smallest value that `percent` of all values do not exceed (nearest rank).
    package func percentile(_ percent: Double) -> Double {
        guard !sorted.isEmpty else { return 0 }
        let rank = (percent / 100 * Double(sorted.count)).rounded(.up)
        return sorted[min(sorted.count - 1, max(0, Int(rank) - 1))]
    }
}
