import PosthornModel
import PosthornText

/// How cost grows with one thing, all others held.
package struct GrowthCurve: Sendable {
    /// For programs, and the name of its plot.
    package let name: String
    /// What grows, as an axis says it.
    package let label: String
    /// What is held, in one line.
    package let held: String
    /// What its latency is the latency of.
    package let latencyLabel: String
    package var points: [GrowthPoint]

    package init(name: String, label: String, held: String, latencyLabel: String, points: [GrowthPoint]) {
        self.name = name
        self.label = label
        self.held = held
        self.latencyLabel = latencyLabel
        self.points = points
    }

    /// Its plot: rate, CPU, memory and latency.
    package var chart: Chart {
        func series(_ name: String, _ value: (GrowthPoint.Round) -> Double?) -> Chart.Series {
            Chart.Series(name: name, points: points.compactMap { $0.point(value) })
        }
        let hasOneLatency = points.allSatisfy { $0.rounds.allSatisfy { $0.latencyMilliseconds.count < 2 } }
        let latencies = hasOneLatency ? [series("the event", \.p50)] : [series("p50", \.p50), series("p99", \.p99)]
        return Chart(
            title: "How cost grows with \(label)",
            note: held,
            growing: label,
            panels: [
                .init(title: "deliveries/s", series: [series("rate", \.perSecond)]),
                .init(title: "CPU a delivery, µs", series: [series("CPU", \.cpuMicroseconds)]),
                .init(title: "memory at most, MiB", series: [series("memory", \.peakMebibytes)]),
                .init(title: "\(latencyLabel), ms", series: latencies + [series("start to first request", \.firstMilliseconds)]),
            ]
        )
    }
}
