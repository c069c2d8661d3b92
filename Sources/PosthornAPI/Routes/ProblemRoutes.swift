import PosthornHTTP
import PosthornText

/// What the `type` of a refusal leads to.
enum ProblemRoutes {
    static func all(_ parts: APIParts) -> [Route] { [list(parts), one(parts)] }

    private static func line(_ code: ProblemCode, _ basePath: String) -> JSONLine {
        var line = JSONLine()
        line.add("type", "\(basePath)/problems/\(code.rawValue)")
        line.add("title", code.title)
        line.add("status", code.status)
        line.add("remedy", code.remedy)
        return line
    }

    private static func list(_ parts: APIParts) -> Route {
        Route(
            method: "GET",
            path: "/problems",
            operation: "listProblems",
            summary: "All kinds of refusals.",
            access: .open,
            answers: [
                Route.Answer(
                    status: 200,
                    description: "All of them.",
                    schema: Schema.list("ProblemKind"),
                    example: Examples.list(Examples.problemKind)
                )
            ],
            handler: .direct { _, done in done(.list(ProblemCode.allCases.map { line($0, parts.options.basePath) })) }
        )
    }

    private static func one(_ parts: APIParts) -> Route {
        Route(
            method: "GET",
            path: "/problems/{code}",
            operation: "getProblem",
            summary: "One kind of refusal.",
            access: .open,
            parameters: [.path("code", .text(limitBytes: 64), "The last part of a problem's type.", example: "not-found")],
            answers: [
                Route.Answer(status: 200, description: "The kind.", schema: Schema.reference("ProblemKind"), example: Examples.problemKind)
            ],
            problems: [.notFound],
            handler: .direct { request, done in
                guard let code = ProblemCode(rawValue: request.path("code")) else {
                    throw APIProblem(.notFound, "there is no such kind of refusal; \(parts.options.basePath)/problems lists them")
                }
                done(.json(line(code, parts.options.basePath)))
            }
        )
    }
}
