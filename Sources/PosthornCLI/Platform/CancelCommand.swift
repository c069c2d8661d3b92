import PosthornText
import Posthorn
import PosthornModel
import PosthornStore

/// `posthorn cancel`
enum CancelCommand: Command {
    static let specification = CommandSpecification(
        name: "cancel",
        summary: "take back deliveries that were not delivered: they are never tried again",
        positionals: DeliveryChoice.positionals,
        flags: DeliveryChoice.flags(.cancel) + [BulkJob.flag],
        details: [
            DeliveryChoice.details,
            BulkJob.details,
            "A request that is on the wire arrives all the same; its attempt is recorded, and the delivery stays cancelled.",
            "With --json: one object with cancelled (a count), unknown (numbers) and refused (objects of delivery and state); with --dry-run"
                + "\none object an endpoint, with endpoint, deliveries and a count by state.",
        ],
        examples: ["posthorn cancel 17 18", "posthorn cancel --endpoint crm --type 'USER_*' --dry-run"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let choice = try DeliveryChoice(arguments, .cancel)
        return try context.withOutbox { outbox in
            if let status = try BulkJob.start(.cancel, choice, arguments, outbox, context) { return status }
            if choice.isDryRun {
                try choice.printCounts(outbox, context)
                return 0
            }
            let report = try outbox.cancel(choice.selection)
            context.output.write(
                context.json ? json(report).text + "\n" : "\(HumanText.count(report.cancelled, "delivery", "deliveries")) cancelled\n"
            )
            context.output.flush()
            return choice.tellOfOthers(unknown: report.unknown, report.refused)
        }
    }

    private static func json(_ report: CancelReport) -> JSONLine {
        var line = JSONLine()
        line.add("cancelled", report.cancelled)
        DeliveryChoice.add(unknown: report.unknown, report.refused, to: &line)
        return line
    }
}
