import PosthornLab
import PosthornModel
import PosthornSystem
import PosthornText

/// What `posthorn load --find-rate` says.
enum FindRateText {
    /// One line about a trial, while the search goes on.
    static func line(_ trial: FindRate.Trial) -> String {
        let way = trial.isConfirmation ? "to confirm, " : ""
        return "\(rate(trial.rate)) a second, \(way)\(word(trial.outcome)): \(deciding(trial).map(\.line).joined(separator: "; "))"
    }

    /// The verdicts that made the outcome.
    private static func deciding(_ trial: FindRate.Trial) -> [Expectation.Verdict] {
        switch trial.outcome {
        case .kept: return trial.verdicts
        case .missed: return trial.verdicts.filter { $0.outcome == .missed }
        case .unknown: return trial.verdicts.filter { $0.outcome == .unknown }
        }
    }

    private static func word(_ outcome: RateSearch.Outcome) -> String {
        switch outcome {
        case .kept: return "kept"
        case .missed: return "missed"
        case .unknown: return "not known"
        }
    }

    /// The rates found, and the curve.
    static func report(_ search: RateSearch, _ trials: [FindRate.Trial], bounds: String, target: String) -> String {
        var text = "\(TerminalText.text(target)), \(bounds)\n\(sentence(search))\n\n"
        var table = Table(
            ["RATE/S", "OUTCOME", "REQUESTS", "P50", "P99", "MAX", "NO ANSWER", "ERRORS"].map { .init($0, isNumber: $0 != "OUTCOME") },
            terminalWidth: nil
        ) { text += $0 }
        for trial in trials.sorted(by: { $0.rate < $1.rate }) {
            let all = trial.report.all
            let latencies = all.latencies.count == 0 ? ["-", "-", "-"] : [50, 99, 100].map { LoadPartsText.latency(all, $0) }
            table.add(
                [rate(trial.rate), word(trial.outcome), HumanText.grouped(all.requests)] + latencies
                    + [HumanText.grouped(all.unanswered.count), HumanText.grouped(all.errors)]
            )
        }
        table.finish()
        return text
    }

    private static func sentence(_ search: RateSearch) -> String {
        let kept = search.lastKept.map { "\(rate($0)) a second" } ?? "no rate"
        switch search.end {
        case .found:
            let more = HumanText.oneDecimal((search.distance ?? 0) * 100)
            return "holds at \(kept), confirmed; not at \(rate(search.firstMissed ?? 0)), which is \(more) % more"
        case .generatorLimited:
            return "holds at \(kept), confirmed; this machine is the bound: from \(rate(search.firstUnknown ?? 0)) on it was late itself, "
                + "so the receiver may hold more"
        case .ceilingReached: return "holds at \(kept), confirmed, which is the most that is tried"
        case .nothingHolds: return "does not hold at \(rate(search.firstMissed ?? 0)) a second, and not at any rate above"
        case .nothingKnown: return "nothing is known: this machine was late at every rate, or too little was answered"
        case .unfinished, nil:
            let missed = search.firstMissed.map { ", and not at \(rate($0))" } ?? ""
            return "not finished: has held at \(kept) so far\(missed)"
        }
    }

    private static func rate(_ rate: Double) -> String {
        rate >= 100 ? HumanText.grouped(Int64(rate.rounded())) : HumanText.oneDecimal(rate)
    }

    /// One JSON object.
    static func json(_ search: RateSearch, _ trials: [FindRate.Trial], bounds: String, origin: LoadOrigin, target: String) -> String {
        func number(_ value: Double?) -> JSONValue { value.map { .number(String(($0 * 1000).rounded() / 1000)) } ?? .null }
        let rows = trials.map { trial -> JSONValue in
            let verdicts = trial.verdicts.map { verdict in
                JSONValue.object([
                    .init("expectation", .string(verdict.expectation)), .init("outcome", .string(verdict.outcome.key)),
                    .init("line", .string(verdict.line)),
                ])
            }
            return .object([
                .init("rate_per_second", number(trial.rate)), .init("confirms", .bool(trial.isConfirmation)),
                .init("outcome", .string(word(trial.outcome).replacing(" ", with: "_"))), .init("expectations", .array(verdicts)),
                .init("result", trial.report.json),
            ])
        }
        let object = JSONValue.object([
            .init("target", .string(target)), .init("bounds", .string(bounds)), .init("end", .string("\(search.end ?? .unfinished)")),
            .init("last_kept_per_second", number(search.lastKept)), .init("first_missed_per_second", number(search.firstMissed)),
            .init("first_unknown_per_second", number(search.firstUnknown)),
            .init("bounded_by", boundary(search).map { .string($0) } ?? .null), .init("confirmed", .bool(search.isConfirmed)),
            .init("trials", .array(rows)), .init("run", origin.json),
        ])
        return object.text + "\n"
    }

    /// What is the bound of the rate that was found; `nil` where none was.
    private static func boundary(_ search: RateSearch) -> String? {
        switch search.end {
        case .found: return "receiver"
        case .generatorLimited: return "generator"
        case .ceilingReached: return "highest_rate"
        case .nothingHolds, .nothingKnown, .unfinished, nil: return nil
        }
    }

    /// The search as JUnit XML: one case, which fails where no rate holds and is skipped where nothing is known.
    static func junit(
        _ search: RateSearch,
        _ trials: [FindRate.Trial],
        bounds: String,
        origin: LoadOrigin,
        target: String
    ) -> String {
        let text = sentence(search)
        let outcome: JUnitDocument.Case.Outcome
        switch status(search) {
        case 0: outcome = .passed
        case 1: outcome = .failed(kind: "missed", message: text)
        default: outcome = .skipped(message: text)
        }
        let figures =
            [("result", text), ("bounded_by", boundary(search) ?? "")]
            + [("last_kept_per_second", search.lastKept), ("first_missed_per_second", search.firstMissed)].compactMap { name, value in
                value.map { (name, String(($0 * 1000).rounded() / 1000)) }
            }
        let suite = JUnitDocument.Suite(
            name: "posthorn load --find-rate \(target)",
            seconds: trials.reduce(0) { $0 + Double($1.report.nanoseconds) / 1e9 },
            began: trials.first?.report.began ?? SystemClock().now(),
            properties: origin.parts + figures.map { (name: $0.0, text: $0.1) },
            cases: [JUnitDocument.Case("find-rate", bounds, outcome)]
        )
        return JUnitDocument(name: "posthorn load", [suite]).xml
    }

    /// 0 for a rate that was found, whatever is its bound, 1 where none holds, else that of what is not known.
    static func status(_ search: RateSearch) -> Int32 {
        switch search.end {
        case .found, .ceilingReached, .generatorLimited: return 0
        case .nothingHolds: return 1
        case .nothingKnown, .unfinished, nil: return LoadCommand.unknownStatus
        }
    }
}
