import Posthorn
import PosthornModel
import PosthornStore
import PosthornText

/// `posthorn lanes ENDPOINT`
enum LanesCommand: Command {
    static let specification = CommandSpecification(
        name: "lanes",
        summary: "show what waits in order for an endpoint: the head of each lane, and how many are behind it",
        positionals: [.init(name: "ENDPOINT", count: .one, summary: "an endpoint with an order")],
        details: [
            "Lanes that an exhausted delivery stops come first, then those in which most waits; 100 at most, without those in which nothing"
                + "\nwaits. posthorn retry tries the head again, posthorn skip lets those behind it go on, posthorn cancel takes it back.",
            "With --json: one object with lanes, stopped, waiting (counts) and heads (objects of delivery, state, event, node, waiting, and"
                + "\nsince: when the event of the first one behind it was accepted).",
        ],
        examples: ["posthorn lanes crm", "posthorn lanes crm --json"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let id = arguments.positionals[0]
        let summary = try context.withOutboxToRead { try $0.lanes(ofEndpoint: id) }
        context.output.write(context.json ? JSONLine(summary).text + "\n" : text(summary))
        return 0
    }

    static func text(_ summary: LaneSummary) -> String {
        var text = sentence(summary) + "\n"
        if summary.page.isEmpty { return text }
        let rows = summary.page.map { lane in
            [
                String(lane.head), lane.state.rawValue, TerminalText.text(lane.node), TerminalText.text(lane.event),
                HumanText.grouped(lane.waiting), "\(lane.since)",
            ]
        }
        text += TextColumns.lines([["HEAD", "STATE", "NODE", "EVENT", "BEHIND", "SINCE"]] + rows).map { $0 + "\n" }.joined()
        return text
    }

    /// How many wait and stand still, in words.
    static func sentence(_ summary: LaneSummary) -> String {
        if summary.lanes == 0 { return "nothing waits in order" }
        let waiting = HumanText.count(summary.waiting, "delivery waits", "deliveries wait")
        let stopped = summary.stopped == 0 ? "" : "; \(HumanText.count(summary.stopped, "lane is", "lanes are")) stopped"
        return "\(waiting) for one before it in \(HumanText.count(summary.lanes, "lane"))\(stopped)"
    }
}
