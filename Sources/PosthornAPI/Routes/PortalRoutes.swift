import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// Portal sessions: a customer of the platform sees and mends their own endpoints without a key.
enum PortalRoutes {
    static func all(_ parts: APIParts) -> [Route] { [list, create(parts), revoke(parts), open(parts)] }

    private static let list = Route(
        method: "GET",
        path: "/v1/portal-sessions",
        operation: "listPortalSessions",
        summary: "List portal sessions by id, with those that have ended in the last day.",
        access: .right(.keys),
        parameters: ListParameters.namedPage(limitBytes: AccessToken.idLength, example: "0123456789ab"),
        answers: [
            Route.Answer(
                status: 200,
                description: "A part of the list.",
                schema: Schema.list("PortalSession"),
                example: Examples.list(Examples.portalSession)
            )
        ],
        handler: .plain { request in
            let page = try request.outbox.portalSessions(request.namedPlace(), limit: request.pageLimit)
            let now = request.outbox.now
            return .list(page.elements.map { JSONLine($0, at: now) }, ListLinks(page))
        }
    )

    private static func create(_ parts: APIParts) -> Route {
        Route(
            method: "POST",
            path: "/v1/portal-sessions",
            operation: "createPortalSession",
            summary: "Make a session for a customer's browser. Its link works once, for ten minutes, and is shown this once.",
            access: .right(.keys),
            body: Route.Body(
                types: ["application/json"],
                schema: Schema.object(
                    [
                        (
                            "node",
                            Schema.described(Schema.string, "The node whose tree is all it sees; the asking key's own when it is left out.")
                        ),
                        ("rights", Schema.array(Schema.choice(PortalSession.grantableRights.map(\.rawValue)))),
                        (
                            "expires_in",
                            Schema.described(
                                Schema.integer(PortalSession.lifetimeSeconds),
                                "Seconds; \(PortalSession.usualLifetimeSeconds) when it is left out, and never longer than the asking key."
                            )
                        ),
                    ],
                    required: ["rights"]
                ),
                example: .object([.init("node", .string("c1")), .init("rights", .array([.string("read"), .string("retry")]))]),
                limitBytes: 16_384
            ),
            answers: [
                Route.Answer(
                    status: 201,
                    description: "It is made. Have the customer's browser open its url.",
                    schema: Schema.reference("NewPortalSession"),
                    example: Examples.newPortalSession,
                    headers: ["Cache-Control": "no-store"]
                )
            ],
            problems: [.notFound, .malformed, .invalidBody, .unsupportedMediaType, .tooLarge],
            handler: .plain { request in
                let body = try BodyReader(request.json(), allowed: ["node", "rights", "expires_in"])
                let (session, code) = try request.outbox.makePortalSession(
                    node: try body.text("node", limitBytes: Identifier.limitBytes),
                    rights: try KeyRoutes.rights(body.texts("rights") ?? []),
                    own: request.grant,
                    lifetimeMilliseconds: try body.integer("expires_in", PortalSession.lifetimeSeconds).map { Int64($0) * 1000 }
                )
                try parts.book.refresh()
                var line = JSONLine(session, at: request.outbox.now)
                line.add("url", "\(origin(request.head, parts))\(parts.options.basePath)/portal/\(code.text)")
                line.add("url_expires", session.linkExpires)
                return .json(line, status: 201, headers: [("Cache-Control", "no-store")])
            }
        )
    }

    /// Where customers reach the server: as the operator says, or else as the client itself reached it.
    private static func origin(_ head: HTTPRequestHead, _ parts: APIParts) -> String {
        parts.options.publicOrigin ?? "\(head.isSecure ? "https" : "http")://\(head.headers["Host"] ?? "localhost")"
    }

    private static func revoke(_ parts: APIParts) -> Route {
        Route(
            method: "DELETE",
            path: "/v1/portal-sessions/{id}",
            operation: "revokePortalSession",
            summary: "End a portal session. Takes the right keys, but for a session that ends itself.",
            access: .key,
            parameters: [.path("id", .text(limitBytes: AccessToken.idLength), "The session's id.", example: "0123456789ab")],
            answers: [Route.Answer(status: 204, description: "It is over.")],
            problems: [.notFound],
            handler: .plain { request in
                let id = request.path("id")
                let isOwn = request.grant.csrfToken != nil && request.grant.keyID == id
                if !isOwn, !request.has(.keys) { throw APIProblem(.forbidden, "the key lacks the right \(AccessRight.keys.rawValue)") }
                try request.outbox.revokePortalSession(id)
                try parts.book.refresh()
                if !isOwn { return .noContent }
                let field = parts.cookie.removal(isSecure: parts.cookie.isSecure(request.head))
                return HTTPResponse(status: 204, headers: ["Set-Cookie": field])
            }
        )
    }

    /// The page of the dashboard that says that a link opens nothing.
    static let deadLinkPage = "portal-link"

    private static func open(_ parts: APIParts) -> Route {
        Route(
            method: "GET",
            path: "/portal/{code}",
            operation: "openPortalSession",
            summary: "Exchange the code of a link for a cookie, once, and go on to the dashboard. For browsers.",
            access: .open,
            parameters: [
                .path("code", .text(limitBytes: 128), "The code.", example: "phc_0123456789ab_0000000000000000000000000000000000000000000")
            ],
            answers: [
                Route.Answer(
                    status: 303,
                    description: "To the dashboard, or to a page that says that the link was used, is too old or is not known.",
                    type: "text/html",
                    headers: ["Location": "Where to.", "Set-Cookie": "What the browser keeps.", "Cache-Control": "no-store"]
                )
            ],
            handler: .plain { request in
                let base = parts.options.basePath
                func go(to page: String, cookie: String? = nil) -> HTTPResponse {
                    var headers: HTTPHeaders = [
                        "Location": "\(base)/\(page)", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
                    ]
                    if let cookie { headers.append("Set-Cookie", cookie) }
                    return HTTPResponse(status: 303, headers: headers)
                }
                // Programs that look at a link before a person does would use it up.
                let isLookedAt =
                    request.head.method == "HEAD" || request.head.headers.all("Sec-Purpose").contains { $0.contains("prefetch") }
                if isLookedAt { return go(to: "") }
                guard let code = PortalToken(.code, request.path("code")) else { return go(to: deadLinkPage) }
                let now = request.outbox.now
                if !parts.book.mayOpen(code, at: now) { try parts.book.refresh() }
                guard parts.book.mayOpen(code, at: now), let token = try parts.outbox.openPortalSession(code) else {
                    return go(to: deadLinkPage)
                }
                try parts.book.refresh()
                let ends = parts.book.end(of: token.id) ?? now
                let isSecure = parts.cookie.isSecure(request.head)
                let seconds = (ends.milliseconds - now.milliseconds) / 1000
                return go(to: "", cookie: parts.cookie.field(token, seconds: seconds, isSecure: isSecure))
            }
        )
    }
}
