import Posthorn
import PosthornModel
import PosthornText

/// `posthorn explain EVENT [ENDPOINT]`
enum ExplainCommand: Command {
    static let specification = CommandSpecification(
        name: "explain",
        summary: "say why each endpoint above an event's node gets it, or does not",
        positionals: [
            .init(name: "EVENT", count: .one, summary: "the event's id"),
            .init(name: "ENDPOINT", count: .optional, summary: "only this endpoint"),
        ],
        details: [
            "With --json: an object an endpoint, with endpoint, node, verdict (sent, waits, level, pattern or changed), reason (a sentence),"
                + "\nlevel (its node's), lowest_level (that gets the type), patterns, matching_pattern, state, delivery (its number),"
                + "\ndelivery_state, former_url (whether it goes where the endpoint was when the event was accepted)."
        ],
        examples: ["posthorn explain m1-started", "posthorn explain m1-started crm"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let only = arguments.positionals.dropFirst().first
        let (event, all) = try context.withOutboxToRead { outbox in
            do { return try outbox.scoped(to: nil).recipients(ofEvent: arguments.positionals[0]) } catch is ScopeProblem {
                throw InputProblem(
                    field: "event",
                    value: arguments.positionals[0],
                    reason: "is not known; it was never accepted under this id, or was pruned"
                )
            }
        }
        let reports = all.filter { report in only.map { $0 == report.endpoint } ?? true }
        if let only, reports.isEmpty {
            throw InputProblem(
                field: "endpoint",
                value: only,
                reason:
                    "is not at node \(event.node) or above it, and has no delivery of the event; posthorn endpoint list shows where it is"
            )
        }
        for report in reports {
            if context.json {
                context.output.write(JSONLine(report, numbersAsText: false))
            } else {
                context.output.write(
                    "\(TerminalText.text(report.endpoint)) (\(TerminalText.text(report.node))): \(TerminalText.text(report.sentence))\n"
                )
            }
        }
        if reports.isEmpty, !context.json { context.output.write("no endpoint is at node \(TerminalText.text(event.node)) or above it\n") }
        return 0
    }
}
