/// Line charts beside each other that share what grows along the horizontal axis.
package struct Chart {
    package let title: String
    /// How it was measured, in one line.
    package let note: String
    /// What grows.
    package let growing: String
    package let panels: [Panel]

    package init(title: String, note: String, growing: String, panels: [Panel]) {
        self.title = title
        self.note = note
        self.growing = growing
        self.panels = panels
    }

    /// One pair of axes.
    package struct Panel {
        /// What is shown, with its unit.
        package let title: String
        package let series: [Series]

        package init(title: String, series: [Series]) {
            self.title = title
            self.series = series
        }
    }

    /// One line of a panel.
    package struct Series {
        /// Said in the legend where a panel has several.
        package let name: String
        package let points: [Point]

        package init(name: String, points: [Point]) {
            self.name = name
            self.points = points
        }
    }

    /// A measured value, with the smallest and largest of its rounds.
    package struct Point: Equatable {
        package let size: Double
        package let value: Double
        package let low: Double
        package let high: Double

        package init(size: Double, value: Double, low: Double, high: Double) {
            self.size = size
            self.value = value
            self.low = low
            self.high = high
        }
    }
}

/// How values become places along an axis of length 1, and which of them are written beside it.
package struct Axis: Equatable {
    package let isLogarithmic: Bool
    package let low: Double
    package let high: Double
    package let ticks: [Double]

    /// An axis of sizes that grow by factors: logarithmic, each of them written.
    package init(sizes: [Double]) {
        isLogarithmic = true
        ticks = sizes
        low = sizes.min() ?? 1
        high = max(sizes.max() ?? 1, low * 1.000_001)
    }

    /// An axis of measured values: from zero, or logarithmic where they differ so much that the small ones would lie on the ground.
    package init(values: [Double]) {
        let positive = values.filter { $0 > 0 }
        let least = positive.min() ?? 1
        let most = positive.max() ?? 1
        isLogarithmic = most / least > 12
        if isLogarithmic {
            let steps = Self.decades(around: least, most)
            (low, high) = (steps.first ?? 1, steps.last ?? 10)
            ticks = steps
        } else {
            let step = Self.step(for: most / 4)
            let count = Int((most / step).rounded(.up))
            ticks = (0...max(1, count)).map { Double($0) * step }
            (low, high) = (0, ticks.last ?? 1)
        }
    }

    /// Where a value stands, from 0 to 1.
    package func place(_ value: Double) -> Double {
        guard high > low else { return 0 }
        if !isLogarithmic { return (value - low) / (high - low) }
        return (logarithm(max(value, low)) - logarithm(low)) / (logarithm(high) - logarithm(low))
    }

    /// 1, 2 or 5 times a power of ten, not below `least`.
    static func step(for least: Double) -> Double {
        let power = powerOfTen(logarithm(least).rounded(.down))
        return [1.0, 2, 5, 10].map { $0 * power }.first { $0 >= least * 0.999_999 } ?? power
    }

    private static func decades(around least: Double, _ most: Double) -> [Double] {
        let first = Int(logarithm(least * 1.000_001).rounded(.down))
        let last = Int(logarithm(most * 0.999_999).rounded(.up))
        return (first...max(first + 1, last)).map { powerOfTen(Double($0)) }
    }
}
