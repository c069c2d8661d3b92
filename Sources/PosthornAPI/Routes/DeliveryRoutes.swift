import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornStore
import PosthornText

/// Deliveries: listed, looked at, moved by hand.
enum DeliveryRoutes {
    static let all: [Route] = [list, one, attempts, retry, cancel, resend]

    static let number = Parameter.path("number", .number, "The delivery's number.", example: "480112")

    private static let filters: [Parameter] = [
        .query(
            "state",
            .choice(DeliveryState.allCases.map(\.rawValue)),
            "Only deliveries in this state; several for any of them.",
            example: "exhausted",
            isRepeatable: true
        ),
        .query("endpoint", .text(limitBytes: Identifier.limitBytes), "Only those of this endpoint.", example: "crm"),
        .query("node", .text(limitBytes: Identifier.limitBytes), "Only of events at this node and below.", example: "c1"),
        .query("type", .pattern, "Only of events of this type or pattern.", example: "MEETING_*", isRepeatable: true),
        .query("event", .text(limitBytes: 64), "Only those of this event.", example: "m1-started"),
        .query(
            "error",
            .choice(AttemptError.allCases.map(\.rawValue)),
            "Only those whose newest attempt failed so.",
            example: "timeout",
            isRepeatable: true
        ),
        .query(
            "status_class",
            .integer(1...9),
            "Only those whose newest answer's status is of this hundred.",
            example: "5",
            isRepeatable: true
        ),
        .query("attempts_min", .integer(0...1_000_000), "Only those with so many attempts or more.", example: "1"),
        .query(
            "order",
            .choice(["newest", byNextAttempt]),
            "newest: the newest first, which is so when it is left out. \(byNextAttempt): only those that are tried again, pending with "
                + "attempts behind them, the one first whose next attempt comes first. A cursor goes on in the order of its own part.",
            example: "newest"
        ),
    ]

    private static let byNextAttempt = "next_attempt"

    private static let list = Route(
        method: "GET",
        path: "/v1/deliveries",
        operation: "listDeliveries",
        summary:
            "List deliveries, newest first or by next attempt. The work of one request is bounded: where little fits, searched_until says "
            + "how far it came.",
        access: .right(.readMetadata),
        parameters: filters + ListParameters.times + ListParameters.deliveryPage,
        answers: [
            Route.Answer(
                status: 200,
                description: "A part of the list.",
                schema: Schema.list("Delivery", isSearched: true),
                example: Examples.list(Examples.delivery)
            )
        ],
        problems: [.notFound],
        handler: .plain { request in
            var rows = DeliveryRows(limit: ScopedOutbox.rowLimit)
            rows.states = Set(request.all("state").compactMap { DeliveryState(rawValue: $0) })
            rows.endpoint = request.text("endpoint")
            rows.event = request.text("event")
            var criteria = DeliveryCriteria()
            criteria.node = request.text("node")
            criteria.types = request.patterns("type")
            criteria.errors = Set(request.all("error").compactMap { AttemptError(rawValue: $0) })
            criteria.statusClasses = Set(request.all("status_class").compactMap { Int($0) })
            criteria.attemptsAtLeast = request.integer("attempts_min") ?? 0
            (criteria.after, criteria.before) = (request.time("after"), request.time("before"))
            let limit = request.integer("limit") ?? ListParameters.usualLimit
            let cursor = request.text("cursor")
            let retry = cursor.flatMap { ListCursor($0) { RetryPosition(cursor: $0) } }
            if retry != nil || (cursor == nil && request.text("order") == byNextAttempt) {
                let page = try request.outbox.retries(rows, criteria, from: RetryPage.Place(retry), limit: limit)
                return try answer(request, page.elements, ListLinks(page), page.searchedUntil)
            }
            let page = try request.outbox.deliveries(rows, criteria, from: ListPlace(request.numberedCursor), limit: limit)
            return try answer(request, page.elements, ListLinks(page), page.searchedUntil)
        }
    )

    private static func answer(
        _ request: APIRequest,
        _ deliveries: [Delivery],
        _ links: ListLinks,
        _ searchedUntil: Timestamp?
    ) throws -> HTTPResponse {
        let throttled = try request.outbox.throttled(among: deliveries.map(\.endpoint))
        return .list(deliveries.map { line($0, throttled, request) }, links, searchedUntil: searchedUntil)
    }

    static func line(_ delivery: Delivery, _ throttled: [String: Timestamp], _ request: APIRequest) -> JSONLine {
        let until = delivery.state == .pending ? throttled[delivery.endpoint] : nil
        return JSONLine(delivery, throttledUntil: until, numbersAsText: true, hidesAddresses: request.hidesAddresses)
    }

