import PosthornLab
import PosthornText

/// What `posthorn load compare` says.
enum LoadCompareText {
    /// A table of the figures, and what they amount to.
    static func report(_ comparison: LoadComparison) -> String {
        var text = ""
        let titles = ["FIGURE", "A", "B", "CHANGE", "BETWEEN", "P", "WOULD SHOW", "B IS"]
        var table = Table(titles.map { .init($0, isNumber: $0 != "FIGURE" && $0 != "B IS") }, terminalWidth: nil) { text += $0 }
        for row in comparison.rows {
            table.add([
                row.figure.title, number(row.first), number(row.second), percent(row.shift),
                row.interval.map { "\(percent($0.lowerBound)) … \(percent($0.upperBound))" } ?? "-", number(row.probability),
                row.visible.map { "≥ \(percent($0, isSigned: false))" } ?? "-", row.outcome.rawValue,
            ])
        }
        table.finish()
        return text + "\n" + sentence(comparison)
    }

    static func sentence(_ comparison: LoadComparison) -> String {
        let counts = "\(comparison.counts.first) runs against \(comparison.counts.second)"
        let worse = comparison.rows.filter { $0.outcome == .worse }
        let better = comparison.rows.filter { $0.outcome == .better }
        switch comparison.outcome {
        case .worse:
            return "B is worse (\(counts)): \(worse.map { "\($0.figure.title) \(percent($0.shift))" }.joined(separator: ", ")).\n"
        case .better:
            return "B is better (\(counts)): \(better.map { "\($0.figure.title) \(percent($0.shift))" }.joined(separator: ", ")).\n"
        case .unknown:
            return "Nothing can be known of \(counts): each side needs at least \(LoadComparison.leastRuns).\n"
        case .same:
            let visible = comparison.rows.first?.visible.map {
                "; of \(comparison.rows[0].figure.title) a change of \(percent($0, isSigned: false)) or more would have shown"
            }
            return "No difference seen (\(counts))\(visible ?? "").\n"
        }
    }

    static func json(_ comparison: LoadComparison) -> String {
        let rows = comparison.rows.map { row in
            JSONValue.object([
                .init("figure", .string(row.figure.rawValue)), .init("a", exact(row.first)), .init("b", exact(row.second)),
                .init("change", exact(row.shift)),
                .init("interval", row.interval.map { .array([exact($0.lowerBound), exact($0.upperBound)]) } ?? .null),
                .init("p", exact(row.probability)), .init("would_show", row.visible.map(exact) ?? .null),
                .init("outcome", .string(row.outcome.key)),
            ])
        }
        let object = JSONValue.object([
            .init("outcome", .string(comparison.outcome.key)),
            .init(
                "runs",
                .object([
                    .init("a", .number(String(comparison.counts.first))), .init("b", .number(String(comparison.counts.second))),
                ])
            ),
            .init("figures", .array(rows)),
        ])
        return object.text + "\n"
    }

    private static func exact(_ value: Double) -> JSONValue { .number(String((value * 1e6).rounded() / 1e6)) }

    private static func number(_ value: Double) -> String { String((value * 1000).rounded() / 1000) }

    private static func percent(_ share: Double, isSigned: Bool = true) -> String {
        let rounded = (share * 1000).rounded() / 10
        return (isSigned && rounded > 0 ? "+" : "") + "\(rounded) %"
    }
}
