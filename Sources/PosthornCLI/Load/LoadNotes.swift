import PosthornLab

/// Sentences about what a load's figures alone don't show.
enum LoadNotes {
    /// Those of a load; of several receivers each with its URL.
    static func all(_ report: LoadReport) -> [String] {
        if report.targets.isEmpty { return notes(report) }
        return report.targets.flatMap { target in notes(target).map { "\(TerminalText.text(target.target)): \($0)" } }
    }

    private static func notes(_ report: LoadReport) -> [String] {
        var notes: [String] = []
        if !report.leftOut.isEmpty {
            let all = report.leftOut.map { "\($0.address) (\($0.reason))" }.joined(separator: ", ")
            notes.append("No request went to \(all): it took no connection before the load, and another address of the name did.")
        }
        if report.heldBack > 0 {
            notes.append(
                "The bound of \(HumanText.grouped(report.plan.inFlightLimit)) requests in flight was reached; "
                    + "\(HumanText.count(report.heldBack, "request")) left late, which is in the latency."
            )
        }
        if report.withheld > 0 {
            notes.append(
                "\(HumanText.count(report.withheld, "request was", "requests were")) not sent, because the receiver asked to wait (Retry-After); "
                    + "bounds on errors count them."
            )
        }
        let lateness = report.all.ownDelays
        if report.plan.isOpen, lateness.percentile(99) > 50_000_000 {
            notes.append("This machine could not keep the schedule: requests left up to \(LoadText.duration(lateness.maximum)) late.")
        }
        if !report.plan.isOpen, report.generator.isSaturated {
            notes.append(
                "The generator had no time left, or other programs had the cores: it, and not the receiver, may be what limits the rate and "
                    + "adds to the latency."
            )
        }
        if report.all.unsent > 0 {
            let count = HumanText.count(report.all.unsent, "request")
            notes.append("\(count) could not be sent by this machine, which says nothing of the receiver.")
        }
        return notes
    }
}