    static func shown(_ request: APIRequest) throws -> HTTPResponse {
        let delivery = try request.outbox.delivery(request.number("number") ?? 0)
        return .json(line(delivery, try request.outbox.throttled(among: [delivery.endpoint]), request))
    }

    static let answer = Route.Answer(
        status: 200,
        description: "The delivery, as it is now.",
        schema: Schema.reference("Delivery"),
        example: Examples.delivery
    )

    private static let one = Route(
        method: "GET",
        path: "/v1/deliveries/{number}",
        operation: "getDelivery",
        summary: "One delivery and, where the key has the right read, its request: as it was sent last, or as it would be sent next.",
        access: .right(.readMetadata),
        parameters: [number],
        answers: [
            Route.Answer(
                status: 200,
                description: "The delivery. Secrets in its request are those of now, and stand as ***.",
                schema: Schema.reference("DeliveryWithRequest"),
                example: Examples.deliveryWithRequest
            )
        ],
        problems: [.notFound],
        handler: .plain { request in
            let number = request.number("number") ?? 0
            let delivery = try request.outbox.delivery(number)
            var shown = line(delivery, try request.outbox.throttled(among: [delivery.endpoint]), request)
            if request.has(.read) {
                switch try request.outbox.request(of: number) {
                case .composed(let sent, let attempt):
                    shown.add("request", JSONLine(sent, attempt: attempt))
                    shown.add("request_problem", nil as String?)
                case .impossible(let reason):
                    shown.add("request", JSONValue.null)
                    shown.add("request_problem", reason)
                }
            }
            return .json(shown)
        }
    )

    private static let attempts = Route(
        method: "GET",
        path: "/v1/deliveries/{number}/attempts",
        operation: "listAttempts",
        summary: "Every attempt of a delivery, first to last; what the receiver answered where the key has the right read.",
        access: .right(.readMetadata),
        parameters: [number],
        answers: [
            Route.Answer(
                status: 200,
                description: "The attempts.",
                schema: Schema.list("Attempt"),
                example: Examples.list(Examples.attempt)
            )
        ],
        problems: [.notFound],
        handler: .plain { request in
            let attempts = try request.outbox.attempts(of: request.number("number") ?? 0)
            let (withAnswer, hides) = (request.has(.read), request.hidesAddresses)
            return .list(attempts.map { JSONLine($0, withAnswer: withAnswer, numbersAsText: true, hidesAddresses: hides) })
        }
    )

    private static let retry = Route(
        method: "POST",
        path: "/v1/deliveries/{number}/retry",
        operation: "retryDelivery",
        summary: "Try a delivery again now: one that is pending or exhausted.",
        access: .right(.retry),
        parameters: [number],
        body: Route.Body(
            types: ["application/json"],
            schema: Schema.object([
                ("whole_round", Schema.described(Schema.boolean, "Whether a failure is followed by the whole schedule again.")),
                ("current_url", Schema.described(Schema.boolean, "Whether it goes to the URL that the endpoint has now.")),
            ]),
            example: .object([.init("whole_round", .bool(true))]),
            limitBytes: 4096,
            isRequired: false
        ),
        answers: [answer],
        problems: [.notFound, .conflict, .malformed, .invalidBody, .unsupportedMediaType, .tooLarge],
        handler: .plain { request in
            let body = try BodyReader(request.json(), allowed: ["whole_round", "current_url"])
            let (wholeRound, currentURL) = (try body.flag("whole_round"), try body.flag("current_url"))
            _ = try request.outbox.retry(
                request.number("number") ?? 0,
                wholeRound: wholeRound ?? false,
                atCurrentURL: currentURL ?? false
            )
            return try shown(request)
        }
    )

    private static let cancel = Route(
        method: "POST",
        path: "/v1/deliveries/{number}/cancel",
        operation: "cancelDelivery",
        summary: "Take a delivery back that was not delivered, for good.",
        access: .right(.retry),
        parameters: [number],
        answers: [answer],
        problems: [.notFound, .conflict],
        handler: .plain { request in
            try request.outbox.cancel(request.number("number") ?? 0)
            return try shown(request)
        }
    )

    private static let resend = Route(
        method: "POST",
        path: "/v1/deliveries/{number}/resend",
        operation: "resendDelivery",
        summary: "Send a delivery again that was delivered: the same event id, and the next attempt's number.",
        access: .right(.retry),
        parameters: [number],
        answers: [answer],
        problems: [.notFound, .conflict],
        handler: .plain { request in
            try request.outbox.resend(request.number("number") ?? 0)
            return try shown(request)
        }
    )
}
