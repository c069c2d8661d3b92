import PosthornModel
import PosthornText

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
