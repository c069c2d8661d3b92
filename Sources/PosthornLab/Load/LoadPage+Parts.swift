import PosthornText
import PosthornModel
import PosthornText

extension LoadPage {
    /// A table of the rate's steps, where there are several.
    var steps: String {
        if source.steps.isEmpty { return "" }
        let rows = source.steps.map { step in
            let rates = [step.plannedPerSecond ?? 0, step.answersPerSecond].map { Self.cell(Self.rounded($0)) }
            return "<tr>\(Self.cell(step.name))\(rates.joined())\(Self.cells(step.measurements))</tr>"
        }
        return Self.table("Steps", ["step", "planned a second", "answered a second"], rows)
    }

    /// A table of the receivers, and plots of each, where there are several.
    var targets: String {
        if source.targets.isEmpty { return "" }
        let rows = source.targets.map { report in
            let rates = [report.scheduledPerSecond.map(Self.rounded) ?? "–", Self.rounded(report.requestsPerSecond)].map(Self.cell)
            return "<tr>\(Self.cell(HTMLText.escaped(report.target)))\(rates.joined())\(Self.cells(report.all))</tr>"
        }
        let apart = source.targets.map { report in
            let page = LoadPage(report, [])
            let bad = report.failureOfAll == nil ? "" : "<p class=\"bad\">Nothing was answered 200.</p>"
            return "<h2>\(HTMLText.escaped(report.target))</h2>\(bad)\(page.plots)\(page.tables)"
        }
        return Self.table("URLs", ["URL", "scheduled a second", "answered a second"], rows) + apart.joined(separator: "\n")
    }

    /// A table of the types of events, where there are several.
    var types: String {
        let sent = source.types.filter { $0.measurements.requests > 0 }
        if sent.count < 2 { return "" }
        let rows = sent.map { "<tr>\(Self.cell(HTMLText.escaped($0.name)))\(Self.cells($0.measurements))</tr>" }
        return Self.table("Types of events", ["type"], rows)
    }

    /// What is needed to run it again.
    var origin: String {
        guard let origin = source.origin else { return "" }
        let rows = origin.parts.map { "<tr><td>\($0.name)</td><td>\(HTMLText.escaped($0.text))</td></tr>" }
        return "<h2>To run it again</h2><table>\(rows.joined())</table>"
    }

    private static func table(_ title: String, _ columns: [String], _ rows: [String]) -> String {
        let titles = (columns + ["requests", "p50", "p99", "max", "no answer", "errors"]).map { "<th>\($0)</th>" }.joined()
        return "<h2>\(title)</h2><table><tr>\(titles)</tr>\(rows.joined())</table>"
    }

    private static func cell(_ text: String) -> String { "<td>\(text)</td>" }

    private static func cells(_ measured: LoadMeasurements) -> String {
        let latencies = measured.latencies.count == 0 ? Array(repeating: "–", count: 3) : [50, 99, 100].map { latency(measured, $0) }
        let counts = [measured.unanswered.count, measured.errors].map(LoadReport.grouped)
        return ([LoadReport.grouped(measured.requests)] + latencies + counts).map(cell).joined()
    }

    /// A percentile; that of a request without an answer is at least the time that it has waited.
    static func latency(_ measured: LoadMeasurements, _ percent: Double) -> String {
        let (nanoseconds, isExact) = measured.latency(percent)
        return (isExact ? "" : "≥ ") + duration(nanoseconds)
    }
}
