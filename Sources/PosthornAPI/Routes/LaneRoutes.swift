import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// What waits in order, and how what stops it is passed.
enum LaneRoutes {
    static let all: [Route] = [list, ofEndpoint, skip]

    private static let list = Route(
        method: "GET",
        path: "/v1/lanes",
        operation: "listLanes",
        summary: "How much waits in order for each endpoint with an order, and how many of its lanes an exhausted delivery stops.",
        access: .right(.readMetadata),
        parameters: ListParameters.namedPage(limitBytes: Identifier.limitBytes, example: "crm"),
        answers: [
            Route.Answer(
                status: 200,
                description:
                    "A part of the list, by the endpoints' ids. \(ScopedOutbox.laneRows) rows are looked at, and a few for each endpoint; "
                    + "at_least says where there may be more.",
                schema: Schema.list("LaneCounts"),
                example: Examples.list(Examples.laneCounts)
            )
        ],
        handler: .plain { request in
            let place: NamedPage<StoredEndpoint>.Place = request.namedPlace()
            let page = try request.outbox.endpoints(below: nil, place, limit: request.pageLimit, inOrder: true)
            let counts = try request.outbox.laneCounts(of: page.elements)
            return .list(
                zip(page.elements, counts).map { JSONLine($1, ofEndpoint: $0.settings.id) },
                ListLinks(page, name: \.settings.id)
            )
        }
    )

    private static let ofEndpoint = Route(
        method: "GET",
        path: "/v1/endpoints/{id}/lanes",
        operation: "getEndpointLanes",
        summary:
            "What waits in order for an endpoint: lanes that an exhausted delivery stops first, then those in which most waits; "
            + "\(Outbox.laneLimit) at most.",
        access: .right(.readMetadata),
        parameters: [EndpointRoutes.id],
        answers: [
            Route.Answer(
                status: 200,
                description:
                    "The lanes, each with the delivery that goes first and how many are behind it. \(ScopedOutbox.laneRows) rows are looked "
                    + "at, stopped lanes first; at_least says where there may be more.",
                schema: Schema.reference("Lanes"),
                example: Examples.lanes
            )
        ],
        problems: [.notFound],
        handler: .plain { request in
            .json(JSONLine(try request.outbox.lanes(ofEndpoint: request.path("id")), numbersAsText: true))
        }
    )

    private static let skip = Route(
        method: "POST",
        path: "/v1/deliveries/{number}/skip",
        operation: "skipDelivery",
        summary: "Let what waits in order behind an exhausted delivery go on. It stays exhausted, and can be retried later.",
        access: .right(.retry),
        parameters: [DeliveryRoutes.number],
        answers: [DeliveryRoutes.answer],
        problems: [.notFound, .conflict],
        handler: .plain { request in
            try request.outbox.skip(request.number("number") ?? 0)
            return try DeliveryRoutes.shown(request)
        }
    )
}
