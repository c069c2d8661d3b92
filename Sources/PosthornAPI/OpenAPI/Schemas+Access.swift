import PosthornModel
import PosthornText

extension Schemas {
    private static let key: [(String, JSONValue)] = [
        ("id", Schema.string), ("name", Schema.nullable("string")), ("node", Schema.nullable("string")),
        ("rights", Schema.array(Schema.choice(AccessRight.allCases.map(\.rawValue)))),
        ("state", Schema.choice(["valid", "expired", "revoked"])), ("created", Schema.time), ("expires", Schema.nullableTime),
        ("last_used", Schema.nullableTime), ("revoked", Schema.nullableTime),
        ("made_by", Schema.described(Schema.nullable("string"), "The id of the key that made it; null for one of the command line.")),
    ]

    private static let portalSession: [(String, JSONValue)] = [
        ("id", Schema.string), ("node", Schema.string),
        ("rights", Schema.array(Schema.choice(PortalSession.grantableRights.map(\.rawValue)))),
        ("state", Schema.choice(PortalSession.State.allCases.map(\.rawValue))), ("created", Schema.time), ("expires", Schema.time),
        ("opened", Schema.nullableTime), ("revoked", Schema.nullableTime),
        ("made_by", Schema.described(Schema.nullable("string"), "The id of the key that made it.")),
    ]

    /// Who may do what.
    static let access: [(String, JSONValue)] = [
        (
            "OwnAccess",
            Schema.whole([
                ("key", Schema.described(Schema.nullable("string"), "The key's or session's id; null where none was needed.")),
                ("node", Schema.described(Schema.nullable("string"), "The node whose tree is all it sees; null for the whole outbox.")),
                (
                    "rights",
                    Schema.described(Schema.array(Schema.choice(AccessRight.allCases.map(\.rawValue))), "With those that others include.")
                ),
                (
                    "csrf_token",
                    Schema.described(
                        Schema.nullable("string"),
                        "What every change that a portal session's cookie goes with must have as X-CSRF-Token; null for keys."
                    )
                ),
            ])
        ),
        (
            "RecordedChange",
            Schema.whole([
                ("id", Schema.string), ("time", Schema.time), ("by", Schema.choice(["key", "portal session", "command line", "no key"])),
                ("by_id", Schema.described(Schema.nullable("string"), "The key's or session's id.")),
                ("by_name", Schema.described(Schema.nullable("string"), "The key's name at that time.")),
                ("action", Schema.described(Schema.string, "In the words of the command line, such as endpoint disable.")),
                ("subject", Schema.described(Schema.nullable("string"), "The id of what was changed.")),
                ("node", Schema.described(Schema.nullable("string"), "The node in whose tree it is; null for the whole outbox.")),
            ])
        ),
        ("PortalSession", Schema.whole(portalSession)),
        (
            "NewPortalSession",
            Schema.whole(
                portalSession + [
                    ("url", Schema.described(Schema.string, "What the customer's browser opens, once; shown this once.")),
                    ("url_expires", Schema.time),
                ]
            )
        ),
        ("Key", Schema.whole(key)),
        ("NewKey", Schema.whole(key + [("key", Schema.described(Schema.string, "The key's text, shown this once."))])),
    ]
}
