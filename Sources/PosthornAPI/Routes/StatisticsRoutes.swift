import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// What became of an endpoint's attempts over time.
enum StatisticsRoutes {
    static let all = [ofEndpoint, ofTree]

    private static let ofEndpoint = Route(
        method: "GET",
        path: "/v1/endpoints/{id}/stats",
        operation: "getEndpointStatistics",
        summary: "Deliveries, failures by error and latencies of an endpoint in steps of time. A few seconds may be missing at the end.",
        access: .right(.readMetadata),
        parameters: [EndpointRoutes.id] + steps,
        answers: [
            Route.Answer(
                status: 200,
                description: "The steps in which there were attempts. A latency, and a lag, is at most a quarter too long.",
                schema: Schema.reference("EndpointStatistics"),
                example: Examples.endpointStatistics
            )
        ],
        problems: [.notFound],
        handler: .plain { request in
            try answer {
                let id = request.path("id")
                return JSONLine(
                    try request.outbox.statistics(
                        ofEndpoint: id,
                        since: request.time("since"),
                        until: request.time("until"),
                        step(request)
                    ),
                    of: id
                )
            }
        }
    )

    private static let ofTree = Route(
        method: "GET",
        path: "/v1/stats",
        operation: "getStatistics",
        summary: "The same of all endpoints of the key's tree together. A few seconds may be missing at the end.",
        access: .right(.readMetadata),
        parameters: steps,
        answers: [
            Route.Answer(
                status: 200,
                description:
                    "The steps in which there were attempts. From known_since on the others had none; before, that is not known. total and data are "
                    + "null for keys of a node that has more than \(TreeStatistics.endpointLimit) endpoints, or too much to add up.",
                schema: Schema.reference("Statistics"),
                example: Examples.statistics
            )
        ],
        handler: .plain { request in
            try answer {
                JSONLine(try request.outbox.statistics(since: request.time("since"), until: request.time("until"), step(request)))
            }
        }
    )

    private static func step(_ request: APIRequest) -> StatisticsStep {
        request.text("step").flatMap { StatisticsStep(rawValue: $0) } ?? .hour
    }

    private static func answer(_ body: () throws -> JSONLine) throws -> HTTPResponse {
        do { return .json(try body()) } catch let problem as InputProblem {
            throw APIProblem(.invalidParameter, "1 fault", errors: [.init(place: .parameter(problem.field), detail: problem.reason)])
        }
    }

    private static let steps: [Parameter] = [
        .query("since", .time, "When the first step begins; rounded down to a step.", example: "2026-11-28T00:00:00.000Z"),
        .query("until", .time, "When the last step ends; now when it is left out.", example: "2026-11-29T00:00:00.000Z"),
        .query(
            "step",
            .choice(StatisticsStep.allCases.map(\.rawValue)),
            "The length of a step: 5m, which is kept for a day, 1h (the usual one) or 1d, which are kept for 90 days.",
            example: "1h"
        ),
    ]
}
