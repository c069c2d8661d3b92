import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// How the outbox and the API are.
enum StatusRoutes {
    static func all(_ parts: APIParts) -> [Route] { [status(parts), healthz, readyz(parts)] }

    private static func status(_ parts: APIParts) -> Route {
        Route(
            method: "GET",
            path: "/v1/status",
            operation: "getStatus",
            summary: "The figures of posthorn status, as of a second ago at most. Keys of a node get what can be said of its tree.",
            access: .right(.readMetadata),
            answers: [
                Route.Answer(status: 200, description: "The figures.", schema: Schema.reference("Status"), example: Examples.status)
            ],
            handler: .plain { request in
                let troubles = try request.outbox.troubles()
                if request.grant.node == nil {
                    let status = try parts.statusCache.status { try request.outbox.status() }
                    return .json(JSONLine(status, troubles, at: request.outbox.now))
                }
                let (nodes, states) = try request.outbox.counts()
                return .json(JSONLine(nodes: nodes, endpoints: states, troubles, bindingLimits: try request.outbox.limitSight().limits))
            }
        )
    }

    private static let healthz = Route(
        method: "GET",
        path: "/healthz",
        operation: "getHealth",
        summary: "Whether the process answers.",
        access: .open,
        answers: [Route.Answer(status: 200, description: "It does.", type: "text/plain", schema: Schema.string, example: .string("ok"))],
        handler: .direct { _, done in done(.text("ok\n")) }
    )

    private static func readyz(_ parts: APIParts) -> Route {
        Route(
            method: "GET",
            path: "/readyz",
            operation: "getReadiness",
            summary: "Whether requests can be served: the outbox can be read, and keys can be checked.",
            access: .open,
            answers: [
                Route.Answer(status: 200, description: "They can.", type: "text/plain", schema: Schema.string, example: .string("ok"))
            ],
            // What the keys were read with: asking the outbox for each would let strangers keep its readers busy.
            handler: .direct { _, done in
                guard parts.book.isFresh else {
                    throw APIProblem(.unavailable, "keys cannot be checked now", headers: [("Retry-After", "5")])
                }
                done(.text("ok\n"))
            }
        )
    }
}
