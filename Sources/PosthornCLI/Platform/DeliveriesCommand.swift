import Posthorn
import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornText

/// `posthorn deliveries`
enum DeliveriesCommand: Command {
    static let specification = CommandSpecification(
        name: "deliveries",
        summary: "list deliveries, newest first: which event for which endpoint, and its state",
        flags: DeliveryFilterFlags.flags(DeliveryState.allCases) + [
            .init("limit", "N", "at most so many (default \(defaultLimit))"),
            .init("all", "all of them, however many there are"),
            .init("before", "DELIVERY", "only deliveries older than this one, with smaller numbers"),
        ],
        details: [
            "When there are more than the list has, a line on standard error says how to go on.",
            "With --json: id, event, type, node, endpoint, state, attempts, created, next_attempt_at, finished_at (the end of the last attempt"
                + "\nof a delivered or exhausted one), throttled_until (for a pending one whose receiver asked to be left alone until then, by"
                + "\nRetry-After: nothing is tried before, whatever was due), url (where its requests go: the endpoint's when the event was"
                + "\naccepted, values of its query as ***), status, error and error_text of the newest attempt.",
        ],
        examples: [
            "posthorn deliveries --state exhausted --since 24h", "posthorn deliveries --endpoint crm --limit 20 --json",
            "posthorn deliveries --limit 1000 --before 480112",
        ]
    )

    /// What fits on a screen or two; an outbox may have millions.
    static let defaultLimit = 100

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        var filter = try DeliveryFilterFlags.filter(arguments)
        filter.newestFirst = true
        let given = try arguments.integer("limit", 1...1_000_000_000)
        if given != nil && arguments.has("all") {
            throw UsageProblem("--limit and --all exclude each other; give one", command: context.command)
        }
        filter.before = try arguments.text("before").map { (text) throws(UsageProblem) in
            try AttemptsCommand.deliveryNumber(text, context.command)
        }
        let limit = arguments.has("all") ? Int.max : given ?? defaultLimit
        // One more says whether there are more.
        filter.limit = limit == Int.max ? nil : limit + 1
        var list = DeliveryList(context)
        try context.withOutboxToRead { outbox in
            list.throttled = try outbox.throttledEndpoints()
            try outbox.deliveries(filter) { delivery in
                if list.count < limit { list.add(delivery) } else { list.isCut = true }
            }
        }
        list.finish()
        context.output.flush()
        if list.isCut, let last = list.last {
            ErrorOutput.line("posthorn: there are more; the next ones: --before \(last), or all: --all")
        }
        return 0
    }
}

/// Deliveries as they are listed, for people or for programs.
struct DeliveryList {
    private let context: Context
    private var table: Table
    /// How many were listed.
    private(set) var count = 0
    /// The number of the last one that was listed.
    private(set) var last: Int64?
    /// Whether there are more than were listed.
    var isCut = false
    /// Endpoints whose receivers asked to be left alone, and until when.
    var throttled: [String: Timestamp] = [:]

    init(_ context: Context) {
        self.context = context
        table = Table(Self.columns, terminalWidth: context.output.terminalWidth, write: context.output.write)
    }

    mutating func add(_ delivery: Delivery) {
        (count, last) = (count + 1, delivery.id)
        let until = throttledUntil(delivery)
        if context.json { context.output.write(JSONLine(delivery, throttledUntil: until)) } else { table.add(Self.cells(delivery, until)) }
    }

    /// Until when the delivery's receiver asked to be left alone, if it matters.
    func throttledUntil(_ delivery: Delivery) -> Timestamp? { delivery.state == .pending ? throttled[delivery.endpoint] : nil }

    mutating func finish() { if !context.json { table.finish() } }

    private static let columns: [Table.Column] = [
        .init("ID", isNumber: true), .init("EVENT", canShrink: true), .init("TYPE", canShrink: true),
        .init("NODE", canShrink: true), .init("ENDPOINT", canShrink: true), .init("STATE"), .init("ATTEMPTS", isNumber: true),
        .init("CREATED"), .init("NEXT ATTEMPT"), .init("RESULT", canShrink: true), .init("URL", canShrink: true),
    ]

    private static func cells(_ delivery: Delivery, _ throttledUntil: Timestamp?) -> [String] {
        let next = [delivery.nextAttemptAt, throttledUntil].compactMap { $0 }.max()
        return [
            String(delivery.id), delivery.event, delivery.type, delivery.node, delivery.endpoint, delivery.state.rawValue,
            String(delivery.attempts), delivery.created.description, next?.description ?? "-", result(delivery.last),
            MaskedURL.text(delivery.url),
        ]
    }

    /// `200`, `http_status 503`, `timeout`, or nothing while there is none.
    private static func result(_ last: Delivery.LastAttempt?) -> String {
        let parts = [last?.error?.rawValue, last?.status.map { String($0) }].compactMap { $0 }
        return parts.isEmpty ? "-" : parts.joined(separator: " ")
    }
}
