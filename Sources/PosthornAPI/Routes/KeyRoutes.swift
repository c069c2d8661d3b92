import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// Keys of the key's own node and below.
enum KeyRoutes {
    static func all(_ parts: APIParts) -> [Route] { [list, create(parts), revoke(parts)] }

    private static let list = Route(
        method: "GET",
        path: "/v1/keys",
        operation: "listKeys",
        summary: "List keys by id, revoked and expired ones too.",
        access: .right(.keys),
        parameters: ListParameters.namedPage(limitBytes: AccessToken.idLength, example: "0123456789ab"),
        answers: [
            Route.Answer(status: 200, description: "A part of the list.", schema: Schema.list("Key"), example: Examples.list(Examples.key))
        ],
        handler: .plain { request in
            let page = try request.outbox.accessKeys(request.namedPlace(), limit: request.pageLimit)
            let now = request.outbox.now
            return .list(page.elements.map { JSONLine($0, at: now) }, ListLinks(page))
        }
    )

    /// The longest life of a key that expires: ten years.
    private static let lifetimeSeconds = 1...315_360_000

    private static func create(_ parts: APIParts) -> Route {
        Route(
            method: "POST",
            path: "/v1/keys",
            operation: "createKey",
            summary: "Make a key at the key's own node or below, with no more rights than its own. Its text is shown this once.",
            access: .right(.keys),
            body: Route.Body(
                types: ["application/json"],
                schema: Schema.object(
                    [
                        ("name", Schema.text(limit: AccessKey.nameLimitBytes)),
                        (
                            "node",
                            Schema.described(Schema.string, "The node whose tree is all it sees; the asking key's own when it is left out.")
                        ),
                        ("rights", Schema.array(Schema.choice(AccessRight.allCases.map(\.rawValue)))),
                        (
                            "expires_in",
                            Schema.described(
                                Schema.integer(lifetimeSeconds),
                                "Seconds; when it is left out, as long as the asking key, which a key that it makes cannot outlive."
                            )
                        ),
                    ],
                    required: ["rights"]
                ),
                example: .object([.init("node", .string("c1")), .init("rights", .array([.string("read")]))]),
                limitBytes: 16_384
            ),
            answers: [
                Route.Answer(
                    status: 201,
                    description: "It is made.",
                    schema: Schema.reference("NewKey"),
                    example: Examples.newKey,
                    headers: ["Cache-Control": "no-store"]
                )
            ],
            problems: [.notFound, .malformed, .invalidBody, .unsupportedMediaType, .tooLarge],
            handler: .plain { request in
                let body = try BodyReader(request.json(), allowed: ["name", "node", "rights", "expires_in"])
                let (key, token) = try request.outbox.makeAccessKey(
                    name: try body.text("name", limitBytes: AccessKey.nameLimitBytes),
                    node: try body.text("node", limitBytes: Identifier.limitBytes),
                    rights: try rights(body.texts("rights") ?? []),
                    own: request.grant,
                    lifetimeMilliseconds: try body.integer("expires_in", lifetimeSeconds).map { Int64($0) * 1000 }
                )
                try parts.book.refresh()
                var line = JSONLine(key, at: request.outbox.now)
                line.add("key", token.text)
                return .json(line, status: 201, headers: [("Cache-Control", "no-store")])
            }
        )
    }

    /// The rights of these words.
    static func rights(_ words: [String]) throws(APIProblem) -> Set<AccessRight> {
        var rights: Set<AccessRight> = []
        var faults: [InputProblem] = []
        for (i, word) in words.enumerated() {
            if let right = AccessRight(rawValue: word) {
                rights.insert(right)
            } else {
                let reason = Suggestion.refusal(of: word, among: AccessRight.allCases.map(\.rawValue))
                faults.append(InputProblem(field: "rights[\(i)]", value: word, reason: reason))
            }
        }
        if !faults.isEmpty { throw APIProblem(faults) }
        return rights
    }

    private static func revoke(_ parts: APIParts) -> Route {
        Route(
            method: "DELETE",
            path: "/v1/keys/{id}",
            operation: "revokeKey",
            summary: "Make a key useless, for good.",
            access: .right(.keys),
            parameters: [.path("id", .text(limitBytes: AccessToken.idLength), "The key's id.", example: "0123456789ab")],
            answers: [Route.Answer(status: 204, description: "It is revoked.")],
            problems: [.notFound],
            handler: .plain { request in
                try request.outbox.revokeAccessKey(request.path("id"), own: request.grant.rights)
                try parts.book.refresh()
                return .noContent
            }
        )
    }
}
