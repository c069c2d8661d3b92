import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// The list of what people changed.
enum ChangeRoutes {
    static let all = [list]

    private static let list = Route(
        method: "GET",
        path: "/v1/changes",
        operation: "listChanges",
        summary: "List what people changed, newest first: who, what and when. Kept for 90 days, 50,000 of them at most.",
        access: .right(.readMetadata),
        parameters: ListParameters.numberedPage,
        answers: [
            Route.Answer(
                status: 200,
                description: "A part of the list.",
                schema: Schema.list("RecordedChange", isSearched: true),
                example: Examples.list(Examples.recordedChange)
            )
        ],
        handler: .plain { request in
            let limit = request.integer("limit") ?? ListParameters.usualLimit
            let page = try request.outbox.changes(from: ListPlace(request.numberedCursor), limit: limit)
            return .list(page.elements.map { JSONLine($0) }, ListLinks(page), searchedUntil: page.searchedUntil)
        }
    )
}
