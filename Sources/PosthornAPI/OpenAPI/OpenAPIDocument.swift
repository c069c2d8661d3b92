import PosthornModel
import PosthornText

/// The OpenAPI 3.1 document of a table of routes.
struct OpenAPIDocument {
    private let routes: [Route]
    private let basePath: String

    init(_ routes: [Route], basePath: String) {
        self.routes = routes
        self.basePath = basePath
    }

    /// The document.
    var value: JSONValue {
        .object([
            .init("openapi", .string("3.1.0")),
            .init(
                "info",
                .object([
                    .init("title", .string("Posthorn")), .init("version", .string(PosthornVersion.text)),
                    .init("description", .string("Webhooks: events in, everything visible. A key sees its own node and what is below.")),
                    .init("license", .object([.init("name", .string("MIT")), .init("identifier", .string("MIT"))])),
                ])
            ),
            .init("servers", .array([.object([.init("url", .string(basePath.isEmpty ? "/" : basePath))])])),
            .init("paths", .object(paths)),
            .init(
                "components",
                .object([
                    .init("schemas", .object(Schemas.all.map { .init($0.0, $0.1) })),
                    .init(
                        "securitySchemes",
                        .object([
                            .init("key", .object([.init("type", .string("http")), .init("scheme", .string("bearer"))])),
                            .init("portal", portal),
                        ])
                    ),
                ])
            ),
        ])
    }

    private var portal: JSONValue {
        let cookie = PortalCookie(basePath: basePath, isEmbedded: false, isAlwaysSecure: false)
        let description =
            "A portal session's cookie, which opening its link sets; over TLS its name is \(cookie.name(isSecure: true)). Every request but GET "
            + "and HEAD that it goes with must have \(Gate.intentHeader), as GET /v1/whoami has it; those may, and then it must be right."
        return .object([
            .init("type", .string("apiKey")), .init("in", .string("cookie")), .init("name", .string(cookie.name(isSecure: false))),
            .init("description", .string(description)),
        ])
    }

    private var paths: [JSONValue.Member] {
        var order: [String] = []
        var byPath: [String: [JSONValue.Member]] = [:]
        for route in routes {
            if byPath[route.path] == nil { order.append(route.path) }
            byPath[route.path, default: []].append(.init(route.method.lowercased(), operation(route)))
        }
        return order.map { .init($0, .object(byPath[$0] ?? [])) }
    }

