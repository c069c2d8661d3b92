import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// Replays: events of the past, sent again; and the other jobs, which are looked at and ended here too.
enum ReplayRoutes {
    static let all: [Route] = [create, list, one, cancel]

    private static let number = Parameter.path("number", .number, "The replay's number.", example: "12")

    private static let answer = Route.Answer(
        status: 200,
        description: "The replay, as it is now.",
        schema: Schema.reference("Replay"),
        example: Examples.replay
    )

    private static let members =
        ReplayBody.members(of: .replay, states: "exhausted alone") + [
            (
                "recipients",
                Schema.described(
                    Schema.choice(Replay.Recipients.allCases.map(\.rawValue)),
                    "original: the endpoints that had them, each at its URL of now. current: endpoints too that would get them now and never "
                        + "did."
                )
            )
        ]

    private static let create = Route(
        method: "POST",
        path: "/v1/replays",
        operation: "createReplay",
        summary: "Send events of the past again, by a job that survives a restart and lets live traffic go first.",
        access: .right(.retry),
        body: Route.Body(
            types: ["application/json"],
            schema: Schema.object(members),
            example: .object([
                .init("endpoint", .string("crm")), .init("since", .string("2026-11-28T00:00:00.000Z")),
                .init("states", .array([.string("exhausted")])),
            ]),
            limitBytes: 65_536
        ),
        answers: ReplayBody.answers,
        problems: ReplayBody.problems,
        handler: .plain { request in
            let body = try BodyReader(request.json(), allowed: members.map(\.0))
            var selection = try ReplayBody.selection(body, of: .replay)
            if !body.has("states") { selection.states = [.exhausted] }
            if let word = try body.text("recipients", limitBytes: 16) { selection.recipients = try ReplayBody.word(word, "recipients") }
            return try ReplayBody.answer(request, body, selection, .replay)
        }
    )

    private static let list = Route(
        method: "GET",
        path: "/v1/replays",
        operation: "listReplays",
        summary:
            "List replays, and bulk retries and cancellations, newest first. Of those that are over \(Replay.keptLimit) are kept; beyond "
            + "that the oldest of the tenant that has most are forgotten.",
        access: .right(.readMetadata),
        parameters: ListParameters.numberedPage,
        answers: [
            Route.Answer(
                status: 200,
                description: "A part of the list.",
                schema: Schema.list("Replay"),
                example: Examples.list(Examples.replay)
            )
        ],
        handler: .plain { request in
            let limit = request.integer("limit") ?? ListParameters.usualLimit
            let page = try request.outbox.replays(from: ListPlace(request.numberedCursor), limit: limit)
            let now = request.outbox.now
            return .list(page.elements.map { JSONLine($0, at: now, numbersAsText: true) }, ListLinks(page))
        }
    )

    private static let one = Route(
        method: "GET",
        path: "/v1/replays/{number}",
        operation: "getReplay",
        summary: "One replay: how far it is, and when it is done about.",
        access: .right(.readMetadata),
        parameters: [number],
        answers: [answer],
        problems: [.notFound],
        handler: .plain { request in
            let replay = try request.outbox.replay(request.number("number") ?? 0)
            return .json(JSONLine(replay, at: request.outbox.now, numbersAsText: true))
        }
    )

    private static let cancel = Route(
        method: "POST",
        path: "/v1/replays/{number}/cancel",
        operation: "cancelReplay",
        summary: "End a replay, bulk retry or cancellation. What it has done stays done.",
        access: .right(.retry),
        parameters: [number],
        answers: [answer],
        problems: [.notFound, .conflict],
        handler: .plain { request in
            let replay = try request.outbox.cancelReplay(request.number("number") ?? 0)
            return .json(JSONLine(replay, at: request.outbox.now, numbersAsText: true))
        }
    )
}
