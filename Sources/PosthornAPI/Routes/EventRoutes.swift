import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornStore
import PosthornText

/// Events: handed in, listed, looked at.
enum EventRoutes {
    /// The type of a body of one JSON text a line.
    static let linesType = "application/x-ndjson"
    /// A body of one event or an array of them.
    static let bodyLimitBytes = 8 << 20

    static func all(_ parts: APIParts) -> [Route] { [emit(parts), list, one] }

    private static func emit(_ parts: APIParts) -> Route {
        Route(
            method: "POST",
            path: "/v1/events",
            operation: "emitEvents",
            summary: "Accept events. Answered once they are on disk with their deliveries.",
            access: .right(.emit),
            parameters: [TraceHeader.parameter],
            body: Route.Body(
                types: ["application/json", linesType],
                schema: Schema.oneOf([Schema.reference("NewEvent"), Schema.array(Schema.reference("NewEvent"))]),
                example: Examples.newEvent,
                limitBytes: bodyLimitBytes
            ),
            answers: [
                Route.Answer(
                    status: 202,
                    description: "On disk. An array is accepted as a whole or not at all; lines are answered one by one, as they commit.",
                    schema: Schema.oneOf([
                        Schema.reference("EmittedEvent"),
                        Schema.object([("data", Schema.array(Schema.reference("EmittedEvent")))], required: ["data"]),
                    ]),
                    example: Examples.emittedEvent
                ),
                Route.Answer(
                    status: 202,
                    description: "A line for each line, in their order.",
                    type: linesType,
                    schema: Schema.string,
                    example: nil
                ),
            ],
            problems: [.malformed, .conflict, .tooLarge, .unsupportedMediaType, .invalidBody, .tooManyRequests],
            handler: .lines(
                { request, responder in EventLines(request, responder, parts) },
                whole: { request, done in try emit(request, parts, done) }
            )
        )
    }

    private static func emit(
        _ request: APIRequest,
        _ parts: APIParts,
        _ done: @escaping @Sendable (HTTPResponse) -> Void
    ) throws {
        let (events, isArray) = try NewEvents.read(request.body)
        let bytes = request.body.count
        let basePath = parts.options.basePath
        let key = request.grant.share
        guard parts.emitGate.enter(bytes, of: key) else { throw EmitGate.refusal }
        let showsCounts = request.grant.node == nil
        request.outbox.emit(TraceHeader.passed(on: request.head, to: events), allOrNothing: true) { result in
            parts.emitGate.leave(bytes, of: key)
            switch result {
            case .failure(let problem):
                parts.options.report(request.head.id, problem)
                done(APIProblem.from(problem).response(basePath: basePath))
            case .success(.refused(let problems)):
                done(EmitAnswer.refusal(problems, isArray: true).response(basePath: basePath))
            case .success(.done(let results)):
                done(EmitAnswer.response(results, isArray: isArray, showsCounts: showsCounts, basePath: basePath))
            }
        }
    }

    private static let list = Route(
        method: "GET",
        path: "/v1/events",
        operation: "listEvents",
        summary: "List events without their data, newest first.",
        access: .right(.readMetadata),
        parameters: [
            .query("type", .pattern, "Only events of this type or pattern.", example: "MEETING_*", isRepeatable: true),
            .query("node", .text(limitBytes: Identifier.limitBytes), "Only events at this node and below.", example: "c1"),
        ] + ListParameters.times + ListParameters.numberedPage,
        answers: [
            Route.Answer(
                status: 200,
                description: "A part of the list.",
                schema: Schema.list("Event", isSearched: true),
                example: Examples.list(Examples.event)
            )
        ],
        problems: [.notFound],
        handler: .plain { request in
            let page = try request.outbox.events(
                types: request.patterns("type"),
                node: request.text("node"),
                after: request.time("after"),
                before: request.time("before"),
                from: ListPlace(request.numberedCursor),
                limit: request.integer("limit") ?? ListParameters.usualLimit
            )
            return .list(page.elements.map { JSONLine($0) }, ListLinks(page), searchedUntil: page.searchedUntil)
        }
    )

    private static let one = Route(
        method: "GET",
        path: "/v1/events/{id}",
        operation: "getEvent",
        summary: "An event, its data where the key has the right read, and its deliveries.",
        access: .right(.readMetadata),
        parameters: [.path("id", .text(limitBytes: 64), "The event's id.", example: "m1-started")],
        answers: [
            Route.Answer(
                status: 200,
                description: "The event.",
                schema: Schema.reference("EventWithDeliveries"),
                example: Examples.eventWithDeliveries
            )
        ],
        problems: [.notFound],
        handler: .plain { request in
            let (event, waits) = try request.outbox.event(request.path("id"))
            var rows = DeliveryRows(limit: ScopedOutbox.eventDeliveryLimit)
            rows.event = event.id
            let page = try request.outbox.deliveries(rows, DeliveryCriteria(), limit: ScopedOutbox.eventDeliveryLimit)
            let throttled = try request.outbox.throttled(among: page.elements.map(\.endpoint))
            let deliveries = page.elements.map { DeliveryRoutes.line($0, throttled, request) }
            let line = JSONLine(event, waitsForFanOut: waits, withData: request.has(.read), deliveries: deliveries)
            return .json(line)
        }
    )
}
