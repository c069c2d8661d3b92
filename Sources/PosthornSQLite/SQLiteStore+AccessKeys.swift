import PosthornModel
package import PosthornStore
package import PosthornText

extension SQLiteStore {
    /// Stores a new key and counts their generation up.
    package func insert(_ key: StoredAccessKey) throws(OutboxProblem) {
        let statement = try connection.statement(
            """
            INSERT INTO posthorn_access_key (id, name, node, rights, digest, created, expires, maker) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        statement.bind(1, key.key.id)
        statement.bind(2, key.key.name)
        statement.bind(3, key.key.node)
        statement.bind(4, key.key.rights.sorted().map(\.rawValue).joined(separator: ","))
        statement.bind(5, key.digest)
        statement.bind(6, key.key.created.milliseconds)
        statement.bind(7, key.key.expires?.milliseconds)
        statement.bind(8, key.key.maker)
        try statement.run()
        try countUp("keys")
    }

    /// Deletes keys that are of no use any more, and counts their generation up.
    package func forgetAccessKeys(_ ids: [String]) throws(OutboxProblem) {
        if ids.isEmpty { return }
        let delete = try connection.statement("DELETE FROM posthorn_access_key WHERE id = ?")
        for id in ids {
            delete.bind(1, id)
            try delete.run()
        }
        try countUp("keys")
    }

    /// Revokes a key; one that was revoked before stays so since then.
    package func revokeAccessKey(_ id: String, at now: Timestamp) throws(OutboxProblem) -> Bool {
        let update = try connection.statement("UPDATE posthorn_access_key SET revoked = coalesce(revoked, ?) WHERE id = ?")
        update.bind(1, now.milliseconds)
        update.bind(2, id)
        try update.run()
        let isKnown = connection.changes > 0
        if isKnown { try countUp("keys") }
        return isKnown
    }

    /// Writes down when keys were used last.
    package func setLastUse(_ times: [String: Timestamp]) throws(OutboxProblem) {
        let update = try connection.statement(
            "UPDATE posthorn_access_key SET last_used = max(coalesce(last_used, 0), ?) WHERE id = ?"
        )
        for (id, time) in times {
            update.bind(1, time.milliseconds)
            update.bind(2, id)
            try update.run()
        }
    }

    /// All keys in the order in which they were made.
    package func accessKeys() throws(OutboxProblem) -> [StoredAccessKey] {
        let rows = try connection.statement(
            """
            SELECT id, name, node, rights, digest, created, expires, last_used, revoked, maker FROM posthorn_access_key ORDER BY rowid
            """
        )
        defer { rows.reset() }
        var keys: [StoredAccessKey] = []
        while try rows.step() { keys.append(accessKey(rows)) }
        return keys
    }

    /// Some keys by their ids.
    package func accessKeys(_ wanted: NamedRows) throws(OutboxProblem) -> [StoredAccessKey] {
        let rows =
            try wanted.before == nil
            ? connection.statement(
                """
                SELECT id, name, node, rights, digest, created, expires, last_used, revoked, maker FROM posthorn_access_key
                WHERE id > ? ORDER BY id LIMIT ?
                """
            )
            : connection.statement(
                """
                SELECT id, name, node, rights, digest, created, expires, last_used, revoked, maker FROM posthorn_access_key
                WHERE id < ? ORDER BY id DESC LIMIT ?
                """
            )
        rows.bind(1, wanted.before ?? wanted.after ?? "")
        rows.bind(2, Int64(wanted.limit))
        defer { rows.reset() }
        var keys: [StoredAccessKey] = []
        while try rows.step() { keys.append(accessKey(rows)) }
        return keys
    }

    private func accessKey(_ row: SQLiteStatement) -> StoredAccessKey {
        // A word of a later version means nothing here, and so opens nothing.
        let rights = row.text(3).split(separator: ",").compactMap { AccessRight(rawValue: String($0)) }
        func time(_ column: Int32) -> Timestamp? { row.integerOrNil(column).map(Timestamp.init(milliseconds:)) }
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
