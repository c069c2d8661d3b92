import Posthorn
import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornText

/// What `retry` and `cancel` do with `--rate`: a job that a running engine carries out.
enum BulkJob {
    static let flag = CommandSpecification.Flag(
        "rate",
        "N",
        "with flags that choose: by a job that a running engine carries out, so many deliveries a second at most"
    )

    static let details =
        "With --rate the job is a row: it goes on after a restart, no faster than that, and what it sends waits behind live traffic. posthorn"
        + "\nreplay show says how far it is, posthorn replay cancel ends it. With --json: the job, as posthorn replay show prints it."

    /// Asks for the job that `--rate` asks for.
    /// - Returns: The exit status; `nil` where there is no `--rate`, or nothing is to be changed.
    static func start(
        _ action: Replay.Action,
        _ choice: DeliveryChoice,
        _ arguments: ParsedArguments,
        _ outbox: Outbox,
        _ context: Context
    ) throws -> Int32? {
        guard let rate = try arguments.integer("rate", Replay.rates) else { return nil }
        let selection = try selection(action, choice, arguments)
        if choice.isDryRun { return nil }
        let (job, forecast) = try outbox.startCountedReplay(selection, action: action, ratePerSecond: rate)
        if context.json {
            context.output.write(JSONLine(job, at: SystemClock().now()))
        } else {
            let total = forecast.isWhole ? "\(HumanText.count(forecast.total, "delivery", "deliveries")) " : ""
            context.output.write(
                "\(action.name) by job \(job.number): \(total)at \(rate) a second; posthorn replay show \(job.number) says how far it is\n"
            )
            context.output.write(DeliveryChoice.leftOut(forecast.totalDropped))
        }
        return 0
    }

    private static func selection(
        _ action: Replay.Action,
        _ choice: DeliveryChoice,
        _ arguments: ParsedArguments
    ) throws(UsageProblem) -> Replay.Selection {
        guard case .matching(let filter) = choice.selection, !filter.waitsElsewhere else {
            let remedy =
                if case .matching(let filter) = choice.selection, filter.waitsElsewhere {
                    "say which ones by --state too"
                } else {
                    "choose by flags, such as --endpoint or --error, or leave --rate out"
                }
            throw UsageProblem("--rate is for many deliveries; \(remedy)", command: arguments.command)
        }
        var selection = Replay.Selection()
        selection.states = filter.state.map { [$0] } ?? action.states
        (selection.endpoint, selection.node, selection.errors) = (filter.endpoint, filter.node, filter.errors)
        (selection.event, selection.statusClasses, selection.attemptsAtLeast) = (filter.event, filter.statusClasses, filter.attemptsAtLeast)
        selection.types = filter.type.map { [$0] } ?? []
        (selection.since, selection.until) = (filter.since, filter.until)
        return selection
    }
}