    private func operation(_ route: Route) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("operationId", .string(route.operation)), .init("summary", .string(route.summary)),
            .init("tags", .array([.string(String(route.segments.first { $0 != "v1" } ?? ""))])),
        ]
        switch route.access {
        case .open: members.append(.init("security", .array([])))
        case .key: members.append(.init("security", Self.security))
        case .right(let right):
            members.append(.init("security", Self.security))
            members.append(.init("description", .string("Takes the right \(right.rawValue).")))
        }
        let parameters =
            route.parameters + (route.problems.contains(.changed) ? [Self.ifMatch] : [])
            + (route.isIdempotencyKeyTaken ? [Self.idempotencyKey] : [])
        if !parameters.isEmpty { members.append(.init("parameters", .array(parameters.map(parameter)))) }
        if let body = route.body { members.append(.init("requestBody", self.body(body, route))) }
        members.append(.init("responses", .object(responses(route))))
        return .object(members)
    }

    /// Either of them will do.
    private static let security = JSONValue.array(["key", "portal"].map { .object([.init($0, .array([]))]) })

    private static let ifMatch = Parameter(
        name: "If-Match",
        place: .header,
        kind: .text(limitBytes: 256),
        summary: "The ETag that was read: refused with 412 when it has changed since.",
        example: "\"0123456789abcdef0123456789abcdef\""
    )

    private static let idempotencyKey = Parameter(
        name: Idempotency.header,
        place: .header,
        kind: .name,
        summary: "Sent again with the same, the request is done once, and answered as it was. Known for a day.",
        example: "2b7f0c1e-1"
    )

    private func parameter(_ parameter: Parameter) -> JSONValue {
        let schema = parameter.isRepeatable ? Schema.array(parameter.schema, limit: Parameter.repeatLimit) : parameter.schema
        let example: JSONValue
        switch parameter.kind {
        case .integer: example = .number(parameter.example)
        case .flag: example = .bool(parameter.example == "true")
        default: example = .string(parameter.example)
        }
        return .object([
            .init("name", .string(parameter.name)), .init("in", .string(parameter.place.rawValue)),
            .init("required", .bool(parameter.place == .path)), .init("description", .string(parameter.summary)),
            .init("schema", schema), .init("example", parameter.isRepeatable ? .array([example]) : example),
        ])
    }

    private func body(_ body: Route.Body, _ route: Route) -> JSONValue {
        let content = body.types.map { type in
            let isLines = type == EventRoutes.linesType
            let schema = isLines ? Schema.described(Schema.string, "A NewEvent a line.") : body.schema
            let example: JSONValue = isLines ? .string(body.example.text + "\n") : body.example
            return JSONValue.Member(type, .object([.init("schema", schema), .init("example", example)]))
        }
        return .object([.init("required", .bool(body.isRequired)), .init("content", .object(content))])
    }

    private func responses(_ route: Route) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        for status in Set(route.answers.map(\.status)).sorted() {
            let answers = route.answers.filter { $0.status == status }
            members.append(.init(String(status), answer(answers)))
        }
        for (status, codes) in Dictionary(grouping: Set(problems(route)), by: \.status).sorted(by: { $0.key < $1.key }) {
            let codes = codes.sorted { $0.rawValue < $1.rawValue }
            members.append(.init(String(status), problem(codes)))
        }
        return members
    }

    /// What the route may be refused with: its own, and what comes before its handler.
    private func problems(_ route: Route) -> [ProblemCode] {
        var codes = route.problems + [.malformed, .notAcceptable, .tooLarge, .failed, .unavailable]
        // What no id can be is no id of anything.
        if route.parameters.contains(where: { $0.place == .path }) { codes.append(.notFound) }
        if route.parameters.contains(where: { $0.place == .query }) || route.method == "GET" { codes.append(.invalidParameter) }
        if route.access != .open { codes += [.noKey, .sessionEnded, .forbidden] }
        if route.isIdempotencyKeyTaken { codes += [.conflict, .keyReused] }
        switch route.handler {
        case .plain, .outbound, .lines: codes.append(.tooManyRequests)
        case .direct, .stream: break
        }
        return codes
    }

    private func answer(_ answers: [Route.Answer]) -> JSONValue {
        var members: [JSONValue.Member] = [.init("description", .string(answers[0].description)), .init("headers", headers(answers[0]))]
        let content = answers.compactMap { answer in
            answer.schema.map { schema in
                let example = answer.example.map { [JSONValue.Member("example", $0)] } ?? []
                return JSONValue.Member(answer.type, .object([.init("schema", schema)] + example))
            }
        }
        if !content.isEmpty { members.append(.init("content", .object(content))) }
        return .object(members)
    }

    private func headers(_ answer: Route.Answer) -> JSONValue {
        let requestID = ("X-Request-Id", "Names the request in the log.")
        let named = answer.headers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } + [requestID]
        return .object(
            named.map { name, text in
                .init(name, .object([.init("description", .string(text)), .init("schema", Schema.string)]))
            }
        )
    }

    private func problem(_ codes: [ProblemCode]) -> JSONValue {
        let example = APIProblem(codes[0], codes[0].remedy).json(basePath: basePath)
        let value = (try? JSONValue.parse(Array(example.text.utf8))) ?? .object([])
        return .object([
            .init("description", .string(codes.map { "\($0.title). \($0.remedy)" }.joined(separator: " "))),
            .init(
                "content",
                .object([
                    .init(
                        "application/problem+json",
                        .object([.init("schema", Schema.reference("Problem")), .init("example", value)])
                    )
                ])
            ),
        ])
    }
}
