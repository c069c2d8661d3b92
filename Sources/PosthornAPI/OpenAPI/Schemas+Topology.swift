import Posthorn
import PosthornModel
import PosthornText

extension Schemas {
    private static let endpointMembers: [(String, JSONValue)] = [
        ("id", identifier), ("node", identifier), ("url", Schema.string), ("vendor", Schema.choice(Vendor.allCases.map(\.rawValue))),
        ("envelope", Schema.choice(Envelope.allCases.map(\.rawValue))),
        ("signature", Schema.choice(SignatureScheme.allCases.map(\.rawValue))),
        ("method", Schema.choice(RequestMethod.allCases.map(\.rawValue))),
        ("credentials", Schema.oneOf([Schema.openObject, Schema.choice([MaskedURL.mark])])),
        ("events", Schema.array(Schema.pattern("^[A-Za-z0-9_.:/*-]{1,128}$"))), ("headers", Schema.map(of: Schema.string)),
        ("timeout_ms", Schema.integer(EndpointSettings.timeoutRange)), ("max_in_flight", Schema.integer(EndpointSettings.inFlightRange)),
        ("rate_per_second", Schema.number), ("retry", Schema.array(Schema.string)),
        ("health", health), ("order", Schema.oneOf(order)),
        ("on_exhausted", Schema.choice(DeliveryOrder.OnExhausted.allCases.map(\.rawValue))),
    ]

    private static let health = Schema.object([
        ("suspend_after", Schema.integer), ("disable_after", Schema.string), ("gone_disables", Schema.boolean),
    ])

    private static let unhealthy = Schema.described(
        Schema.oneOf([
            Schema.whole([
                ("health", Schema.choice(["failing", "suspended", "disabled"])), ("health_since", Schema.time),
                ("next_probe_at", Schema.nullableTime), ("health_reason", Schema.string),
                ("health_actor", Schema.choice(EndpointHealth.Actor.allCases.map(\.rawValue))), ("failing_since", Schema.nullableTime),
                ("disables_at", Schema.nullableTime), ("failures_in_a_row", Schema.integer),
            ]), Schema.of("null"),
        ]),
        "How it does, unless it is healthy."
    )

    private static let order = [
        Schema.choice(["endpoint", "node"]), Schema.object([("key", Schema.pattern("^/.{0,255}$"))], required: ["key"]),
    ]

    private static let node: [(String, JSONValue)] = [
        ("id", identifier), ("level", Schema.choice(Level.allCases.map(\.rawValue))),
    ]

    /// What may go out at once below a node; one of them at least.
    private static let limits = Schema.described(
        Schema.object([("rate_per_second", Schema.number), ("max_in_flight", Schema.integer)]),
        "What may go out at once to the endpoints of the node and of all nodes below it, together."
    )

    private static let limitedBy = Schema.described(
        Schema.array(Schema.nullable("string")),
        "Nodes whose limits deliveries wait for at present; null for the limit of all endpoints, or of a node above the key's."
    )

    /// Nodes, endpoints and what changes of them.
    static let topology: [(String, JSONValue)] = [
        (
            "Endpoint",
            Schema.object(
                endpointMembers + [
                    ("state", Schema.string), ("reason", Schema.nullable("string")), ("broken", Schema.nullable("string")),
                    ("throttled_until", Schema.nullableTime), ("limited_by", limitedBy), ("unhealthy", unhealthy),
                    ("held", Schema.described(Schema.integer, "Deliveries that are held until it is enabled, verified or mended.")),
                    ("held_at_least", Schema.described(Schema.boolean, "Whether there may be more.")),
                ],
                required: ["node", "url"]
            )
        ),
        (
            "EndpointSummary",
            Schema.whole([
                ("id", identifier), ("node", identifier), ("url", Schema.string), ("method", Schema.string), ("envelope", Schema.string),
                ("signature", Schema.string), ("events", Schema.array(Schema.string)), ("headers", Schema.array(Schema.string)),
                ("timeout_ms", Schema.integer), ("max_in_flight", Schema.integer), ("rate_per_second", Schema.nullable("number")),
                ("retry", Schema.array(Schema.integer)), ("health_settings", Schema.oneOf([health, Schema.of("null")])),
                ("order", Schema.oneOf(order + [Schema.of("null")])),
                ("on_exhausted", Schema.nullable("string")), ("throttled_until", Schema.nullableTime), ("limited_by", limitedBy),
                ("state", Schema.string), ("reason", Schema.nullable("string")), ("broken", Schema.nullable("string")),
                ("unhealthy", unhealthy),
            ])
        ),
        (
            "EndpointTest",
            Schema.whole([
                ("id", identifier), ("method", Schema.string), ("url", Schema.string),
                ("headers", Schema.array(header)),
                ("body", Schema.nullable("string")), ("status", Schema.nullable("integer")), ("error", Schema.nullable("string")),
                ("error_text", Schema.nullable("string")), ("response", Schema.nullable("string")), ("address", Schema.nullable("string")),
                ("duration_ms", Schema.integer),
            ])
        ),
        (
            "Node",
            Schema.whole(
                node + [
                    ("parent", Schema.nullable("string")), ("name", Schema.nullable("string")),
                    ("notification_email", Schema.nullable("string")), ("limits", Schema.oneOf([limits, Schema.of("null")])),
                    ("endpoints", Schema.integer), ("nodes", Schema.integer),
                ]
            )
        ),
        (
            "NodeSettings",
            Schema.object(
                node + [
                    ("parent", identifier), ("name", Schema.string),
                    ("notification_contact", Schema.whole([("email", Schema.string)])), ("limits", limits),
                ],
                required: ["level"]
            )
        ),
        (
            "Topology",
            Schema.object([
                ("nodes", Schema.array(Schema.reference("NodeSettings"))), ("endpoints", Schema.array(Schema.object(endpointMembers))),
            ])
        ),
        (
            "Change",
            Schema.whole([
                ("kind", Schema.choice(["added", "changed", "removed"])), ("what", Schema.choice(["node", "endpoint"])),
                ("id", identifier), ("detail", Schema.string),
            ])
        ),
    ]
}
