import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// What is done to an endpoint beyond its settings.
enum EndpointActionRoutes {
    static func all(_ parts: APIParts) -> [Route] { [enable, disable, verify(parts), test(parts), ask(parts), rotate] }

    private static let problems: [ProblemCode] = [.notFound, .malformed, .invalidBody, .unsupportedMediaType, .tooLarge]

    private static func body(_ members: [(String, JSONValue)], _ example: JSONValue, limitBytes: Int = 16_384) -> Route.Body {
        Route.Body(
            types: ["application/json"],
            schema: Schema.object(members),
            example: example,
            limitBytes: limitBytes,
            isRequired: false
        )
    }

    private static let enable = Route(
        method: "POST",
        path: "/v1/endpoints/{id}/enable",
        operation: "enableEndpoint",
        summary: "Switch an endpoint on again; what is held goes out.",
        access: .right(.endpoints),
        parameters: [EndpointRoutes.id],
        answers: [EndpointRoutes.answer],
        problems: [.notFound],
        handler: .plain { request in
            _ = try request.outbox.setEnabled(true, endpoint: request.path("id"), reason: nil)
            return try EndpointRoutes.shown(request.path("id"), request)
        }
    )

    private static let disable = Route(
        method: "POST",
        path: "/v1/endpoints/{id}/disable",
        operation: "disableEndpoint",
        summary: "Switch an endpoint off; its deliveries are held.",
        access: .right(.endpoints),
        parameters: [EndpointRoutes.id],
        body: body([("reason", Schema.string)], .object([.init("reason", .string("the customer asked"))])),
        answers: [EndpointRoutes.answer],
        problems: problems,
        handler: .plain { request in
            let reason = try BodyReader(request.json(), allowed: ["reason"]).text("reason", limitBytes: 256)
            if let reason, reason.unicodeScalars.contains(where: OneLine.isHidden) {
                throw APIProblem([InputProblem(field: "reason", reason: "must be one line without control characters")])
            }
            _ = try request.outbox.setEnabled(false, endpoint: request.path("id"), reason: reason)
            return try EndpointRoutes.shown(request.path("id"), request)
        }
    )

    private static func verify(_ parts: APIParts) -> Route {
        Route(
            method: "POST",
            path: "/v1/endpoints/{id}/verify",
            operation: "verifyEndpoint",
            summary: "Run the vendor's URL verification now.",
            access: .right(.endpoints),
            parameters: [EndpointRoutes.id],
            answers: [
                Route.Answer(
                    status: 200,
                    description: "The result.",
                    schema: Schema.object(
                        [("id", Schema.string), ("state", Schema.string), ("reason", Schema.nullable("string"))],
                        required: ["id", "state", "reason"]
                    ),
                    example: .object([.init("id", .string("crm")), .init("state", .string("active")), .init("reason", .null)])
                )
            ],
            problems: [.notFound],
            handler: .outbound { request in
                let id = request.path("id")
                let result = try request.outbox.verify(endpoint: id, guard: parts.options.guard, caFile: parts.options.caFile)
                var line = JSONLine()
                line.add("id", id)
                line.add("state", result.state.rawValue)
                line.add("reason", result.failure.map { request.hidesAddresses ? RefusedAddress.text($0, result.error) : $0 })
                return .json(line)
            }
        )
    }

    private static func test(_ parts: APIParts) -> Route {
        Route(
            method: "POST",
            path: "/v1/endpoints/{id}/test",
            operation: "testEndpoint",
            summary: "Send a sample event to an endpoint, outside of the outbox, and show what came back.",
            access: .right(.endpoints),
            parameters: [EndpointRoutes.id],
            body: body(
                [("type", Schema.string), ("data", Schema.openObject)],
                .object([.init("type", .string("MEETING_CREATED")), .init("data", .object([.init("id", .string("m1"))]))]),
                limitBytes: 1 << 20
            ),
            answers: [
                Route.Answer(
                    status: 200,
                    description: "What was sent, secrets as ***, and what came back.",
                    schema: Schema.reference("EndpointTest"),
                    example: Examples.endpointTest
                )
            ],
            problems: problems,
            handler: .outbound { request in
                let body = try BodyReader(request.json(), allowed: ["type", "data"])
                let data = body.value("data").map { Array($0.text.utf8) }
                let test = try request.outbox.test(
                    endpoint: request.path("id"),
                    type: try body.text("type", limitBytes: 128),
                    data: data,
                    guard: parts.options.guard,
                    caFile: parts.options.caFile
                )
                return .json(JSONLine(test, of: request.path("id"), hidesAddresses: request.hidesAddresses))
            }
        )
    }

