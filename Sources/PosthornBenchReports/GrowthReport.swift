import PosthornModel
import PosthornText

/// What a run cost at one size of what grows, by rounds.
package struct GrowthPoint: Sendable {
    /// How many, or how large.
    package let size: Int
    package let payloadBytes: Int
    package private(set) var rounds: [Round] = []

    package init(size: Int, payloadBytes: Int) {
        self.size = size
        self.payloadBytes = payloadBytes
    }

    package mutating func add(_ round: Round) { rounds.append(round) }

    /// One run.
    package struct Round: Equatable, Sendable {
        package let perSecond: Double
        package let cpuMicroseconds: Double
        package let peakMebibytes: Double
        /// From the start of the process to its first request.
        package let firstMilliseconds: Double
        /// From emit to the last of the event's requests; empty when none came in time.
        package let latencyMilliseconds: [Double]

        package init(
            perSecond: Double,
            cpuMicroseconds: Double,
            peakMebibytes: Double,
            firstMilliseconds: Double,
            latencyMilliseconds: [Double]
        ) {
            self.perSecond = perSecond
            self.cpuMicroseconds = cpuMicroseconds
            self.peakMebibytes = peakMebibytes
            self.firstMilliseconds = firstMilliseconds
            self.latencyMilliseconds = latencyMilliseconds
        }

        var p50: Double? { latencyMilliseconds.isEmpty ? nil : Sample(latencyMilliseconds).percentile(50) }
        var p99: Double? { latencyMilliseconds.isEmpty ? nil : Sample(latencyMilliseconds).percentile(99) }
    }

    /// The median of the rounds that have a value, with the smallest and largest; `nil` when none has.
    func point(_ value: (Round) -> Double?) -> Chart.Point? {
        let found = rounds.compactMap(value)
        guard let low = found.min(), let high = found.max() else { return nil }
        return Chart.Point(size: Double(size), value: Sample(found).median, low: low, high: high)
    }
}

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

/// What ``GrowthCurve``s say, as tables and as lines of JSON.
package struct GrowthReport: BenchResult {
    package let curves: [GrowthCurve]

    package init(curves: [GrowthCurve]) { self.curves = curves }

    /// A column: its name for programs, for people, and where it is found.
    private static let columns: [(name: String, label: String, value: @Sendable (GrowthPoint) -> Double?)] = [
        ("deliveries_per_second", "deliveries/s", { $0.point(\.perSecond)?.value }),
        ("megabytes_per_second", "MB/s", { point in point.point { $0.perSecond * Double(point.payloadBytes) / 1e6 }?.value }),
        ("cpu_us_per_delivery", "CPU µs", { $0.point(\.cpuMicroseconds)?.value }),
        ("peak_resident_mib", "MiB", { $0.point(\.peakMebibytes)?.value }),
        ("first_request_ms", "first ms", { $0.point(\.firstMilliseconds)?.value }),
        ("latency_p50_ms", "p50 ms", { $0.point(\.p50)?.value }),
        ("latency_p99_ms", "p99 ms", { $0.point(\.p99)?.value }),
    ]

    package var table: String {
        let tables = curves.map { curve in
            let head = [curve.label] + Self.columns.map(\.label)
            let rows = curve.points.map { point in
                [ShortNumber.text(Double(point.size))] + Self.columns.map { $0.value(point).map(Figure.rounded) ?? "-" }
            }
            return ([curve.held] + TextColumns.lines([head] + rows, numbersFrom: 1)).joined(separator: "\n")
        }
        let rounds = curves.first?.points.first?.rounds.count ?? 0
        let note =
            "\(rounds == 1 ? "One round" : "Medians of \(rounds) rounds"). first ms: from the engine's start to its first request; "
            + "p50 and p99 ms: from emit to the last of the event's requests."
        return (tables + [note]).joined(separator: "\n\n")
    }

    package var json: String {
        curves.flatMap { curve in
            curve.points.map { point in
                var members: [JSONValue.Member] = [
                    .init("grows", .string(curve.name)), .init("size", .number(String(point.size))),
                    .init("rounds", .number(String(point.rounds.count))),
                ]
                members += Self.columns.map { .init($0.name, $0.value(point).map { .number(Figure.rounded($0)) } ?? .null) }
                return JSONValue.object(members).text
            }
        }.joined(separator: "\n")
    }

    package var figures: [Figure] {
        curves.flatMap { curve in
            curve.points.flatMap { point in
                Self.columns.compactMap { column in
                    column.value(point).map {
                        Figure("\(curve.name)_\(point.size)_\(column.name)", "\(column.label), \(point.size) \(curve.label)", $0)
                    }
                }
            }
        }
    }
}
