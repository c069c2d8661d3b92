import Posthorn
import PosthornModel
import PosthornText

/// The schemas that routes refer to, by their names.
enum Schemas {
    static let all: [(String, JSONValue)] = events + deliveries + lanes + replays + topology + access + others

    static let identifier = Schema.text(limit: Identifier.limitBytes)
    private static let eventID = Schema.pattern("^[A-Za-z0-9_.:-]{1,64}$")
    private static let eventType = Schema.pattern("^[A-Za-z0-9_.:/-]{1,128}$")
    private static let traceparent = Schema.pattern(TraceHeader.pattern)
    /// Names in lower case, though others are taken too: two that differ in case alone are not.
    private static let headers = Schema.of(
        "object",
        ("propertyNames", Schema.pattern(headerName)),
        ("additionalProperties", Schema.pattern("^[!-~]([ -~]*[!-~])?$")),
        ("maxProperties", .number(String(EventHeaders.countLimit)))
    )
    private static let headerName =
        "^(?!(\(EventHeaders.reservedNames.sorted().joined(separator: "|")))$)(?!\(EventHeaders.reservedPrefixes.joined(separator: "|")))"
        + "[!#$%&'*+.^_`|~0-9a-z-]{1,128}$"
    private static let number = Schema.pattern("^[1-9][0-9]{0,18}$")

    private static let event: [(String, JSONValue)] = [
        ("id", eventID), ("type", eventType), ("node", identifier), ("created", Schema.time),
    ]

    private static let events: [(String, JSONValue)] = [
        (
            "NewEvent",
            Schema.object(
                [
                    (
                        "id",
                        Schema.described(eventID, "The idempotency key. The same event again changes nothing. Made when it is left out.")
                    ),
                    ("type", eventType), ("node", Schema.described(identifier, "Where it happened.")),
                    ("created", Schema.described(Schema.time, "When; now when it is left out.")),
                    ("data", Schema.described(Schema.openObject, "Goes to receivers byte for byte.")),
                    (
                        "traceparent",
                        Schema.described(
                            traceparent,
                            "The trace that it belongs to (W3C Trace Context), for receivers; the request's own when it is left out."
                        )
                    ),
                    (
                        "headers",
                        Schema.described(
                            headers,
                            "Go out with each of its requests, with at most \(EventHeaders.totalLimitBytes) bytes of names and values; part of the event."
                        )
                    ),
                ],
                required: ["type", "node", "data"]
            )
        ),
        (
            "EmittedEvent",
            Schema.object(
                [
                    ("id", eventID), ("duplicate", Schema.described(Schema.boolean, "Whether the same event was there already.")),
                    (
                        "deliveries",
                        Schema.described(
                            Schema.nullable("integer"),
                            "How many endpoints get it; null for keys of a node, which do not see all of them."
                        )
                    ),
                    (
                        "failed",
                        Schema.described(
                            Schema.array(Schema.whole([("endpoint", identifier), ("reason", Schema.string)])),
                            "Those of them whose formats cannot carry it."
                        )
                    ),
                ],
                required: ["id", "duplicate", "deliveries"]
            )
        ),
        ("Event", Schema.whole(event)),
        (
            "EventType",
            Schema.whole([
                ("type", eventType), ("vendor", Schema.choice(EventTypeRoutes.vendors)),
                ("summary", Schema.string),
                (
                    "lowest_level",
                    Schema.described(
                        Schema.choice(Level.allCases.map(\.rawValue)),
                        "The lowest level whose endpoints get such events; those above get them too."
                    )
                ),
                ("example", Schema.described(Schema.openObject, "The data of such an event.")),
            ])
        ),
        (
            "EventWithDeliveries",
            Schema.object(
                event + [
                    ("waits_for_fan_out", Schema.described(Schema.boolean, "Whether its recipients are not chosen yet.")),
                    ("traceparent", Schema.described(Schema.nullable("string"), "The trace that it belongs to.")),
                    ("data_dropped", Schema.described(Schema.boolean, "Whether --keep-payloads has dropped its data.")),
                    (
                        "headers",
                        Schema.described(
                            Schema.map(of: Schema.string),
                            "Go out with its requests; *** where a name tells of a secret."
                        )
                    ),
                    (
                        "data",
                        Schema.described(
                            .object([]),
                            "The JSON object; a string where what was inserted is none, null once it was dropped."
                        )
                    ),
                    ("deliveries", Schema.array(Schema.reference("Delivery"))),
                ],
                required: event.map(\.0) + ["waits_for_fan_out", "traceparent", "data_dropped", "deliveries"]
            )
        ),
        (
            "Recipient",
            Schema.whole([
                ("endpoint", identifier), ("node", identifier),
                ("verdict", Schema.choice(["sent", "waits", "wanted", "level", "pattern", "changed"])), ("reason", Schema.string),
                ("level", Schema.nullable("string")), ("lowest_level", Schema.choice(Level.allCases.map(\.rawValue))),
                ("patterns", Schema.array(Schema.string)), ("matching_pattern", Schema.nullable("string")),
                ("state", Schema.choice(EndpointState.allCases.map(\.rawValue))), ("delivery", Schema.nullable("string")),
                ("delivery_state", Schema.nullable("string")), ("former_url", Schema.boolean),
            ])
        ),
    ]

