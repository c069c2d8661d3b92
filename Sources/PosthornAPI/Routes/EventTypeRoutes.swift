import PosthornHTTP
import PosthornModel
import PosthornText

/// Types of events that are known, for those who choose what an endpoint shall get.
enum EventTypeRoutes {
    static let all = [list]

    private static let list = Route(
        method: "GET",
        path: "/v1/event-types",
        operation: "listEventTypes",
        summary: "List the known types of each vendor. Events may have other types as well.",
        access: .key,
        parameters: [
            .query(
                "vendor",
                .choice(Vendor.allCases.map(\.rawValue)),
                "Only types of this vendor; several for any of them.",
                example: "weseedo",
                isRepeatable: true
            )
        ],
        answers: [
            Route.Answer(
                status: 200,
                description: "All of them, by vendor.",
                schema: Schema.list("EventType"),
                example: Examples.list(Examples.eventType)
            )
        ],
        handler: .plain { request in
            let vendors = Set(request.all("vendor"))
            let types = KnownEventType.all.filter { vendors.isEmpty || vendors.contains($0.vendor.rawValue) }
            return .list(types.map { JSONLine($0) })
        }
    )
}

extension JSONLine {
    /// A type of event that is known.
    init(_ type: KnownEventType) {
        self.init()
        add("type", type.type)
        add("vendor", type.vendor.rawValue)
        add("summary", type.summary)
        add("lowest_level", type.lowestLevel.rawValue)
        add("example", type.example)
    }
}
