import Posthorn
import PosthornModel
import PosthornSystem
import PosthornText

/// `posthorn replay create`
enum ReplayCreateCommand: Command {
    private static let time = "2020-07-15T12:33:14Z, 2020-07-15, or how long ago: 2h"

    static let specification = CommandSpecification(
        name: "replay create",
        summary: "send events of the past again, by a job that a running engine carries out",
        flags: [
            .init("since", "TIME", "only events since then: \(time)"),
            .init("until", "TIME", "only events before then, written as for --since"),
            .init("node", "ID", "only events at this node and below"),
            .init("endpoint", "ID", "only to this endpoint"),
            .init("type", "PATTERN", isRepeatable: true, "only event types that match, such as 'MEETING_*' (repeatable)"),
            .init("event", "ID", "only this event"),
            .init("state", "STATE", isRepeatable: true, "exhausted (default) or delivered (repeatable)"),
        ] + DeliveryFilterFlags.answers + [
            .init("recipients", "WHO", "original (default), or current: endpoints too that would get the events now and never did"),
            .init("rate", "N", "deliveries a second at most (default: \(Replay.usualRate))"),
            .init("dry-run", "count what would be sent, by endpoint, and change nothing"),
        ],
        details: [
            "The same event ids go to the endpoints' URLs of now, each delivery with a whole round of the schedule. The job is a row: it goes on"
                + "\nafter a restart, sends no faster than --rate, and waits while what it sent waits behind live traffic.",
            "With --json: the job (see posthorn replay show); with --dry-run one object with events, deliveries, endpoints (objects of endpoint,"
                + "\ndeliveries, held, refused, whose endpoint is removed or whose data was dropped, and data_dropped, the latter of"
                + "\nthem) and complete.",
        ],
        examples: [
            "posthorn replay create --endpoint crm --since 2h --dry-run",
            "posthorn replay create --endpoint crm --since 2h --state exhausted --state delivered --rate 20",
            "posthorn replay create --node acme --error timeout --dry-run",
        ]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let selection = try selection(arguments)
        let rate = try arguments.integer("rate", Replay.rates) ?? Replay.usualRate
        if arguments.has("dry-run") {
            let forecast = try context.withOutboxToRead { try $0.forecast(selection) }
            context.output.write(context.json ? JSONLine(forecast).text + "\n" : text(forecast))
            return 0
        }
        let (replay, forecast) = try context.withOutbox { try $0.startCountedReplay(selection, ratePerSecond: rate) }
        if context.json {
            context.output.write(JSONLine(replay, at: SystemClock().now()))
        } else {
            let total = forecast.isWhole ? "\(HumanText.count(forecast.total, "delivery", "deliveries")) " : ""
            context.output.write(
                "replay \(replay.number): \(total)at \(rate) a second; posthorn replay show \(replay.number) says how far it is\n"
            )
            context.output.write(DeliveryChoice.leftOut(forecast.totalDropped))
        }
        return 0
    }

    private static func selection(_ arguments: ParsedArguments) throws(UsageProblem) -> Replay.Selection {
        let now = SystemClock().now()
        var selection = Replay.Selection()
        selection.since = try arguments.moment("since", before: now)
        selection.until = try arguments.moment("until", before: now)
        selection.node = arguments.text("node")
        selection.endpoint = arguments.text("endpoint")
        selection.types = try arguments.patterns("type")
        if arguments.has("state") { selection.states = try arguments.choices("state", DeliveryState.self) }
        selection.event = arguments.text("event")
        selection.errors = try arguments.choices("error", AttemptError.self)
        selection.statusClasses = try arguments.integers("status-class", 1...9)
        selection.attemptsAtLeast = try arguments.integer("attempts-min", 0...1_000_000) ?? 0
        if let recipients = try arguments.choice("recipients", Replay.Recipients.self) { selection.recipients = recipients }
        return selection
    }

    private static func text(_ forecast: ReplayForecast) -> String {
        let deliveries = HumanText.count(forecast.total, "delivery", "deliveries")
        var text = "\(deliveries) of \(HumanText.count(forecast.events, "event", "events")) would be sent; this was a dry run\n"
        text += DeliveryChoice.leftOut(forecast.totalDropped)
        for endpoint in Set(forecast.deliveries.keys).union(forecast.refused.keys).sorted() {
            var parts = ["\(HumanText.grouped(forecast.deliveries[endpoint] ?? 0))"]
            if let held = forecast.held[endpoint] { parts.append("\(HumanText.grouped(held)) of them held until it is active") }
            let (refused, dropped) = (forecast.refused[endpoint] ?? 0, forecast.dataDropped[endpoint] ?? 0)
            if dropped > 0 { parts.append("\(HumanText.grouped(dropped)) not, since the data was dropped") }
            if refused > dropped { parts.append("\(HumanText.grouped(refused - dropped)) not, since it is removed") }
            text += "  \(TerminalText.text(endpoint)): \(parts.joined(separator: ", "))\n"
        }
        return text
    }
}
