import PosthornLab
import PosthornText
import PosthornModel

/// The results of a load for people.
enum LoadText {
    static func report(_ report: LoadReport) -> String {
        let target = report.targets.isEmpty ? TerminalText.text(report.target) : HumanText.count(report.targets.count, "URL")
        var text = "\(target), \(model(report)), \(seconds(report.nanoseconds))\(stopped(report))\n\n"
        text += rows([
            (
                "requests",
                "\(HumanText.grouped(report.requests)), \(HumanText.oneDecimal(report.requestsPerSecond)) answered a second"
                    + scheduled(report)
            ),
            ("statuses", counts(report.statuses.map { (String($0.key), $0.value) })),
            ("errors", errors(report)),
            ("latency", latency(report.all)),
            ("tail", tail(report.all)),
            ("no answer", unanswered(report.all)),
            ("failures", failures(report.all)),
            ("bytes", "\(HumanText.bytes(report.sentBytes)) sent, \(HumanText.bytes(report.receivedBytes)) received"),
            ("connections", connections(report)),
            ("addresses", counts(report.addresses.map { ($0.key, $0.value) })),
        ])
        let notes = LoadNotes.all(report)
        for note in notes { text += "\n\(note)" }
        if !notes.isEmpty { text += "\n" }
        text += histogram(report.latencies)
        text += LoadPartsText.targets(report)
        text += LoadPartsText.steps(report)
        text += checks(report)
        text += ledger(report)
        return text
    }

    private static func model(_ report: LoadReport) -> String {
        switch report.plan.model {
        case .closed(let connections):
            return HumanText.count(connections, "connection") + (report.plan.thinkTime.map { ", \(thinking($0)) to think" } ?? "")
        case .open(let rates, let poisson):
            let steps = rates.steps.map { $0.words(HumanText.oneDecimal) }
            let shown = steps.count > 4 ? "\(steps[0]) … \(steps[steps.count - 1])" : steps.joined(separator: ", ")
            return "\(shown) a second\(poisson ? ", poisson" : "")"
        case .replay(let moments): return "replay of \(HumanText.count(moments.count, "event"))"
        }
    }

    private static func thinking(_ time: ThinkTime) -> String {
        time.shortest == time.longest ? duration(time.longest) : "\(duration(time.shortest)) to \(duration(time.longest))"
    }

    private static func scheduled(_ report: LoadReport) -> String {
        report.scheduledPerSecond.map { ", \(HumanText.oneDecimal($0)) scheduled" } ?? ""
    }

    private static func seconds(_ nanoseconds: Int64) -> String { HumanText.length(milliseconds: nanoseconds / 1_000_000) }

    private static func rows(_ rows: [(String, String)]) -> String {
        TextColumns.lines(rows.filter { !$0.1.isEmpty }.map { [$0.0, $0.1] }).map { $0 + "\n" }.joined()
    }

    private static func counts(_ counts: [(String, UInt64)]) -> String {
        counts.sorted { $0.0 < $1.0 }.map { "\($0.0): \(HumanText.grouped($0.1))" }.joined(separator: ", ")
    }

    static func errors(_ report: LoadReport) -> String {
        if report.errors == 0 { return "none" }
        let share = report.all.errorPercent
        let kinds = counts(report.errorsByClass.map { ($0.key, $0.value) })
        let samples = report.errorTexts.sorted { $0.key < $1.key }.map { "\n  \($0.key): \(TerminalText.text($0.value))" }.joined()
        return "\(HumanText.grouped(report.errors)) (\(milliseconds(share)) %): \(kinds)\(samples)"
    }

    private static func stopped(_ report: LoadReport) -> String {
        if let stop = report.stop { return ", \(stop.line)" }
        if report.stoppedAfter == nil { return "" }
        return ", stopped early" + (report.plan.plannedNanoseconds.map { " (of \(seconds($0)) that were planned)" } ?? "")
    }

    private static func latency(_ measured: LoadMeasurements) -> String {
        if measured.latencies.count == 0 { return "no request was answered as it should be" }
        let parts = [("p50", 50.0), ("p90", 90), ("p99", 99)].map { "\($0.0) \(LoadPartsText.latency(measured, $0.1))" }
        let mean = (measured.unanswered.count == 0 ? "" : "≥ ") + duration(Int64(measured.latencies.mean))
        return (parts + ["mean \(mean)"]).joined(separator: ", ")
    }

