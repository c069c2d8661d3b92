import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// Endpoints: the objects of a topology file, one by one.
enum EndpointRoutes {
    static func all(_ parts: APIParts) -> [Route] {
        [list, create(parts), one, replace(parts), patch(parts), remove, secret] + EndpointActionRoutes.all(parts)
    }

    static let bodyLimitBytes = 1 << 20
    static let id = Parameter.path("id", .text(limitBytes: Identifier.limitBytes), "The endpoint's id.", example: "crm")

    /// Members that say how it is, and not what it shall be. What was read can be sent back with them.
    static let statusMembers: Set<String> = [
        "state", "reason", "broken", "throttled_until", "limited_by", "unhealthy", "held", "held_at_least",
    ]

    static let body = Route.Body(
        types: ["application/json"],
        schema: Schema.reference("Endpoint"),
        example: Examples.endpointSettings,
        limitBytes: bodyLimitBytes
    )

    static let answer = Route.Answer(
        status: 200,
        description: "The endpoint, secrets as ***, which stands for what is stored when it is sent back.",
        schema: Schema.reference("Endpoint"),
        example: Examples.endpoint,
        headers: ["ETag": "Changes with every change of the endpoint; for If-Match."]
    )

    static let changeProblems: [ProblemCode] = [
        .notFound, .conflict, .changed, .malformed, .invalidBody, .unsupportedMediaType, .tooLarge,
    ]

    private static let list = Route(
        method: "GET",
        path: "/v1/endpoints",
        operation: "listEndpoints",
        summary: "List endpoints by id, as posthorn endpoint list does.",
        access: .right(.readMetadata),
        parameters: [
            .query("prefix", .text(limitBytes: Identifier.limitBytes), "Only those whose ids begin with this.", example: "c"),
            .query("node", .text(limitBytes: Identifier.limitBytes), "Only those at this node and below.", example: "c1"),
            .query(
                "state",
                .choice(["active", "unverified", "disabled"]),
                "Only those in this state; several for any of them.",
                example: "disabled",
                isRepeatable: true
            ),
        ] + ListParameters.namedPage(limitBytes: Identifier.limitBytes, example: "crm"),
        answers: [
            Route.Answer(
                status: 200,
                description: "A part of the list.",
                schema: Schema.list("EndpointSummary"),
                example: Examples.list(Examples.endpointSummary)
            )
        ],
        problems: [.notFound],
        handler: .plain { request in
            let states = Set(request.all("state").compactMap { EndpointState(rawValue: $0) })
            let place: NamedPage<StoredEndpoint>.Place = request.namedPlace()
            let page = try request.outbox.endpoints(
                below: request.text("node"),
                beginningWith: request.text("prefix") ?? "",
                place,
                limit: request.pageLimit,
                states: states
            )
            let conditions = try request.outbox.conditions(of: page.elements.map(\.settings.id))
            let sight = try request.outbox.limitSight()
            return .list(
                page.elements.map { endpoint in
                    let id = endpoint.settings.id
                    var line = JSONLine(
                        endpoint,
                        fault: conditions.faults[id],
                        throttledUntil: conditions.throttled[id],
                        limitedBy: sight.limiting(endpoint.settings.node),
                        hidesAddresses: request.hidesAddresses
                    )
                    line.add("unhealthy", unhealthy(conditions.health[id]))
                    return line
                },
                ListLinks(page, name: \.settings.id)
            )
        }
    )

    /// How an endpoint does that is failing, suspended or disabled; null for a healthy one.
    private static func unhealthy(_ health: EndpointHealth?) -> JSONValue {
        health.flatMap { try? JSONValue.parse(Array(JSONLine($0).text.utf8)) } ?? .null
    }

