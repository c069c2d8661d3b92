import Posthorn
import PosthornModel
import PosthornSystem
import PosthornText

/// `posthorn replay show NUMBER`
enum ReplayShowCommand: Command {
    static let specification = CommandSpecification(
        name: "replay show",
        summary: "show a replay, or a bulk retry or cancellation: what it is about, and how far it is",
        positionals: [.init(name: "REPLAY", count: .one, summary: "its number, as posthorn replay list shows it")],
        details: [
            "With --json: id, action (replay, retry, cancel; of a retry also whole_round and current_url), state (running, done, cancelled), node,"
                + "\nendpoint, event, types, states, errors, status_classes, attempts_min, since, until, recipients, rate_per_second, created,"
                + "\ncreated_by (a key of the HTTP API), done (deliveries that were made due, or cancelled), refused (their endpoint is removed, their data"
                + "\nwas dropped, or they were moved by hand), left and ends_about (null where they were too many to be counted), finished."
        ],
        examples: ["posthorn replay show 3"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let number = try number(arguments)
        guard let replay = try context.withOutboxToRead({ try $0.replay(number) }) else {
            ErrorOutput.line("posthorn: replay \(number) is not known; posthorn replay list shows them")
            return 1
        }
        context.output.write(context.json ? JSONLine(replay, at: SystemClock().now()).text + "\n" : text(replay))
        return 0
    }

    /// The replay that is named.
    static func number(_ arguments: ParsedArguments) throws(UsageProblem) -> Int64 {
        let text = arguments.positionals[0]
        guard let number = Int64(text), number > 0 else {
            throw UsageProblem("\"\(text)\" is no number of a replay; posthorn replay list shows them", command: arguments.command)
        }
        return number
    }

    static func text(_ replay: Replay) -> String {
        let selection = replay.selection
        var rows: [(String, String)] = [
            ("action", replay.action.text.replacing(",", with: ", ")), ("state", replay.state.rawValue),
            ("done", HumanText.count(replay.done, "delivery", "deliveries")),
        ]
        if replay.refused > 0 { rows.append(("refused", HumanText.count(replay.refused, "delivery", "deliveries"))) }
        if replay.state == .running { rows.append(("left", replay.left.map { HumanText.grouped($0) } ?? "not counted")) }
        if let end = replay.endsAbout(at: SystemClock().now()) { rows.append(("ends about", end.description)) }
        if let finished = replay.finished { rows.append(("finished", finished.description)) }
        rows += [
            ("rate", "\(replay.ratePerSecond) a second"), ("states", selection.states.map(\.rawValue).sorted().joined(separator: ", ")),
            ("recipients", selection.recipients.rawValue), ("created", replay.created.description),
        ]
        let choices: [(String, String?)] = [
            ("node", selection.node ?? replay.scope), ("endpoint", selection.endpoint), ("since", selection.since?.description),
            ("until", selection.until?.description), ("by key", replay.creator),
            ("errors", selection.errors.isEmpty ? nil : selection.errors.map(\.rawValue).sorted().joined(separator: ", ")),
            ("event", selection.event),
            ("status", selection.statusClasses.isEmpty ? nil : selection.statusClasses.sorted().map { "\($0)xx" }.joined(separator: ", ")),
            ("attempts", selection.attemptsAtLeast > 0 ? "\(selection.attemptsAtLeast) or more" : nil),
            ("types", selection.types.isEmpty ? nil : selection.types.map(\.text).joined(separator: ", ")),
        ]
        rows += choices.compactMap { name, value in value.map { (name, TerminalText.text($0)) } }
        let width = rows.map(\.0.count).max() ?? 0
        return "replay \(replay.number)\n" + rows.map { "  \($0.padded(to: width))  \($1)\n" }.joined()
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