    private static let delivery: [(String, JSONValue)] = [
        ("id", Schema.described(number, "A string, because JavaScript loses digits above 2^53.")), ("event", eventID),
        ("type", eventType), ("node", identifier), ("endpoint", identifier),
        ("state", Schema.choice(DeliveryState.allCases.map(\.rawValue))), ("attempts", Schema.integer),
        ("created", Schema.time), ("next_attempt_at", Schema.nullableTime), ("finished_at", Schema.nullableTime),
        ("throttled_until", Schema.nullableTime), ("url", Schema.string), ("status", Schema.nullable("integer")),
        ("error", Schema.nullable("string")), ("error_text", Schema.nullable("string")),
    ]

    static let header = Schema.whole([("name", Schema.string), ("value", Schema.string)])

    private static let request = Schema.whole([
        ("attempt", Schema.described(Schema.integer, "The number of the attempt that it is of.")), ("method", Schema.string),
        ("url", Schema.string), ("headers", Schema.array(header)), ("body", Schema.nullable("string")),
    ])

    private static let deliveries: [(String, JSONValue)] = [
        ("Delivery", Schema.whole(delivery)),
        (
            "DeliveryWithRequest",
            Schema.object(
                delivery + [
                    ("request", Schema.oneOf([request, Schema.of("null")])),
                    (
                        "request_problem",
                        Schema.described(Schema.nullable("string"), "Why the request cannot be shown.")
                    ),
                ],
                required: delivery.map(\.0)
            )
        ),
        (
            "Attempt",
            Schema.object(
                [
                    ("delivery", number), ("number", Schema.integer), ("started_at", Schema.time), ("duration_ms", Schema.number),
                    ("status", Schema.nullable("integer")), ("error", Schema.nullable("string")),
                    ("error_text", Schema.nullable("string")), ("response", Schema.nullable("string")),
                    ("address", Schema.nullable("string")),
                ],
                required: ["delivery", "number", "started_at", "duration_ms", "status", "error", "error_text", "address"]
            )
        ),
    ]

    private static let tally: [(String, JSONValue)] = [
        ("attempts", Schema.integer), ("delivered", Schema.integer), ("exhausted", Schema.integer),
        ("failed", Schema.described(Schema.map(of: Schema.integer), "Attempts that failed, by error.")),
        ("latency_ms", Schema.described(percentiles, "How long attempts took.")),
        (
            "schedule_lag_ms",
            Schema.described(
                percentiles,
                "How long attempts had been due when they began, also while their endpoint was held, throttled or sent another one before them. "
                    + "null where that was not counted."
            )
        ),
    ]

    private static let percentiles = Schema.whole([
        ("p50", Schema.nullable("number")), ("p90", Schema.nullable("number")), ("p99", Schema.nullable("number")),
    ])

    private static let others: [(String, JSONValue)] = [
        (
            "Statistics",
            Schema.whole([
                ("since", Schema.time), ("until", Schema.time), ("step_seconds", Schema.integer), ("known_since", Schema.nullableTime),
                ("total", Schema.oneOf([Schema.whole(tally), Schema.of("null")])),
                ("data", Schema.oneOf([Schema.array(Schema.whole([("start", Schema.time)] + tally)), Schema.of("null")])),
            ])
        ),
        (
            "EndpointStatistics",
            Schema.whole([
                ("id", identifier), ("since", Schema.time), ("until", Schema.time), ("step_seconds", Schema.integer),
                ("total", Schema.whole(tally)), ("data", Schema.array(Schema.whole([("start", Schema.time)] + tally))),
            ])
        ),
        ("EndpointPatch", Schema.described(Schema.openObject, "Members of an Endpoint; null takes one back to its default.")),
        (
            "Status",
            Schema.described(
                Schema.openObject,
                "Of endpoints in trouble the \(EndpointTroubles.shownLimit) worst are named, and their count says whether there are at least so many. "
                    + "retention is what the engine deletes, of several the one that looked last, last_backup the newest copy that Posthorn made."
            )
        ),
        (
            "Backup",
            Schema.whole([
                ("id", Schema.string), ("state", Schema.choice(BackupFolder.State.allCases.map(\.rawValue))), ("taken_at", Schema.time),
                ("file", Schema.described(Schema.nullable("string"), "Its name in the server's folder; null while there is none.")),
                ("bytes", Schema.nullable("integer")),
                ("problem", Schema.described(Schema.nullable("string"), "The code of what went wrong; the server's log has the sentence.")),
            ])
        ),
        (
            "ProblemKind",
            Schema.whole([
                ("type", Schema.string), ("title", Schema.string), ("status", Schema.integer), ("remedy", Schema.string),
            ])
        ),
        (
            "Problem",
            Schema.object(
                [
                    ("type", Schema.string), ("title", Schema.string), ("status", Schema.integer), ("detail", Schema.string),
                    (
                        "errors",
                        Schema.array(
                            Schema.object(
                                [
                                    ("pointer", Schema.string), ("parameter", Schema.string),
                                    ("code", Schema.choice(InputProblem.Code.allCases.map(\.rawValue))), ("detail", Schema.string),
                                ],
                                required: ["code", "detail"]
                            )
                        )
                    ),
                ],
                required: ["type", "title", "status", "detail"]
            )
        ),
    ]
}