    /// Webio's custom value request: a signed request that makes a receiver tell about a customer whom the caller chooses. So it takes the
    /// right to have something sent, and the right to read data.
    private static func ask(_ parts: APIParts) -> Route {
        Route(
            method: "POST",
            path: "/v1/endpoints/{id}/ask",
            operation: "askEndpoint",
            summary: "Fill the <<fields>> of a text with values that a Webio endpoint's receiver gives. Takes the right read as well.",
            access: .right(.emit),
            parameters: [EndpointRoutes.id],
            body: Route.Body(
                types: ["application/json"],
                schema: Schema.object(
                    [
                        ("text", Schema.described(Schema.text(limit: askLimitBytes), "A text with <<fields>>.")),
                        ("customer", Schema.described(Schema.nullable("string"), "The customer's id; null for an inbound conversation.")),
                        ("channel", Schema.described(Schema.string, "The outbound channel's address, such as a phone number.")),
                    ],
                    required: ["text"]
                ),
                example: .object([
                    .init("text", .string("Your balance is <<balance>>.")), .init("customer", .string("123456")),
                    .init("channel", .string("447700900123")),
                ]),
                limitBytes: 1 << 17
            ),
            answers: [
                Route.Answer(
                    status: 200,
                    description: "The text with every field filled; where the receiver did not give them, why not, and no text.",
                    schema: Schema.whole([
                        ("id", Schema.string), ("text", Schema.nullable("string")), ("error_text", Schema.nullable("string")),
                    ]),
                    example: .object([
                        .init("id", .string("crm")), .init("text", .string("Your balance is 12.50.")), .init("error_text", .null),
                    ]),
                    headers: ["Cache-Control": "no-store"]
                )
            ],
            problems: problems,
            handler: .outbound { request in
                if !request.has(.read) { throw APIProblem(.forbidden, "the key lacks the right \(AccessRight.read.rawValue)") }
                let body = try BodyReader(request.json(), allowed: ["text", "customer", "channel"])
                guard let text = try body.text("text", limitBytes: askLimitBytes) else {
                    throw APIProblem([InputProblem(.missing, field: "text", reason: "is missing")])
                }
                var line = JSONLine()
                line.add("id", request.path("id"))
                do {
                    let filled = try request.outbox.ask(
                        endpoint: request.path("id"),
                        text: text,
                        customer: try body.text("customer", limitBytes: 256),
                        channel: try body.text("channel", limitBytes: 256) ?? "",
                        guard: parts.options.guard,
                        caFile: parts.options.caFile
                    )
                    line.add("text", filled)
                    line.add("error_text", nil as String?)
                } catch let problem as InputProblem where problem.code == .badAnswer {
                    line.add("text", nil as String?)
                    line.add("error_text", "\(problem)")
                }
                return .json(line, headers: [("Cache-Control", "no-store")])
            }
        )
    }

    /// The longest text whose fields are filled.
    private static let askLimitBytes = 65_536
    private static let graceSeconds = 0...Int(Outbox.graceLimitMilliseconds / 1000)

    private static let rotate = Route(
        method: "POST",
        path: "/v1/endpoints/{id}/rotate",
        operation: "rotateEndpointSecret",
        summary: "Replace an endpoint's secret by a given one, or by a made one, which takes the right secrets since it is shown once.",
        access: .right(.endpoints),
        parameters: [EndpointRoutes.id],
        body: body(
            [
                ("secret", Schema.string),
                ("name", Schema.described(Schema.string, "Which secret, where the endpoint's vendor file names several.")),
                (
                    "grace_seconds",
                    Schema.described(
                        Schema.integer(graceSeconds),
                        "How long the replaced secret signs too; a day when it is left out. Only for formats that carry several signatures."
                    )
                ),
            ],
            .object([.init("grace_seconds", .number("3600"))])
        ),
        answers: [
            Route.Answer(
                status: 200,
                description: "The made secret, shown this once.",
                schema: Schema.object(
                    [
                        ("id", Schema.string), ("secret", Schema.nullable("string")), ("public_key", Schema.nullable("string")),
                        ("replaced_signs_until", Schema.nullable("string")),
                    ],
                    required: ["id", "secret", "public_key", "replaced_signs_until"]
                ),
                example: .object([
                    .init("id", .string("crm")), .init("secret", .null), .init("public_key", .null), .init("replaced_signs_until", .null),
                ]),
                headers: ["Cache-Control": "no-store"]
            )
        ],
        problems: problems,
        handler: .plain { request in
            let body = try BodyReader(request.json(), allowed: ["secret", "name", "grace_seconds"])
            let secret = try body.text("secret", limitBytes: 8192)
            let name = try body.text("name", limitBytes: 256)
            let grace = try body.integer("grace_seconds", graceSeconds)
            if secret == nil, !request.has(.secrets) {
                throw APIProblem(.forbidden, "a made secret is shown to keys with the right secrets alone; give one, or use such a key")
            }
            let rotation: SecretRotation
            do {
                rotation = try request.outbox.rotate(
                    endpoint: request.path("id"),
                    name: name,
                    newSecret: secret,
                    graceMilliseconds: grace.map { Int64($0) * 1000 }
                )
            } catch let problem as InputProblem where problem.field == "grace" {
                throw problem.at("grace_seconds")
            }
            return .json(JSONLine(rotation, of: request.path("id")), headers: [("Cache-Control", "no-store")])
        }
    )
}
