package import PosthornText

/// An axis of a chart: its scale, and which values are written beside it.
package struct ChartAxis: Equatable {
    package let scale: ChartScale
    package let ticks: [Double]

    /// An axis of sizes that grow by factors: logarithmic, each of them written.
    package init(sizes: [Double]) {
        let low = sizes.min() ?? 1
        ticks = sizes
        scale = ChartScale(low...max(sizes.max() ?? 1, low), isLogarithmic: true)
    }

    /// An axis of measured values: from zero, or logarithmic where they differ so much that the small ones would lie on the ground.
    package init(values: [Double]) {
        let positive = values.filter { $0 > 0 }
        let (least, most) = (positive.min() ?? 1, positive.max() ?? 1)
        if most / least > 12 {
            scale = ChartScale(ChartScale.decades(around: least, most), isLogarithmic: true)
        } else {
            let step = ChartScale.step(atLeast: most / 4)
            scale = ChartScale(0...max(1, (most / step).rounded(.up)) * step)
        }
        ticks = scale.roundNumbers(steps: 4)
    }
}
