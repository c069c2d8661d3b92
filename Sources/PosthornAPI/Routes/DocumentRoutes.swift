import PosthornHTTP
import PosthornText

/// The document that describes the API.
enum DocumentRoutes {
    /// - Parameter others: All routes but this one.
    static func openAPI(_ others: [Route], _ parts: APIParts) -> Route {
        let basePath = parts.options.basePath
        let document = Route(
            method: "GET",
            path: "/openapi.json",
            operation: "getOpenAPI",
            summary: "This document.",
            access: .open,
            answers: [Route.Answer(status: 200, description: "The document.", schema: Schema.openObject, example: nil)],
            handler: .direct { _, done in done(.noContent) }
        )
        let bytes = Array(OpenAPIDocument(others + [document], basePath: basePath).value.text.utf8)
        return Route(
            method: document.method,
            path: document.path,
            operation: document.operation,
            summary: document.summary,
            access: document.access,
            answers: document.answers,
            handler: .direct { _, done in done(.json(bytes)) }
        )
    }
}
