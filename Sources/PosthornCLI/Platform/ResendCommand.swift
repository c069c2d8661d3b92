import Posthorn
import PosthornModel
import PosthornStore

/// `posthorn resend`
enum ResendCommand: Command {
    static let specification = CommandSpecification(
        name: "resend",
        summary: "send again what was delivered, such as after a receiver lost data",
        positionals: DeliveryChoice.positionals,
        flags: DeliveryChoice.flags(.resend),
        details: [
            "The deliveries are due now, with the same event id, the next attempt's number and a whole round of the schedule. Receivers"
                + "\nthat drop duplicates by the event's id have to forget it first.",
            DeliveryChoice.details,
            "With --json: one object with resent (a count), unknown (numbers), refused (objects of delivery and state) and waiting (objects of"
                + "\nendpoint, deliveries and reason: those that are not sent now); with --dry-run one object an endpoint, with endpoint, deliveries,"
                + "\ndelivered, and data_dropped: how many cannot be sent again, since --keep-payloads has dropped the data.",
        ],
        examples: ["posthorn resend 17", "posthorn resend --endpoint crm --since 2h --dry-run"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let choice = try DeliveryChoice(arguments, .resend)
        return try context.withOutbox { outbox in
            if choice.isDryRun {
                try choice.printCounts(outbox, context)
                return 0
            }
            let report = try outbox.resend(choice.selection)
            let waiting = try RetryWait.all(report, in: outbox)
            context.output.write(
                context.json ? RetryCommand.json(report, "resent", waiting).text + "\n" : RetryCommand.text(report, waiting)
            )
            context.output.flush()
            return choice.tellOfOthers(unknown: report.unknown, report.refused)
        }
    }
}
