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
        flags: [.init("older-than", "TIME", "the age, such as 30d; this or --keep is required"), CommandSpecification.keep],
        details: [
            "Deletes events whose deliveries all ended before then, with their deliveries and attempts. An id that was pruned is no"
                + "\nlonger known: the same id emitted again is a new event. The newest event always stays.",
            "It works in steps that hold the writer for some milliseconds, with as much rest, and gives space back to the disk, but for a\n"
                + "tenth of the file that what comes next will need. A file that another program or an earlier version has made keeps its size.",
            "Then endpoints that were removed before that time and have no delivery left, but for the newest endpoint.",
            "With --json: one object with events, deliveries, attempts and endpoints, the counts of what was deleted.",
        ],
        examples: ["posthorn prune --older-than 30d", "posthorn prune --keep 30d --keep exhausted=90d"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let retention: Retention
        switch (try arguments.milliseconds("older-than"), try arguments.retention("keep")) {
        case (nil, nil):
            throw UsageProblem("--older-than or --keep is missing; say how old, such as --keep 30d", command: context.command)
        case (.some, .some):
            throw UsageProblem("--older-than and --keep say the same; give one of them", command: context.command)
        case (let age?, nil): retention = Retention(settledBefore: SystemClock().now().advanced(byMilliseconds: -age))
        case (nil, let policy?): retention = Retention(policy, at: SystemClock().now())
        }
        let report = try context.withOutbox { try $0.prune(retention) }
        if context.json {
            var line = JSONLine()
            line.add("events", report.events)
            line.add("deliveries", report.deliveries)
            line.add("attempts", report.attempts)
            line.add("endpoints", report.endpoints)
            context.output.write(line)
        } else {
            context.output.write(
                "deleted \(HumanText.count(report.events, "event")), \(HumanText.count(report.deliveries, "delivery", "deliveries")), "
                    + "\(HumanText.count(report.attempts, "attempt")), \(HumanText.count(report.endpoints, "removed endpoint"))\n"
            )
        }
        return 0
    }
}
