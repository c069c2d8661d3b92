import PosthornLab
import PosthornModel
import PosthornText
import PosthornStore

/// What `posthorn simulate` says of a simulation.
enum SimulationText {
    /// The line that a terminal shows while it runs.
    static func progress(_ progress: SimulationProgress, at now: Timestamp) -> String {
        // Short, for a terminal of 80 columns.
        var text = "\(HumanText.grouped(progress.events)) of \(HumanText.grouped(progress.plannedEvents)) sent, "
        text += "\(HumanText.grouped(progress.answered)) delivered, \(HumanText.grouped(progress.failedAttempts)) failed, "
        text += "\(HumanText.count(progress.retriesWaiting, "retry", "retries")) waiting"
        if progress.retriesWaiting > 0, let next = progress.nextRetry { text += ", next \(HumanText.distance(to: next, from: now))" }
        return text
    }

    /// One object with the counts.
    static func json(_ result: SimulationResult) -> String {
        var line = JSONLine()
        line.add("events", result.events)
        line.add("stopped_early", result.wasStopped)
        line.add("unsent_events", result.unsent)
        line.add("known_events", result.known)
        var states = JSONLine()
        for state in DeliveryState.allCases { states.add(state.rawValue, result.deliveries[state] ?? 0) }
        line.add("deliveries", states)
        line.add("left_over_deliveries", result.leftOver)
        var faults = JSONLine()
        for (fault, count) in result.faults { faults.add(fault.rawValue, count) }
        line.add("faults", faults)
        line.add("attempts", result.attempts)
        var mails = JSONLine()
        for state in MailState.allCases { mails.add(state.rawValue, result.mails[state] ?? 0) }
        line.add("mails", mails)
        var values = JSONLine()
        values.add("asked", result.valueRequests?.asked ?? 0)
        values.add("answered", result.valueRequests?.answered ?? 0)
        line.add("value_requests", values)
        return line.text + "\n"
    }

    /// The counts in a sentence.
    static func report(_ result: SimulationResult) -> String {
        let states = DeliveryState.allCases.compactMap { state in
            result.deliveries[state].flatMap { $0 > 0 ? "\(HumanText.grouped($0)) \(state.rawValue)" : nil }
        }
        let deliveries = states.isEmpty ? "no deliveries" : states.joined(separator: ", ")
        var text = "\(HumanText.count(result.events, "event")): \(deliveries); \(HumanText.count(result.attempts, "attempt"))"
        let mails = MailState.allCases.compactMap { state in
            result.mails[state].flatMap { $0 > 0 ? "\(HumanText.count($0, "mail")) \(state.rawValue)" : nil }
        }
        if !mails.isEmpty { text += "; " + mails.joined(separator: ", ") }
        if let values = result.valueRequests {
            text += "; \(HumanText.count(values.asked, "value request")), \(HumanText.grouped(values.answered)) answered well"
            if let problem = values.problem { text += "\nthe first that was not: \(TerminalText.text(problem))" }
        }
        if !result.faults.isEmpty { text += "\nfaults: \(list(result.faults))" }
        return text + "\n"
    }

    /// Why a simulation did not do what it was asked for; `nil` when it did.
    /// - Parameter path: The outbox that keeps its events; `nil` for one that is gone afterwards.
    static func problem(_ result: SimulationResult, keptIn path: String?) -> String? {
        if result.wasStopped {
            var parts: [String] = []
            if result.unsent > 0 { parts.append("\(HumanText.count(result.unsent, "event was", "events were")) not sent") }
            let pending = result.deliveries[.pending] ?? 0
            if pending > 0 {
                let rest = path.map { "posthorn run --db \(ShellWord.quoted($0)) goes on with them" } ?? "they are given up"
                parts.append("\(HumanText.count(pending, "delivery was", "deliveries were")) not finished (\(rest))")
            }
            return "stopped early: " + parts.joined(separator: ", ")
        }
        let deliveries = result.deliveries.values.reduce(0, +)
        if deliveries > result.leftOver || result.known > 0 || result.planned == 0 { return nil }
        return
            "no endpoint takes any of these \(HumanText.count(result.planned, "event")), so nothing was sent; look at the nodes, levels and "
            + "event patterns of the topology's endpoints"
    }

    /// What each fault of `--fault` is, for the help.
    static var faultList: String {
        "--fault NAME=SHARE,…: the share of events to which this happens, in the scenario's time, which --speed makes faster;"
            + "\noutage=LENGTH (90s, 10m, 2h): a stretch of that length in the middle of the run.\n"
            + HelpText.list(SimulationFault.allCases.map { ($0.rawValue, $0.explanation) })
    }

    /// How often each fault happened.
    static func list(_ faults: [(fault: SimulationFault, count: Int)]) -> String {
        faults.map { fault, count in
            switch fault {
            case .duplicates: return HumanText.count(count, "duplicate")
            case .reorder: return "\(HumanText.grouped(count)) reordered"
            case .late: return "\(HumanText.grouped(count)) late"
            case .burst: return HumanText.count(count, "burst")
            case .gap: return HumanText.count(count, "gap")
            case .unknownType: return HumanText.count(count, "unknown type")
            case .unknownField: return HumanText.count(count, "unknown field")
            case .slowAnswer: return HumanText.count(count, "slow 200")
            case .outage: return "\(HumanText.grouped(count)) held back by the outage"
            }
        }
        .joined(separator: ", ")
    }

    /// How long it will take, and how to have it sooner; `nil` when that is not long.
    /// - Parameter backfill: How much of it leaves at once, in nanoseconds of the scenario's time.
    static func outlook(_ simulation: Simulation, speed: Double, backfill: Int64 = 0) -> String? {
        let nanoseconds = Double((simulation.departures.last?.nanoseconds ?? 0) - backfill)
        let milliseconds = Int64(nanoseconds / speed / 1e6)
        if milliseconds < 30_000 { return nil }
        let faster = [10.0, 60, 600, 1440, 3600, 86_400].first { $0 > speed && nanoseconds / $0 <= 75e9 }
        let events = HumanText.count(simulation.departures.count { $0.nanoseconds >= backfill }, "event")
        return "\(events) leave in the course of \(HumanText.length(milliseconds: milliseconds))"
            + (faster.map { "; with --speed \(Int64($0)), in \(HumanText.length(milliseconds: Int64(nanoseconds / $0 / 1e6)))" } ?? "")
    }

    /// Whose deliveries are counted beside those of the simulation.
    static func note(ofLeftOver count: Int64) -> String {
        "\(HumanText.count(count, "delivery had", "deliveries had")) waited in the outbox of --db before and "
            + "\(count == 1 ? "is" : "are") counted too, since this run went on with \(count == 1 ? "it" : "them")"
    }

    /// Why events of a simulation were not sent.
    static func note(ofKnown count: Int) -> String {
        "\(HumanText.count(count, "event was", "events were")) in the outbox of --db before and not sent again; another --seed or --start gives "
            + "others"
    }
}
