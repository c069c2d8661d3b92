import Posthorn
import PosthornModel
import PosthornStore
import PosthornText

/// `posthorn skip DELIVERY…`
enum SkipCommand: Command {
    static let specification = CommandSpecification(
        name: "skip",
        summary: "let what waits in order behind exhausted deliveries go on",
        positionals: [.init(name: "DELIVERY", count: .many, summary: "numbers, as posthorn lanes shows them")],
        details: [
            "They stay exhausted: posthorn retry tries one again later, before those that wait then.",
            "With --json: one object with skipped and unknown (numbers) and refused (objects of delivery and state).",
        ],
        examples: ["posthorn skip 17"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        if arguments.positionals.isEmpty {
            throw UsageProblem("name deliveries by their numbers; posthorn lanes ENDPOINT shows them", command: arguments.command)
        }
        let ids = try arguments.positionals.map { (text) throws(UsageProblem) in
            try AttemptsCommand.deliveryNumber(text, arguments.command)
        }
        let report = try context.withOutbox { try $0.skip(ids) }
        if context.json {
            var line = JSONLine()
            line.add("skipped", numbers: report.skipped)
            DeliveryChoice.add(unknown: report.unknown, report.refused, to: &line)
            context.output.write(line)
        } else {
            context.output.write("\(HumanText.count(report.skipped.count, "delivery", "deliveries")) skipped\n")
        }
        context.output.flush()
        for id in report.unknown { ErrorOutput.line("posthorn: delivery \(id) is not known; posthorn deliveries shows them") }
        for refusal in report.refused {
            let remedy =
                refusal.state == .exhausted
                ? "it stops nothing; posthorn lanes ENDPOINT shows what does"
                : "only an exhausted delivery is skipped; posthorn cancel takes it back"
            ErrorOutput.line("posthorn: delivery \(refusal.delivery) is \(refusal.state.rawValue); \(remedy)")
        }
        return report.unknown.isEmpty && report.refused.isEmpty ? 0 : 1
    }
}
