import Posthorn
import PosthornModel
import PosthornStore
import PosthornSystem

/// `posthorn deliveries`
enum DeliveriesCommand: Command {
    static let specification = CommandSpecification(
        name: "deliveries",
        summary: "list deliveries: which event for which endpoint, and its state",
        flags: [
            .init("state", "STATE", "only \(DeliveryState.allCases.map(\.rawValue).joined(separator: ", "))"),
            .init("endpoint", "ID", "only to this endpoint"),
            .init("node", "ID", "only of events at this node"),
            .init("type", "PATTERN", "only of event types that match, such as 'MEETING_*'"),
            .init("event", "ID", "only of this event"),
            .init("since", "TIME", "only of events since then: 2020-07-15T12:33:14Z, 2020-07-15, or how long ago: 2h"),
            .init("limit", "N", "only the newest N"),
        ],
        details: ["With --json: id, event, type, node, endpoint, state, attempts, created, next_attempt_at."],
        examples: ["posthorn deliveries --state exhausted --since 24h", "posthorn deliveries --endpoint crm --limit 20 --json"]
    )

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        var filter = DeliveryFilter()
        filter.state = try arguments.choice("state", DeliveryState.self)
        filter.endpoint = arguments.text("endpoint")
        filter.node = arguments.text("node")
        filter.type = try arguments.pattern("type")
        filter.event = arguments.text("event")
        filter.since = try arguments.moment("since", before: SystemClock().now())
        filter.limit = try arguments.integer("limit", 1...1_000_000_000)
        let output = context.output
        try context.withOutbox { outbox in
            if context.json {
                try outbox.deliveries(filter) { output.write(json($0)) }
                return
            }
            var table = Table(columns, terminalWidth: output.terminalWidth, write: output.write)
            try outbox.deliveries(filter) { table.add(cells($0)) }
            table.finish()
        }
        return 0
    }

    private static let columns: [Table.Column] = [
        .init("ID", isNumber: true), .init("EVENT", canShrink: true), .init("TYPE", canShrink: true),
        .init("NODE", canShrink: true), .init("ENDPOINT", canShrink: true), .init("STATE"), .init("ATTEMPTS", isNumber: true),
        .init("CREATED"), .init("NEXT ATTEMPT"),
    ]

    private static func cells(_ delivery: Delivery) -> [String] {
        [
            String(delivery.id), delivery.event, delivery.type, delivery.node, delivery.endpoint, delivery.state.rawValue,
            String(delivery.attempts), delivery.created.description, delivery.nextAttemptAt?.description ?? "-",
        ]
    }

    static func json(_ delivery: Delivery) -> JSONLine {
        var line = JSONLine()
        line.add("id", delivery.id)
        line.add("event", delivery.event)
        line.add("type", delivery.type)
        line.add("node", delivery.node)
        line.add("endpoint", delivery.endpoint)
        line.add("state", delivery.state.rawValue)
        line.add("attempts", delivery.attempts)
        line.add("created", delivery.created)
        line.add("next_attempt_at", delivery.nextAttemptAt)
        return line
    }
}
