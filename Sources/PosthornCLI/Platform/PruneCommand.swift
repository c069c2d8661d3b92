import PosthornText
import Posthorn
import PosthornModel
import PosthornStore
import PosthornSystem

/// `posthorn prune`
enum PruneCommand: Command {
    static let specification = CommandSpecification(
        name: "prune",
        summary: "delete settled deliveries that are older than a time",
        flags: [
            .init("older-than", "TIME", "the age, such as 30d; this, --keep or --keep-payloads is required"), CommandSpecification.keep,
            CommandSpecification.keepPayloads, .init("dry-run", "count what would be deleted, and delete nothing"),
        ],
        details: [
            "Deletes events whose deliveries all ended before then, with their deliveries and attempts. An id that was pruned is no"
                + "\nlonger known: the same id emitted again is a new event. The newest event always stays.",
            "It works in steps that hold the writer for some milliseconds, with as much rest, and gives space back to the disk, but for a\n"
                + "tenth of the file that what comes next will need. A file that another program or an earlier version has made keeps its size.",
            "Then endpoints that were removed before that time and have no delivery left, but for the newest endpoint.",
            "With --keep-payloads the data of events whose deliveries all ended longer ago is dropped, and event, deliveries and attempts stay"
                + "\nlisted. They cannot be sent again. The same id with the same content is still known, and refused with other content.",
            "With --json: one object with events, deliveries, attempts (null with --dry-run) and endpoints, the counts of what was deleted, and"
                + "\npayloads: how many other events lost their data.",
        ],
        examples: [
            "posthorn prune --older-than 30d", "posthorn prune --keep 30d --keep exhausted=90d",
            "posthorn prune --keep-payloads 7d --dry-run",
        ]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let retention: Retention
        let policy = try arguments.retention("keep", payloads: "keep-payloads")
        switch (try arguments.milliseconds("older-than"), policy) {
        case (nil, nil):
            throw UsageProblem(
                "--older-than, --keep or --keep-payloads is missing; say how old, such as --keep 30d",
                command: context.command
            )
        case (.some, .some(let policy)) where policy.keepMilliseconds != nil || !policy.byState.isEmpty:
            throw UsageProblem("--older-than and --keep say the same; give one of them", command: context.command)
        case (let age?, var policy):
            policy = policy ?? RetentionPolicy()
            policy?.keepMilliseconds = age
            retention = Retention(policy ?? RetentionPolicy(), at: SystemClock().now())
        case (nil, let policy?): retention = Retention(policy, at: SystemClock().now())
        }
        let isDry = arguments.has("dry-run")
        let report = try context.withOutbox { isDry ? try $0.pruneForecast(retention) : try $0.prune(retention) }
        if context.json {
            var line = JSONLine()
            line.add("events", report.events)
            line.add("deliveries", report.deliveries)
            line.add("attempts", isDry ? nil : report.attempts)
            line.add("endpoints", report.endpoints)
            line.add("payloads", report.payloads)
            context.output.write(line)
        } else {
            let attempts = isDry ? [] : [HumanText.count(report.attempts, "attempt")]
            let parts =
                [HumanText.count(report.events, "event"), HumanText.count(report.deliveries, "delivery", "deliveries")] + attempts
                + [HumanText.count(report.endpoints, "removed endpoint")]
            let payloads = "the data of \(HumanText.count(report.payloads, "other event"))"
            let dropped = retention.dropsPayloads ? "\(isDry ? "would drop" : "dropped") \(payloads)\n" : ""
            context.output.write("\(isDry ? "would delete" : "deleted") \(parts.joined(separator: ", "))\n\(dropped)")
        }
        return 0
    }
}
