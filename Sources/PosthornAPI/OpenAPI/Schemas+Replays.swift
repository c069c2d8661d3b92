import PosthornModel
import PosthornText

extension Schemas {
    private static let number = Schema.pattern("^[1-9][0-9]{0,18}$")

    private static let replay: [(String, JSONValue)] = [
        ("id", number),
        (
            "action",
            Schema.described(Schema.choice(["replay", "retry", "cancel"]), "What is done: sent again, tried again, or taken back.")
        ),
        ("state", Schema.choice(Replay.State.allCases.map(\.rawValue))), ("node", Schema.nullable("string")),
        ("endpoint", Schema.nullable("string")), ("types", Schema.array(Schema.string)), ("states", Schema.array(Schema.string)),
        ("event", Schema.nullable("string")), ("errors", Schema.array(Schema.string)), ("status_classes", Schema.array(Schema.integer)),
        ("attempts_min", Schema.integer), ("since", Schema.nullableTime), ("until", Schema.nullableTime),
        ("recipients", Schema.string), ("rate_per_second", Schema.integer), ("created", Schema.time),
        ("created_by", Schema.nullable("string")),
        ("done", Schema.described(Schema.integer, "Deliveries that were made due, or cancelled.")),
        (
            "refused",
            Schema.described(
                Schema.integer,
                "Deliveries to which it could not be done: their endpoint is removed, their data was dropped, or they were moved by hand."
            )
        ),
        ("left", Schema.described(Schema.nullable("integer"), "null where there were too many to be counted.")),
        ("ends_about", Schema.nullableTime), ("finished", Schema.nullableTime),
    ]

    /// Jobs on many deliveries.
    static let replays: [(String, JSONValue)] = [
        (
            "Replay",
            Schema.object(
                replay + [
                    ("whole_round", Schema.described(Schema.boolean, "Of a retry.")),
                    ("current_url", Schema.described(Schema.boolean, "Of a retry.")),
                ],
                required: replay.map(\.0)
            )
        ),
        (
            "ReplayForecast",
            Schema.whole([
                ("events", Schema.integer), ("deliveries", Schema.integer),
                (
                    "endpoints",
                    Schema.array(
                        Schema.whole([
                            ("endpoint", Schema.text(limit: Identifier.limitBytes)), ("deliveries", Schema.integer),
                            ("held", Schema.integer),
                            (
                                "refused",
                                Schema.described(Schema.integer, "Not done: the endpoint is removed, or the data was dropped.")
                            ),
                            (
                                "data_dropped",
                                Schema.described(
                                    Schema.integer,
                                    "Those of them that cannot be sent again, since --keep-payloads has dropped the data."
                                )
                            ),
                        ])
                    )
                ),
                ("complete", Schema.boolean),
            ])
        ),
    ]
}
