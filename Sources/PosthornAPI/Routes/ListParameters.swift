/// Parameters that lists share.
enum ListParameters {
    static let usualLimit = 50
    static let limit = 250

    static let times: [Parameter] = [
        .query("after", .time, "Only of events that happened then or later.", example: "2026-11-01T00:00:00.000Z"),
        .query("before", .time, "Only of events that happened before then.", example: "2026-12-01T00:00:00.000Z"),
    ]

    /// How many, and where to go on.
    static func page(_ kind: Parameter.Kind, example: String) -> [Parameter] {
        [
            .query("limit", .integer(1...limit), "How many at most; \(usualLimit) when it is left out.", example: "50"),
            .query("cursor", kind, "The next_cursor of the part before.", example: example),
        ]
    }

    /// A part of a list in the order of its elements' names.
    static func part<Element>(
        _ all: [Element],
        by name: (Element) -> String,
        of request: APIRequest
    ) -> (elements: ArraySlice<Element>, next: String?) {
        let sorted = all.sorted { name($0) < name($1) }
        let rest = request.text("cursor").map { cursor in sorted.drop { name($0) <= cursor } } ?? sorted[...]
        let part = rest.prefix(request.integer("limit") ?? usualLimit)
        return (part, part.count < rest.count ? part.last.map(name) : nil)
    }
}
