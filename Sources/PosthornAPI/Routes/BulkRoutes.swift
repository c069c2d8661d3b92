import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// Many deliveries tried again or taken back, by a job as a replay is.
enum BulkRoutes {
    static let all: [Route] = [retry, cancel]

    private static let manner = [
        ("whole_round", Schema.described(Schema.boolean, "Whether a failure is followed by the whole schedule again.")),
        (
            "current_url",
            Schema.described(
                Schema.boolean,
                "Whether they go to the URLs that their endpoints have now; held ones are moved, and stay held."
            )
        ),
    ]

    private static let retry = route(
        "/v1/deliveries/retry",
        "retryDeliveries",
        "Try many deliveries again that were not delivered, by a job that survives a restart, is paced, and is looked at as a replay.",
        ReplayBody.members(of: .retry(atCurrentURL: true), states: "pending and exhausted") + manner,
        .object([
            .init("endpoint", .string("crm")), .init("states", .array([.string("exhausted")])),
            .init("errors", .array([.string("timeout")])), .init("dry_run", .bool(true)),
        ])
    ) { body throws(APIProblem) in
        .retry(wholeRound: try body.flag("whole_round") ?? false, atCurrentURL: try body.flag("current_url") ?? false)
    }

    private static let cancel = route(
        "/v1/deliveries/cancel",
        "cancelDeliveries",
        "Take many deliveries back that were not delivered, for good, by a job that survives a restart and is looked at as a replay.",
        ReplayBody.members(of: .cancel, states: "pending, held and exhausted"),
        .object([.init("node", .string("c1")), .init("types", .array([.string("USER_*")])), .init("dry_run", .bool(true))])
    ) { _ in .cancel }

    private static func route(
        _ path: String,
        _ operation: String,
        _ summary: String,
        _ members: [(String, JSONValue)],
        _ example: JSONValue,
        _ action: @escaping @Sendable (BodyReader) throws(APIProblem) -> Replay.Action
    ) -> Route {
        let names = members.map(\.0)
        return Route(
            method: "POST",
            path: path,
            operation: operation,
            summary: summary,
            access: .right(.retry),
            body: Route.Body(types: ["application/json"], schema: Schema.object(members), example: example, limitBytes: 65_536),
            answers: ReplayBody.answers,
            problems: ReplayBody.problems,
            handler: .plain { request in
                let body = try BodyReader(request.json(), allowed: names)
                let action = try action(body)
                return try ReplayBody.answer(request, body, try ReplayBody.selection(body, of: action), action)
            }
        )
    }
}
