import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// What a request's own key opens.
enum AccessRoutes {
    static let own = Route(
        method: "GET",
        path: "/v1/whoami",
        operation: "getOwnAccess",
        summary: "What the key of this request may do, and which part of the hierarchy it sees.",
        access: .key,
        answers: [
            Route.Answer(
                status: 200,
                description: "Its node and rights.",
                schema: Schema.reference("OwnAccess"),
                example: Examples.ownAccess,
                headers: ["Cache-Control": "no-store"]
            )
        ],
        handler: .direct { request, done in
            var line = JSONLine()
            line.add("key", request.grant.keyID)
            line.add("node", request.grant.node)
            line.add("rights", request.grant.rights.sorted().map(\.rawValue))
            line.add("csrf_token", request.grant.csrfToken)
            done(.json(line, headers: [("Cache-Control", "no-store")]))
        }
    )
}
