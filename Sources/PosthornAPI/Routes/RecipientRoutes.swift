import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// Why an endpoint gets an event, or does not.
enum RecipientRoutes {
    static let all: [Route] = [ofEvent, imagined]

    private static let answer = Route.Answer(
        status: 200,
        description: "Each endpoint at the event's node and above it, from the bottom up, and why it gets the event or does not.",
        schema: Schema.list("Recipient"),
        example: Examples.list(Examples.recipient)
    )

    private static let ofEvent = Route(
        method: "GET",
        path: "/v1/events/{id}/recipients",
        operation: "explainEvent",
        summary: "Why did an endpoint not get this event? For each: its level, its patterns, its state, and its delivery.",
        access: .right(.readMetadata),
        parameters: [
            .path("id", .text(limitBytes: 64), "The event's id.", example: "m1-started"),
            .query("endpoint", .text(limitBytes: Identifier.limitBytes), "Only this endpoint.", example: "crm"),
        ],
        answers: [answer],
        problems: [.notFound],
        handler: .plain { request in
            let wanted = request.text("endpoint")
            let reports = try request.outbox.recipients(ofEvent: request.path("id")).reports.filter { report in
                wanted.map { $0 == report.endpoint } ?? true
            }
            return .list(reports.map { JSONLine($0, numbersAsText: true) })
        }
    )

    private static let imagined = Route(
        method: "POST",
        path: "/v1/recipients",
        operation: "explainType",
        summary: "Who would get an event of a type at a node now.",
        access: .right(.readMetadata),
        body: Route.Body(
            types: ["application/json"],
            schema: Schema.object([("type", Schema.string), ("node", Schema.string)], required: ["type", "node"]),
            example: .object([.init("type", .string("MEETING_STARTED")), .init("node", .string("s1"))]),
            limitBytes: 4096
        ),
        answers: [answer],
        problems: [.notFound, .malformed, .invalidBody, .unsupportedMediaType, .tooLarge],
        handler: .plain { request in
            let body = try BodyReader(request.json(), allowed: ["type", "node"])
            guard let type = try body.text("type", limitBytes: 128) else {
                throw APIProblem([InputProblem(field: "type", reason: "is missing")])
            }
            guard let node = try body.text("node", limitBytes: Identifier.limitBytes) else {
                throw APIProblem([InputProblem(field: "node", reason: "is missing")])
            }
            try EventType.check(type)
            return .list(try request.outbox.recipients(ofType: type, at: node).map { JSONLine($0, numbersAsText: true) })
        }
    )
}