    /// The endpoint as a topology file has it, and how it is.
    static func shown(_ id: String, _ request: APIRequest, isNew: Bool = false) throws -> HTTPResponse {
        let document = try request.outbox.endpoint(id)
        let conditions = try request.outbox.conditions(of: [id])
        let held = try request.outbox.heldCount(of: document.endpoint)
        guard case .object(var members) = TopologyWriter.object(document.endpoint.settings) else { return .noContent }
        func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
        let reason = document.endpoint.stateReason.map { request.hidesAddresses ? RefusedAddress.reason($0) : $0 }
        members += [
            .init("state", .string(document.endpoint.state.rawValue)), .init("reason", text(reason)),
            .init("broken", text(conditions.faults[id])), .init("throttled_until", text(conditions.throttled[id]?.description)),
            .init("limited_by", JSONLine.limitedBy(try request.outbox.limitSight().limiting(document.endpoint.settings.node))),
            .init("unhealthy", unhealthy(conditions.health[id])), .init("held", .number(String(held))),
            .init("held_at_least", .bool(held == ScopedOutbox.heldLimit)),
        ]
        var response = HTTPResponse.json(Array(JSONValue.object(members).text.utf8), status: isNew ? 201 : 200)
        response.headers.append("ETag", "\"\(document.tag)\"")
        if isNew {
            let (name, value) = request.location("/v1/endpoints/\(PercentEncoding.segment(id))")
            response.headers.append(name, value)
        }
        return response
    }

    /// Reads an endpoint as a topology file has it.
    static func settings(_ value: JSONValue, id: String) throws -> EndpointSettings {
        guard case .object(let members) = value else {
            throw APIProblem([InputProblem(field: "", reason: "must be an object, not \(value.kindName)")])
        }
        var kept = members.filter { !statusMembers.contains($0.key) }
        if let given = value["id"], given != .string(id) {
            throw APIProblem([InputProblem(field: "id", value: given.text, reason: "is not the id of the path; an id never changes")])
        }
        if value["id"] == nil { kept.insert(.init("id", .string(id)), at: 0) }
        let topology = JSONValue.object([.init("endpoints", .array([.object(kept)]))])
        do throws(InputProblem) {
            let endpoints = try Topology(topology).endpoints
            return endpoints[0]
        } catch {
            throw outside(error)
        }
    }

    /// A problem of a topology of one endpoint, as one of the endpoint alone.
    static func outside(_ problem: InputProblem) -> InputProblem {
        guard let start = ["endpoints[0]", "nodes[0]"].first(where: { problem.field.hasPrefix($0) }) else { return problem }
        let field = problem.field.dropFirst(start.count).drop { $0 == "." }
        return problem.at(String(field))
    }

    /// Makes the change, and shows the result.
    private static func put(
        _ settings: EndpointSettings,
        _ request: APIRequest,
        _ parts: APIParts,
        isNew: Bool,
        tags: [String]?
    ) throws {
        let change = EndpointChange(isNew: isNew, tags: tags, movesSecrets: request.has(.secrets), guard: parts.options.guard)
        do { try request.outbox.put(settings, change) } catch let problem as InputProblem { throw outside(problem) }
    }

    private static func create(_ parts: APIParts) -> Route {
        Route(
            method: "POST",
            path: "/v1/endpoints",
            operation: "createEndpoint",
            summary: "Make an endpoint. Without an id it gets one.",
            access: .right(.endpoints),
            body: body,
            answers: [
                Route.Answer(
                    status: 201,
                    description: "It is made.",
                    schema: Schema.reference("Endpoint"),
                    example: Examples.endpoint,
                    headers: ["ETag": "For If-Match.", "Location": "Its path."]
                )
            ],
            problems: changeProblems.filter { $0 != .notFound && $0 != .changed },
            handler: .plain { request in
                let value = try request.json()
                let id: String
                switch value["id"] {
                case nil, .null?: id = "ep_" + request.outbox.makeID()
                case .string(let text)?: id = text
                case let other?: throw APIProblem([InputProblem(field: "id", reason: "must be a string, not \(other.kindName)")])
                }
                try put(try settings(value, id: id), request, parts, isNew: true, tags: nil)
                return try shown(id, request, isNew: true)
            }
        )
    }

    private static let one = Route(
        method: "GET",
        path: "/v1/endpoints/{id}",
        operation: "getEndpoint",
        summary: "One endpoint, as a topology file has it.",
        access: .right(.readMetadata),
        parameters: [id],
        answers: [answer],
        problems: [.notFound],
        handler: .plain { try shown($0.path("id"), $0) }
    )

