/// A table that every store has, as `migrate-store` copies it. What a store keeps otherwise (two tables for deliveries, say) it shows and
/// takes in this form.
package struct CopiedTable: Sendable, Hashable {
    /// As it is in SQLite.
    package let name: String
    /// What is copied of each row, in this order.
    package let columns: [Column]
    /// How many of the first columns make the key, in whose order rows are read.
    package let keyColumns: Int

    /// One column.
    package struct Column: Sendable, Hashable {
        package let name: String
        package let kind: Kind
    }

    /// What a column holds.
    package enum Kind: Sendable {
        case integer
        /// 0 or 1.
        case flag
        case real
        case text
        /// A text whose bytes arrive at receivers as they were written.
        case exactText
        case bytes
    }

    private init(_ name: String, key: Int = 1, _ columns: String) {
        self.name = name
        keyColumns = key
        self.columns = columns.split(separator: " ").map { word in
            let parts = word.split(separator: ":")
            return Column(name: String(parts[0]), kind: Self.kinds[parts.count > 1 ? String(parts[1]) : "t"] ?? .text)
        }
    }

    private static let kinds: [String: Kind] = [
        "i": .integer, "f": .flag, "r": .real, "t": .text, "x": .exactText, "b": .bytes,
    ]

    /// Where the large values of a row are, if there are any.
    package var largeColumn: String? { columns.first { $0.kind == .exactText || $0.kind == .bytes }?.name }

    /// All of them, those first that others point to.
    package static let all: [CopiedTable] = [
        CopiedTable("posthorn_node", "key:i id level parent name notification_email limits"),
        CopiedTable(
            "posthorn_endpoint",
            "key:i id node state state_reason signature credentials events headers timeout_ms:i max_in_flight:i rate_per_second:r retry created:i "
                + "changed:i generation:i lanes on_exhausted health"
        ),
        CopiedTable("posthorn_endpoint_revision", "key:i endpoint:i url method envelope created:i"),
        CopiedTable("posthorn_outbox", "seq:i id type node created:i origin:i data:x traceparent headers digest"),
        CopiedTable("posthorn_arrival", "seq:i"),
        CopiedTable(
            "posthorn_delivery",
            "id:i event:i revision:i endpoint:i state attempts:i round_base:i next_attempt_at:i scheduled_at:i"
        ),
        CopiedTable("posthorn_lane", "delivery:i endpoint:i lane:i waits:f"),
        CopiedTable(
            "posthorn_attempt",
            key: 2,
            "delivery:i number:i started:i duration_us:i status:i error error_text response:b address"
        ),
        CopiedTable(
            "posthorn_mail",
            "key:i id endpoint:i recipient state created:i closed:i attempts:i next_attempt_at:i answer notice"
        ),
        CopiedTable("posthorn_notification", "key:i delivery:i attempt:i mail:i created:i"),
        CopiedTable("posthorn_throttle", "endpoint:i until:i"),
        CopiedTable(
            "posthorn_health",
            "endpoint:i state reason actor since:i until:i failures:i probes:i failing_since:i gone_since:i noticed:i disables_at:i"
        ),
        CopiedTable("posthorn_own_event", "endpoint:i told hour:i health:i exhausted:i withheld:i"),
        CopiedTable("posthorn_access_key", "id name node rights digest created:i expires:i last_used:i revoked:i maker"),
        CopiedTable(
            "posthorn_replay",
            "number:i scope node endpoint types states since:i until:i recipients rate:i created:i creator state position:i through:i total:i "
                + "done:i refused:i finished:i action errors event status_classes attempts_min:i share"
        ),
        CopiedTable("posthorn_statistics", key: 3, "endpoint:i span:i start:i delivered:i exhausted:i failed durations lags"),
        CopiedTable("posthorn_idempotency", key: 2, "owner name digest created:i status:i content_type location body:b"),
        CopiedTable(
            "posthorn_portal_session",
            "number:i id node rights code_digest cookie_digest created:i link_expires:i expires:i opened:i revoked:i maker changed:i"
        ),
        CopiedTable("posthorn_change", "number:i created:i actor actor_id actor_name action subject node share"),
    ]

    /// Counters and texts of an outbox that go with it: what rows refer to by generations, and what digests are made with.
    package static let settings = ["salt", "untold", "topology", "topology_full", "queue", "keys", "portal"]
}
