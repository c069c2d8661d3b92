#if PostgreSQL
import PosthornModel
package import PosthornStore
package import PosthornText

extension PostgresStore {
    /// Stores a new key and counts their generation up.
    package func insert(_ key: StoredAccessKey) throws(OutboxProblem) {
        try run(
            """
            INSERT INTO posthorn_access_key (id, name, node, rights, digest, created, expires, maker)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            .text(key.key.id),
            .text(key.key.name),
            .text(key.key.node),
            .text(key.key.rights.sorted().map(\.rawValue).joined(separator: ",")),
            .text(key.digest),
            .integer(key.key.created.milliseconds),
            .integer(key.key.expires?.milliseconds),
            .text(key.key.maker)
        )
        countUp("keys")
    }

    /// Deletes keys that are of no use any more, and counts their generation up.
    package func forgetAccessKeys(_ ids: [String]) throws(OutboxProblem) {
        if ids.isEmpty { return }
        try run("DELETE FROM posthorn_access_key WHERE id = ANY ($1::text[])", .texts(ids))
        countUp("keys")
    }

    /// Revokes a key; one that was revoked before stays so since then.
    package func revokeAccessKey(_ id: String, at now: Timestamp) throws(OutboxProblem) -> Bool {
        let update = try run(
            "UPDATE posthorn_access_key SET revoked = coalesce(revoked, $1) WHERE id = $2",
            .integer(now.milliseconds),
            .text(id)
        )
        if update.affected > 0 { countUp("keys") }
        return update.affected > 0
    }

    /// Writes down when keys were used last.
    package func setLastUse(_ times: [String: Timestamp]) throws(OutboxProblem) {
        if times.isEmpty { return }
        // In one order, so that two programs never wait for each other.
        let sorted = times.sorted { $0.key < $1.key }
        try run(
            """
            UPDATE posthorn_access_key k SET last_used = greatest(coalesce(k.last_used, 0), u.time)
            FROM unnest($1::text[], $2::bigint[]) AS u (id, time) WHERE k.id = u.id
            """,
            .texts(sorted.map(\.key)),
            .integers(sorted.map(\.value.milliseconds))
        )
    }

    /// All keys in the order in which they were made.
    package func accessKeys() throws(OutboxProblem) -> [StoredAccessKey] {
        try run(
            """
            SELECT id, name, node, rights, digest, created, expires, last_used, revoked, maker FROM posthorn_access_key
            ORDER BY posthorn_access_key.key
            """
        ).all.map(Self.accessKey)
    }

    /// Some keys by their ids.
    package func accessKeys(_ wanted: NamedRows) throws(OutboxProblem) -> [StoredAccessKey] {
        let isBackwards = wanted.before != nil
        return try run(
            """
            SELECT id, name, node, rights, digest, created, expires, last_used, revoked, maker FROM posthorn_access_key
            WHERE id \(isBackwards ? "<" : ">") $1 ORDER BY id \(isBackwards ? "DESC" : "ASC") LIMIT $2
            """,
            .text(wanted.before ?? wanted.after ?? ""),
            .integer(Int64(wanted.limit))
        ).all.map(Self.accessKey)
    }

    private static func accessKey(_ row: PostgresRow) -> StoredAccessKey {
        // A word of a later version means nothing here, and so opens nothing.
        let rights = row.text(3).split(separator: ",").compactMap { AccessRight(rawValue: String($0)) }
        func time(_ column: Int) -> Timestamp? { row.integerOrNil(column).map(Timestamp.init(milliseconds:)) }
        let key = AccessKey(
            id: row.text(0),
            name: row.textOrNil(1),
            node: row.textOrNil(2),
            rights: Set(rights),
            created: Timestamp(milliseconds: row.integer(5)),
            expires: time(6),
            lastUsed: time(7),
            revoked: time(8),
            maker: row.textOrNil(9)
        )
        return StoredAccessKey(key, digest: row.text(4))
    }

    /// Counts the changes of the keys.
    package func accessKeyGeneration() throws(OutboxProblem) -> Int64 { try setting("keys") }
}
#endif