    private static func tail(_ measured: LoadMeasurements) -> String {
        if measured.latencies.count == 0 { return "" }
        let parts = [("p99.9", 99.9), ("p99.99", 99.99), ("max", 100)].map { "\($0.0) \(LoadPartsText.latency(measured, $0.1))" }
        return parts.joined(separator: ", ")
    }

    private static func unanswered(_ measured: LoadMeasurements) -> String {
        let count = measured.unanswered.count
        if count == 0 { return "" }
        return
            "\(HumanText.count(count, "request")), behind all answers in the latency (≥), waited up to \(duration(measured.unanswered.maximum))"
    }

    private static func failures(_ measured: LoadMeasurements) -> String {
        let failed = measured.failed
        if failed.count == 0 { return "" }
        return "\(HumanText.count(failed.count, "answer")) not as expected, not in the latency: p50 \(duration(failed.percentile(50))), "
            + "max \(duration(failed.maximum))"
    }

    private static func connections(_ report: LoadReport) -> String {
        if report.connects.count == 0 { return "none was opened" }
        var text = "\(HumanText.grouped(report.connects.count)) opened, p50 \(duration(report.connects.percentile(50)))"
        text += ", max \(duration(report.connects.maximum))"
        if report.handshakes.count > 0 {
            text += "; TLS p50 \(duration(report.handshakes.percentile(50))), max \(duration(report.handshakes.maximum))"
            text += ", \(HumanText.grouped(UInt64(report.resumedHandshakes))) took up an earlier session"
        }
        return text
    }

    /// One bar for each power of two that holds something.
    private static func histogram(_ latencies: LatencyHistogram) -> String {
        let bars = latencies.powersOfTwo
        guard let most = bars.map(\.count).max() else { return "" }
        let lines = bars.map { below, count -> String in
            let label = "below \(duration(below))"
            let bar = String(repeating: "█", count: Int(count * 40 / most))
            let padding = String(repeating: " ", count: max(0, 16 - label.count))
            return "\(label)\(padding)  \(bar)\(bar.isEmpty ? "" : " ")\(HumanText.grouped(count))"
        }
        return "\n" + lines.joined(separator: "\n") + "\n"
    }

    private static func checks(_ report: LoadReport) -> String {
        let tests = report.kinds.filter { $0.kind != .plain }
        if tests.isEmpty { return "" }
        var text = "\nHow requests that test the receiver were answered:\n"
        text += rows(
            tests.map { result in
                let answers = result.statuses.map { (String($0.key), $0.value) }
                let silent = result.unanswered > 0 ? [("no answer", result.unanswered)] : []
                return (result.kind.name, "\(HumanText.grouped(result.requests)): \(counts(answers + silent))")
            }
        )
        for finding in report.checkFindings { text += "finding: \(finding)\n" }
        if report.findings.isEmpty { text += "no findings\n" }
        return text
    }

    private static func ledger(_ report: LoadReport) -> String {
        guard let ledger = report.ledger else { return "" }
        let counts = ledger.counts.map { "\(HumanText.grouped($0.count)) \($0.name)" }.joined(separator: ", ")
        let findings = ledger.findings.map { "finding: \($0)\n" }.joined()
        return "\nThe receiver's ledger: \(counts)\n"
            + (findings.isEmpty ? "every event that was answered 200 was processed once\n" : findings)
    }

    /// Nanoseconds in the unit that reads best.
    static func duration(_ nanoseconds: Int64) -> String {
        switch nanoseconds {
        case ..<1000: return "\(nanoseconds) ns"
        case ..<1_000_000: return "\(HumanText.oneDecimal(Double(nanoseconds) / 1e3)) µs"
        case ..<10_000_000: return "\(milliseconds(Double(nanoseconds) / 1e6)) ms"
        case ..<1_000_000_000: return "\(HumanText.oneDecimal(Double(nanoseconds) / 1e6)) ms"
        default: return "\(milliseconds(Double(nanoseconds) / 1e9)) s"
        }
    }

    /// Two digits behind the point.
    private static func milliseconds(_ value: Double) -> String {
        let hundredths = Int64((value * 100).rounded())
        return "\(HumanText.grouped(hundredths / 100)).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}
