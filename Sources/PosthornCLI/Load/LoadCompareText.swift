import PosthornLab
import PosthornText

/// What `posthorn load compare` says.
enum LoadCompareText {
    /// A table of the figures, and what they amount to.
    /// - Parameter isStopped: Whether not all runs were made.
    static func report(_ comparison: LoadComparison, _ isStopped: Bool) -> String {
        var text = ""
        let titles = ["FIGURE", "A", "B", "CHANGE", "BETWEEN", "P", "WOULD SHOW", "B IS"]
        var table = Table(titles.map { .init($0, isNumber: $0 != "FIGURE" && $0 != "B IS") }, terminalWidth: nil) { text += $0 }
        for row in comparison.rows {
            table.add([
                row.figure.title, number(row.first), number(row.second), change(row),
                row.interval.map { "\(change($0.lowerBound, of: row.figure)) … \(change($0.upperBound, of: row.figure))" } ?? "-",
                number(row.probability), row.visible.map { "≥ \(change($0, of: row.figure, isSigned: false))" } ?? "-",
                row.outcome.rawValue,
            ])
        }
        if !comparison.rows.isEmpty {
            table.finish()
            text += "\n"
        }
        if !comparison.leftOut.isEmpty, !comparison.rows.isEmpty {
            let names = comparison.leftOut.map(\.title).joined(separator: ", ")
            text += "left out: \(names); in a run at least it is how long a request without an answer waited\n\n"
        }
        return text + (isStopped ? "Stopped before all runs were made. " : "") + sentence(comparison)
    }

    /// A change of a figure: of errors, which are percents already, in points.
    private static func change(_ share: Double, of figure: LoadRun.Figure, isSigned: Bool = true) -> String {
        figure == .errors ? "\(rounded(share, isSigned: isSigned)) points" : "\(rounded(share, isSigned: isSigned)) %"
    }

    private static func change(_ row: LoadComparison.Row) -> String { change(row.shift, of: row.figure) }

    static func sentence(_ comparison: LoadComparison) -> String {
        let counts = "\(HumanText.count(comparison.counts.first, "run")) against \(comparison.counts.second)"
        let worse = comparison.rows.filter { $0.outcome == .worse }
        let better = comparison.rows.filter { $0.outcome == .better }
        switch comparison.outcome {
        case .worse:
            return "B is worse (\(counts)): \(worse.map { "\($0.figure.title) \(change($0))" }.joined(separator: ", ")).\n"
        case .better:
            return "B is better (\(counts)): \(better.map { "\($0.figure.title) \(change($0))" }.joined(separator: ", ")).\n"
        case .unknown:
            let isShort = min(comparison.counts.first, comparison.counts.second) < LoadComparison.leastRuns
            let reason =
                isShort ? "each side needs at least \(LoadComparison.leastRuns)" : "a figure of A is 0, so a change is no share of it"
            return "Nothing can be known of \(counts): \(reason).\n"
        case .same:
            let row = comparison.rows.first { $0.visible != nil }
            let visible = row.map {
                "; of \($0.figure.title) a change of \(change($0.visible ?? 0, of: $0.figure, isSigned: false)) or more would have shown"
            }
            return "No difference seen (\(counts))\(visible ?? "").\n"
        }
    }

    static func json(_ comparison: LoadComparison, _ isStopped: Bool) -> String {
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
            .init("outcome", .string(comparison.outcome.key)), .init("stopped", .bool(isStopped)),
            .init(
                "runs",
                .object([
                    .init("a", .number(String(comparison.counts.first))), .init("b", .number(String(comparison.counts.second))),
                ])
            ),
            .init("figures", .array(rows)), .init("left_out", .array(comparison.leftOut.map { .string($0.rawValue) })),
        ])
        return object.text + "\n"
    }

    private static func exact(_ value: Double) -> JSONValue { .number(String((value * 1e6).rounded() / 1e6)) }

    private static func number(_ value: Double) -> String { String((value * 1000).rounded() / 1000) }

    /// Percents of a share.
    private static func rounded(_ share: Double, isSigned: Bool) -> String {
        let percents = (share * 1000).rounded() / 10
        return (isSigned && percents > 0 ? "+" : "") + String(percents)
    }
}
