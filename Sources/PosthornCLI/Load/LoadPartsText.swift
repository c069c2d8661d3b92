import PosthornLab
import PosthornModel
import PosthornText

/// The results of a load's steps for people, and how it can be run again.
enum LoadPartsText {
    /// A table of the steps; empty where there is one alone.
    static func steps(_ report: LoadReport) -> String {
        if report.steps.isEmpty { return "" }
        var text = ""
        let titles = ["STEP", "PLANNED/S", "ANSWERED/S", "REQUESTS", "P50", "P99", "MAX", "NO ANSWER", "ERRORS"]
        var table = Table(titles.map { .init($0, isNumber: true) }, terminalWidth: nil) { text += $0 }
        for step in report.steps {
            let measured = step.measurements
            let latencies = measured.latencies.count == 0 ? ["-", "-", "-"] : [50, 99, 100].map { latency(measured, $0) }
            table.add(
                [
                    step.name, HumanText.oneDecimal(step.plannedPerSecond ?? 0), HumanText.oneDecimal(step.answersPerSecond),
                    HumanText.grouped(measured.requests),
                ] + latencies + [HumanText.grouped(measured.unanswered.count), HumanText.grouped(measured.errors)]
            )
        }
        table.finish()
        return "\n" + text
    }

    /// A table of the receivers where there are several, with what went wrong at each.
    static func targets(_ report: LoadReport) -> String {
        if report.targets.isEmpty { return "" }
        var text = ""
        let titles = ["URL", "PLANNED/S", "ANSWERED/S", "REQUESTS", "P50", "P99", "MAX", "NO ANSWER", "ERRORS"]
        var table = Table(titles.map { .init($0, isNumber: $0 != "URL") }, terminalWidth: nil) { text += $0 }
        for target in report.targets {
            let measured = target.all
            let latencies = measured.latencies.count == 0 ? ["-", "-", "-"] : [50, 99, 100].map { latency(measured, $0) }
            table.add(
                [
                    TerminalText.text(target.target), target.scheduledPerSecond.map { HumanText.oneDecimal($0) } ?? "-",
                    HumanText.oneDecimal(target.requestsPerSecond), HumanText.grouped(measured.requests),
                ] + latencies + [HumanText.grouped(measured.unanswered.count), HumanText.grouped(measured.errors)]
            )
        }
        table.finish()
        for target in report.targets where target.errors > 0 {
            text += "errors at \(TerminalText.text(target.target)): \(LoadText.errors(target))\n"
        }
        return "\n" + text
    }

    /// A percentile; that of a request without an answer is at least the time that it has waited.
    static func latency(_ measured: LoadMeasurements, _ percent: Double) -> String {
        let (nanoseconds, isExact) = measured.latency(percent)
        return (isExact ? "" : "≥ ") + LoadText.duration(nanoseconds)
    }

    /// What is needed to run it again.
    static func origin(_ report: LoadReport) -> String { report.origin.map(origin) ?? "" }

    /// The same of a search for a rate.
    static func origin(_ origin: LoadOrigin) -> String {
        "\nto run it again: \(TerminalText.text(origin.command))\n"
            + "posthorn \(origin.version), \(origin.vendor.map { "\($0), " } ?? "")\(TerminalText.text(origin.machine))\n"
    }
}