    private static func replace(_ parts: APIParts) -> Route {
        Route(
            method: "PUT",
            path: "/v1/endpoints/{id}",
            operation: "replaceEndpoint",
            summary: "Make an endpoint what the body says. What the body leaves out gets its default.",
            access: .right(.endpoints),
            parameters: [id],
            body: body,
            answers: [answer],
            problems: changeProblems,
            handler: .plain { request in
                let id = request.path("id")
                try put(try settings(try request.json(), id: id), request, parts, isNew: false, tags: request.expectedTags())
                return try shown(id, request)
            }
        )
    }

    private static func patch(_ parts: APIParts) -> Route {
        Route(
            method: "PATCH",
            path: "/v1/endpoints/{id}",
            operation: "patchEndpoint",
            summary: "Change some members of an endpoint (JSON Merge Patch, RFC 7396). What the patch leaves out stays, secrets too.",
            access: .right(.endpoints),
            parameters: [id],
            body: Route.Body(
                types: ["application/merge-patch+json", "application/json"],
                schema: Schema.reference("EndpointPatch"),
                example: .object([.init("url", .string("https://crm.example/hook")), .init("rate_per_second", .number("10"))]),
                limitBytes: bodyLimitBytes
            ),
            answers: [answer],
            problems: changeProblems,
            handler: .plain { request in
                let id = request.path("id")
                let patch = try request.json()
                // Others may change it between reading and writing; then it is merged with what that one made of it.
                for _ in 0..<patchTries {
                    let current = try request.outbox.endpoint(id)
                    if let tags = request.expectedTags(), !tags.contains(current.tag) { throw ScopeProblem.changed }
                    let merged = MergePatch.apply(patch, to: TopologyWriter.object(current.endpoint.settings))
                    do {
                        try put(try settings(merged, id: id), request, parts, isNew: false, tags: [current.tag])
                        return try shown(id, request)
                    } catch ScopeProblem.changed {
                        continue
                    }
                }
                throw APIProblem(.conflict, "the endpoint is being changed by others; try again")
            }
        )
    }

    private static let patchTries = 3

    private static let remove = Route(
        method: "DELETE",
        path: "/v1/endpoints/{id}",
        operation: "deleteEndpoint",
        summary: "Remove an endpoint. What was delivered stays listed.",
        access: .right(.endpoints),
        parameters: [
            id,
            .query("waiting", .choice(["refuse", "cancel"]), "What becomes of deliveries that wait for it.", example: "cancel"),
        ],
        answers: [
            Route.Answer(
                status: 200,
                description: "It is removed.",
                schema: Schema.object([("cancelled", Schema.integer)], required: ["cancelled"]),
                example: .object([.init("cancelled", .number("0"))])
            )
        ],
        problems: [.notFound, .conflict, .changed],
        handler: .plain { request in
            let cancelled = try request.outbox.remove(
                endpoint: request.path("id"),
                cancelsWaiting: request.text("waiting") == "cancel",
                tags: request.expectedTags()
            )
            var line = JSONLine()
            line.add("cancelled", cancelled)
            return .json(line)
        }
    )

    private static let secret = Route(
        method: "GET",
        path: "/v1/endpoints/{id}/secret",
        operation: "getEndpointSecret",
        summary: "An endpoint with its secrets: URL, credentials and headers as they are stored.",
        access: .right(.secrets),
        parameters: [id],
        answers: [
            Route.Answer(
                status: 200,
                description: "What is secret about it.",
                schema: Schema.object(
                    [("url", Schema.string), ("credentials", Schema.openObject), ("headers", Schema.openObject)],
                    required: ["url", "credentials", "headers"]
                ),
                example: .object([
                    .init("url", .string("https://crm.example/hook?token=agreed-on")), .init("credentials", .object([])),
                    .init("headers", .object([])),
                ]),
                headers: ["Cache-Control": "no-store"]
            )
        ],
        problems: [.notFound],
        handler: .plain { request in
            let settings = try request.outbox.endpointWithSecrets(request.path("id"))
            let credentials = settings.credentials.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, $0.value) }
            var line = JSONLine()
            line.add("url", settings.url)
            line.add("credentials", .object(credentials))
            line.add("headers", .object(settings.headers.map { .init($0.name, .string($0.value)) }))
            return .json(line, headers: [("Cache-Control", "no-store")])
        }
    )
}
