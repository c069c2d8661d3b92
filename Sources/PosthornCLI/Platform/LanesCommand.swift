import Posthorn
import PosthornModel
import PosthornStore
import PosthornText

/// `posthorn lanes [ENDPOINT]`
enum LanesCommand: Command {
    static let specification = CommandSpecification(
        name: "lanes",
        summary: "show what waits in order: the head of each lane, and how many are behind it",
        positionals: [
            .init(name: "ENDPOINT", count: .optional, summary: "an endpoint with an order; without one all of them are counted")
        ],
        details: [
            "Lanes that an exhausted delivery stops come first, then those in which most waits; 100 at most, without those in which nothing"
                + "\nwaits. posthorn retry tries the head again, posthorn skip lets those behind it go on, posthorn cancel takes it back.",
            "Where more than \(HumanText.grouped(Outbox.laneRows)) deliveries wait in order for an endpoint, counts say \"at least\".",
            "With --json: one object with lanes, stopped, waiting, stopped_waiting (how many of those wait behind an exhausted one), at_least"
                + "\n(whether there may be more of each) and heads (objects of delivery, state, event, node, waiting, at_least, and since: when the"
                + "\nevent of the first one behind it was accepted); without ENDPOINT an object for each endpoint with an order, with endpoint"
                + "\nand the counts.",
        ],
        examples: ["posthorn lanes", "posthorn lanes crm", "posthorn lanes crm --json"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        guard let id = arguments.positionals.first else { return try listAll(context) }
        let summary = try context.withOutboxToRead { try $0.lanes(ofEndpoint: id) }
        context.output.write(context.json ? JSONLine(summary).text + "\n" : text(summary))
        return 0
    }

    private static func listAll(_ context: Context) throws -> Int32 {
        let all = try context.withOutboxToRead { try $0.laneCounts() }
        if context.json {
            for (endpoint, summary) in all { context.output.write(JSONLine(summary, ofEndpoint: endpoint)) }
            return 0
        }
        if all.isEmpty {
            context.output.write("no endpoint has an order\n")
            return 0
        }
        let rows = all.map { endpoint, summary in
            [TerminalText.text(endpoint)]
                + [summary.lanes, summary.waiting, summary.stopped, summary.stoppedWaiting].map { number($0, summary.isAtLeast) }
        }
        let heading = ["ENDPOINT", "LANES", "WAITING", "STOPPED", "BEHIND THEM"]
        for line in TextColumns.lines([heading] + rows) { context.output.write(line + "\n") }
        return 0
    }

    static func text(_ summary: LaneSummary) -> String {
        var text = sentence(summary) + "\n"
        if summary.page.isEmpty { return text }
        let rows = summary.page.map { lane in
            [
                String(lane.head), lane.state.rawValue, TerminalText.text(lane.node), TerminalText.text(lane.event),
                number(lane.waiting, lane.isAtLeast), "\(lane.since)",
            ]
        }
        text += TextColumns.lines([["HEAD", "STATE", "NODE", "EVENT", "BEHIND", "SINCE"]] + rows).map { $0 + "\n" }.joined()
        return text
    }

    /// How many wait, and how many of those for a person, in words.
    static func sentence(_ summary: LaneSummary) -> String {
        if summary.lanes == 0, !summary.isAtLeast { return "nothing waits in order" }
        let least = HumanText.least(summary.isAtLeast)
        let waiting = least + HumanText.count(summary.waiting, "delivery waits", "deliveries wait")
        let stopped =
            summary.stopped == 0
            ? ""
            : "; \(least)\(HumanText.count(summary.stopped, "lane is", "lanes are")) stopped by an exhausted delivery, "
                + "with \(least)\(HumanText.grouped(summary.stoppedWaiting)) behind"
        return "\(waiting) for one before it in \(least)\(HumanText.count(summary.lanes, "lane"))\(stopped)"
    }

    private static func number(_ number: Int, _ isAtLeast: Bool) -> String {
        HumanText.least(isAtLeast) + HumanText.grouped(number)
    }
}
