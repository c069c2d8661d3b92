import PosthornModel
import PosthornText

extension Schemas {
    private static let counts: [(String, JSONValue)] = [
        ("lanes", Schema.described(Schema.integer, "How many have a delivery that is not over.")),
        ("stopped", Schema.described(Schema.integer, "How many of them an exhausted delivery stops.")),
        ("waiting", Schema.described(Schema.integer, "Deliveries that wait for one before them.")),
        ("stopped_waiting", Schema.described(Schema.integer, "Those of them that wait behind an exhausted one.")),
        ("at_least", Schema.described(Schema.boolean, "Whether there may be more of each, since not all that waits was looked at.")),
    ]

    /// What waits in order.
    static let lanes: [(String, JSONValue)] = [
        ("LaneCounts", Schema.whole([("endpoint", Schema.text(limit: Identifier.limitBytes))] + counts)),
        (
            "Lanes",
            Schema.whole(
                counts + [
                    (
                        "heads",
                        Schema.array(
                            Schema.whole([
                                ("delivery", Schema.described(Schema.string, "The delivery that goes first.")),
                                ("state", Schema.choice(DeliveryState.allCases.map(\.rawValue))), ("event", Schema.string),
                                ("node", Schema.string),
                                ("waiting", Schema.described(Schema.integer, "How many are behind it.")),
                                ("at_least", Schema.described(Schema.boolean, "Whether there may be more.")),
                                ("since", Schema.described(Schema.time, "When the event of the first one behind it was accepted.")),
                            ])
                        )
                    )
                ]
            )
        ),
    ]
}
