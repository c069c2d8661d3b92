import PosthornHTTP
import PosthornModel
import PosthornText

/// What happens, as it happens.
enum StreamRoutes {
    static func all(_ parts: APIParts) -> [Route] { [stream(parts)] }

    private static func stream(_ parts: APIParts) -> Route {
        Route(
            method: "GET",
            path: "/v1/stream",
            operation: "streamDeliveries",
            summary: "Server-sent events: deliveries as they are settled, and figures once a second. Last-Event-ID goes on where it was.",
            access: .right(.readMetadata),
            parameters: [
                Parameter(
                    name: "Last-Event-ID",
                    place: .header,
                    kind: .text(limitBytes: 64),
                    summary: "The id of the newest delivery that was seen.",
                    example: "0123456789ab-42"
                )
            ],
            answers: [
                Route.Answer(
                    status: 200,
                    description:
                        "delivery: one that was delivered or is exhausted. figures: how many of each since the last ones. lost: how "
                        + "many were left out, since they were not read in time. reset: it could not go on where it was; read lists again.",
                    type: ServerSentEvent.contentType,
                    schema: Schema.string,
                    example: .string("id: 0123456789ab-42\nevent: delivery\ndata: {\"delivery\":\"480112\",\"state\":\"delivered\"}\n\n"),
                    headers: ["Cache-Control": "no-store"]
                )
            ],
            problems: [.tooManyRequests],
            handler: .stream { request, begin in
                let last = request.head.headers["Last-Event-ID"]
                try parts.hub.add(request, from: last.map { StreamPosition($0) ?? StreamPosition(run: "", number: 0) }) {
                    begin(HTTPResponse(status: 200, headers: ["Content-Type": ServerSentEvent.contentType, "Cache-Control": "no-store"]))
                }
            }
        )
    }
}
