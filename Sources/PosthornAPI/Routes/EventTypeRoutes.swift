import PosthornHTTP
import PosthornModel
import PosthornText

/// Types of events that are known, for those who choose what an endpoint shall get.
enum EventTypeRoutes {
    static let all = [list]

    /// Whose types they are; the last word is that of Posthorn's own.
    static let vendors = Vendor.allCases.map(\.rawValue) + [own]
    static let own = "posthorn"

    private static let list = Route(
        method: "GET",
        path: "/v1/event-types",
        operation: "listEventTypes",
        summary: "List the known types of each vendor, and Posthorn's own. Events may have other types as well.",
        access: .key,
        parameters: [
            .query(
                "vendor",
                .choice(vendors),
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
            let wanted = Set(request.all("vendor"))
            let types = KnownEventType.all.filter { wanted.isEmpty || wanted.contains($0.vendor.rawValue) }.map { JSONLine($0) }
            let wantsOwn = wanted.isEmpty || wanted.contains(own)
            return .list(types + (wantsOwn ? OwnEventType.allCases.map { JSONLine($0) } : []))
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

extension JSONLine {
    /// A type of Posthorn's own.
    init(_ type: OwnEventType) {
        self.init()
        add("type", type.rawValue)
        add("vendor", EventTypeRoutes.own)
        add("summary", type.summary)
        add("lowest_level", EventType.lowestReceivingLevel(type.rawValue).rawValue)
        add("example", type.example)
    }
}
