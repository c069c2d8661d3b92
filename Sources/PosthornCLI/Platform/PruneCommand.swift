import PosthornText
import Posthorn
import PosthornModel
import PosthornSystem

/// `posthorn prune`
enum PruneCommand: Command {
    static let specification = CommandSpecification(
        name: "prune",
        summary: "delete settled deliveries that are older than a time",
        flags: [.init("older-than", "TIME", "required: the age, such as 30d")],
        details: [
            "Deletes events whose deliveries all ended before then, with their deliveries and attempts. An id that was pruned is no"
                + "\nlonger known: the same id emitted again is a new event. The newest event always stays.",
            "Then endpoints that were removed before that time and have no delivery left, but for the newest endpoint.",
            "With --json: one object with events, deliveries, attempts and endpoints, the counts of what was deleted.",
        ],
        examples: ["posthorn prune --older-than 30d"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        guard let age = try arguments.milliseconds("older-than") else {
            throw UsageProblem("--older-than is missing; say how old, such as --older-than 30d", command: context.command)
        }
        let cutoff = SystemClock().now().advanced(byMilliseconds: -age)
        let report = try context.withOutbox { try $0.prune(settledBefore: cutoff) }
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
