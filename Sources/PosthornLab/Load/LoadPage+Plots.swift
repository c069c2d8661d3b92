import Glibc

extension LoadPage {
    /// Fewer points than the timeline has, so that each stands for enough requests to have a p99.
    private static let pointLimit = 120

    /// What the plots over time show.
    var plotted: LoadTimeline { source.timeline.coarsened(toAtMost: Self.pointLimit) }

    private func overTime(_ timeline: LoadTimeline, _ value: (LoadTimeline.Interval) -> Double?) -> [(x: Double, y: Double?)] {
        let length = Double(timeline.nanoseconds) / 1e9
        return timeline.intervals.enumerated().map { ((Double($0) + 0.5) * length, value($1)) }
    }

    private func latency(_ interval: LoadTimeline.Interval, _ percent: Double) -> Double? {
        let latencies = interval.latencies(slowest: source.all.answered.maximum)
        return latencies.count == 0 ? nil : max(1e-3, Double(latencies.percentile(percent)) / 1e6)
    }

    private func timeAxis(_ timeline: LoadTimeline) -> SVGPlot.Axis {
        let end = Double(timeline.intervals.count) * Double(timeline.nanoseconds) / 1e9
        return SVGPlot.Axis(title: "seconds since the start", range: 0...max(1e-3, end))
    }

    /// Powers of ten of milliseconds in the unit that reads best.
    private static let latencyAxis = SVGPlot.Axis(title: "", scale: .logarithmic) { milliseconds in
        if milliseconds >= 1000 { return SVGPlot.plain(milliseconds / 1000) + " s" }
        return milliseconds >= 1 ? SVGPlot.plain(milliseconds) + " ms" : SVGPlot.plain((milliseconds * 1000).rounded()) + " µs"
    }

    /// Latencies of the requests that were meant to leave at each moment.
    var latencyOverTime: SVGPlot {
        let timeline = plotted
        return SVGPlot(
            title: "Latency over time",
            x: timeAxis(timeline),
            y: Self.latencyAxis,
            // The greatest first, so that the others are drawn over it where they are the same.
            series: [
                .init(name: "max", style: "c", points: overTime(timeline) { latency($0, 100) }),
                .init(name: "p99", style: "b", points: overTime(timeline) { latency($0, 99) }),
                .init(name: "p50", style: "a", points: overTime(timeline) { latency($0, 50) }),
            ]
        )
    }

    /// The curve that HdrHistogram made known: each step to the right is ten times rarer.
    var percentiles: SVGPlot {
        let labels = ["0", "90", "99", "99.9", "99.99", "99.999"]
        // As far as there are answers to tell of: of 300 answers none is one in 1,000.
        let decades = min(Double(labels.count - 1), max(1, log10(Double(max(1, source.latencies.count))).rounded(.up)))
        let nines = stride(from: 0.0, through: decades, by: 0.05)
        func curve(_ count: UInt64, _ value: (Double) -> Int64) -> [(x: Double, y: Double?)] {
            nines.filter { count > 0 && pow(10, $0) <= Double(count) }.map { rarity in
                (rarity, max(1e-3, Double(value(100 * (1 - pow(10, -rarity)))) / 1e6))
            }
        }
        let latencies = curve(source.latencies.count) { source.all.latency($0).nanoseconds }
        var series = [SVGPlot.Series(name: "latency", style: "a", points: latencies)]
        if source.plan.isOpen {
            let serviceTimes = curve(source.serviceTimes.count, source.serviceTimes.percentile)
            series.append(SVGPlot.Series(name: "from the real start", style: "d", points: serviceTimes))
        }
        return SVGPlot(
            title: "Latency by percentile",
            x: SVGPlot.Axis(
                title: "percentile",
                range: 0...decades,
                ticks: labels.enumerated().map { (Double($0.offset), $0.element) }
            ),
            y: Self.latencyAxis,
            series: series
        )
    }

    /// Answers that came at each moment against what was planned, and requests that failed.
    var throughput: SVGPlot {
        let timeline = plotted
        let length = Double(timeline.nanoseconds) / 1e9
        // The last interval is seldom full.
        let whole = max(1, Int(Double(source.nanoseconds) / 1e9 / length))
        var series = [
            SVGPlot.Series(name: "answers", style: "a", points: Array(overTime(timeline) { Double($0.answers) / length }.prefix(whole))),
            SVGPlot.Series(name: "errors", style: "c", points: Array(overTime(timeline) { Double($0.errors) / length }.prefix(whole))),
        ]
        if case .open(let rates, _) = source.plan.model {
            series.append(SVGPlot.Series(name: "planned", style: "d", points: planned(rates), isStepped: true))
        }
        if case .replay = source.plan.model {
            let meant = overTime(timeline) { Double($0.requests) / length }
            series.append(SVGPlot.Series(name: "recorded", style: "d", points: meant))
        }
        return SVGPlot(title: "Throughput a second", x: timeAxis(timeline), y: SVGPlot.Axis(title: ""), series: series)
    }

    /// A stepped line draws a ramp in so many stairs, too small to be seen.
    private static let stairs = 100

    private func planned(_ rates: RateSpecification) -> [(x: Double, y: Double?)] {
        let end = Double(source.nanoseconds) / 1e9
        var points: [(x: Double, y: Double?)] = []
        var from = 0.0
        for step in rates.steps where from < end {
            let length = step.nanoseconds.map { Double($0) / 1e9 } ?? .infinity
            let to = min(end, from + length)
            for stair in 0...(step.isRamp ? Self.stairs : 1) {
                let seconds = (to - from) * Double(stair) / Double(step.isRamp ? Self.stairs : 1)
                let change = step.isRamp ? (step.endRatePerSecond - step.ratePerSecond) * seconds / length : 0
                points.append((from + seconds, step.ratePerSecond + change))
            }
            from = to
        }
        return points
    }
}
