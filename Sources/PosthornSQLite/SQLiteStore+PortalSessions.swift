import PosthornModel
package import PosthornStore
package import PosthornText

extension SQLiteStore {
    /// Stores a new portal session.
    package func insert(_ session: StoredPortalSession) throws(OutboxProblem) {
        try countUp("portal")
        let statement = try connection.statement(
            """
            INSERT INTO posthorn_portal_session (id, node, rights, code_digest, created, link_expires, expires, maker, changed)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT value FROM posthorn_setting WHERE name = 'portal'))
            """
        )
        statement.bind(1, session.session.id)
        statement.bind(2, session.session.node)
        statement.bind(3, session.session.rights.sorted().map(\.rawValue).joined(separator: ","))
        statement.bind(4, session.codeDigest)
        statement.bind(5, session.session.created.milliseconds)
        statement.bind(6, session.session.linkExpires.milliseconds)
        statement.bind(7, session.session.expires.milliseconds)
        statement.bind(8, session.session.maker)
        try statement.run()
    }

    /// Exchanges the code of a portal session's link for a cookie, once.
    package func openPortalSession(
        _ id: String,
        codeDigest: String,
        cookieDigest: String,
        at now: Timestamp
    ) throws(OutboxProblem) -> Bool {
        try countUp("portal")
        let update = try connection.statement(
            """
            UPDATE posthorn_portal_session
            SET opened = ?1, cookie_digest = ?2, changed = (SELECT value FROM posthorn_setting WHERE name = 'portal')
            WHERE id = ?3 AND code_digest = ?4 AND opened IS NULL AND revoked IS NULL AND link_expires > ?1
            """
        )
        update.bind(1, now.milliseconds)
        update.bind(2, cookieDigest)
        update.bind(3, id)
        update.bind(4, codeDigest)
        try update.run()
        return connection.changes > 0
    }

    /// Revokes a portal session; one that was revoked before stays so since then.
    package func revokePortalSession(_ id: String, at now: Timestamp) throws(OutboxProblem) -> Bool {
        try countUp("portal")
        let update = try connection.statement(
            """
            UPDATE posthorn_portal_session
            SET revoked = coalesce(revoked, ?), changed = (SELECT value FROM posthorn_setting WHERE name = 'portal') WHERE id = ?
            """
        )
        update.bind(1, now.milliseconds)
        update.bind(2, id)
        try update.run()
        return connection.changes > 0
    }

    /// Deletes portal sessions that expired before a moment.
    package func forgetPortalSessions(expiredBefore moment: Timestamp) throws(OutboxProblem) {
        let delete = try connection.statement("DELETE FROM posthorn_portal_session WHERE expires < ?")
        delete.bind(1, moment.milliseconds)
        try delete.run()
    }

    /// How many portal sessions of a node are of use at a moment.
    package func portalSessionCount(node: String, at now: Timestamp) throws(OutboxProblem) -> Int {
        let count = try connection.statement(
            """
            SELECT count(*) FROM posthorn_portal_session
            WHERE node = ?1 AND revoked IS NULL AND (CASE WHEN opened IS NULL THEN link_expires ELSE expires END) > ?2
            """
        )
        count.bind(1, node)
        count.bind(2, now.milliseconds)
        defer { count.reset() }
        return try count.step() ? Int(count.integer(0)) : 0
    }

    /// Portal sessions that have changed since a generation, in the order in which they were made.
    package func portalSessions(changedAfter generation: Int64) throws(OutboxProblem) -> [StoredPortalSession] {
        let rows = try connection.statement(
            """
            SELECT id, node, rights, code_digest, cookie_digest, created, expires, opened, revoked, maker
            FROM posthorn_portal_session WHERE changed > ? ORDER BY number
            """
        )
        rows.bind(1, generation)
        return try portalSessions(rows)
    }

    /// Some portal sessions by their ids.
    package func portalSessions(_ wanted: NamedRows) throws(OutboxProblem) -> [StoredPortalSession] {
        let rows =
            try wanted.before == nil
            ? connection.statement(
                """
                SELECT id, node, rights, code_digest, cookie_digest, created, expires, opened, revoked, maker
                FROM posthorn_portal_session WHERE id > ? ORDER BY id LIMIT ?
                """
            )
            : connection.statement(
                """
                SELECT id, node, rights, code_digest, cookie_digest, created, expires, opened, revoked, maker
                FROM posthorn_portal_session WHERE id < ? ORDER BY id DESC LIMIT ?
                """
            )
        rows.bind(1, wanted.before ?? wanted.after ?? "")
        rows.bind(2, Int64(wanted.limit))
        return try portalSessions(rows)
    }

    private func portalSessions(_ rows: SQLiteStatement) throws(OutboxProblem) -> [StoredPortalSession] {
        defer { rows.reset() }
        var sessions: [StoredPortalSession] = []
        while try rows.step() {
            let session = PortalSession(
                id: rows.text(0),
                node: rows.text(1),
                // A word of a later version means nothing here, and so opens nothing.
                rights: Set(rows.text(2).split(separator: ",").compactMap { AccessRight(rawValue: String($0)) }),
                created: Timestamp(milliseconds: rows.integer(5)),
                expires: Timestamp(milliseconds: rows.integer(6)),
                opened: rows.integerOrNil(7).map(Timestamp.init(milliseconds:)),
                revoked: rows.integerOrNil(8).map(Timestamp.init(milliseconds:)),
                maker: rows.textOrNil(9)
            )
            sessions.append(StoredPortalSession(session, codeDigest: rows.text(3), cookieDigest: rows.textOrNil(4)))
        }
        return sessions
    }

    /// Counts the changes of portal sessions.
    package func portalSessionGeneration() throws(OutboxProblem) -> Int64 { try setting("portal") }
}
