#if PostgreSQL
import PosthornModel
package import PosthornStore
package import PosthornText

extension PostgresStore {
    /// Stores a new portal session.
    package func insert(_ session: StoredPortalSession) throws(OutboxProblem) {
        countUp("portal")
        try run(
            """
            INSERT INTO posthorn_portal_session (id, node, rights, code_digest, created, link_expires, expires, maker, changed)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, (SELECT value FROM posthorn_setting WHERE name = 'portal'))
            """,
            .text(session.session.id),
            .text(session.session.node),
            .text(session.session.rights.sorted().map(\.rawValue).joined(separator: ",")),
            .text(session.codeDigest),
            .integer(session.session.created.milliseconds),
            .integer(session.session.linkExpires.milliseconds),
            .integer(session.session.expires.milliseconds),
            .text(session.session.maker)
        )
    }

    /// Exchanges the code of a portal session's link for a cookie, once.
    package func openPortalSession(
        _ id: String,
        codeDigest: String,
        cookieDigest: String,
        at now: Timestamp
    ) throws(OutboxProblem) -> Bool {
        countUp("portal")
        return try run(
            """
            UPDATE posthorn_portal_session
            SET opened = $1, cookie_digest = $2, changed = (SELECT value FROM posthorn_setting WHERE name = 'portal')
            WHERE id = $3 AND code_digest = $4 AND opened IS NULL AND revoked IS NULL AND link_expires > $1
            """,
            .integer(now.milliseconds),
            .text(cookieDigest),
            .text(id),
            .text(codeDigest)
        ).affected > 0
    }

    /// Revokes a portal session; one that was revoked before stays so since then.
    package func revokePortalSession(_ id: String, at now: Timestamp) throws(OutboxProblem) -> Bool {
        countUp("portal")
        return try run(
            """
            UPDATE posthorn_portal_session
            SET revoked = coalesce(revoked, $1), changed = (SELECT value FROM posthorn_setting WHERE name = 'portal') WHERE id = $2
            """,
            .integer(now.milliseconds),
            .text(id)
        ).affected > 0
    }

    /// Deletes portal sessions that expired before a moment.
    package func forgetPortalSessions(expiredBefore moment: Timestamp) throws(OutboxProblem) {
        try run("DELETE FROM posthorn_portal_session WHERE expires < $1", .integer(moment.milliseconds))
    }

    /// How many portal sessions of a node are of use at a moment.
    package func portalSessionCount(node: String, at now: Timestamp) throws(OutboxProblem) -> Int {
        let count = try run(
            """
            SELECT count(*) FROM posthorn_portal_session
            WHERE node = $1 AND revoked IS NULL AND (CASE WHEN opened IS NULL THEN link_expires ELSE expires END) > $2
            """,
            .text(node),
            .integer(now.milliseconds)
        )
        return Int(count.first?.integer(0) ?? 0)
    }

    /// Portal sessions that have changed since a generation, in the order in which they were made.
    package func portalSessions(changedAfter generation: Int64) throws(OutboxProblem) -> [StoredPortalSession] {
        try run(
            """
            SELECT id, node, rights, code_digest, cookie_digest, created, expires, opened, revoked, maker
            FROM posthorn_portal_session WHERE changed > $1 ORDER BY posthorn_portal_session.key
            """,
            .integer(generation)
        ).all.map(Self.portalSession)
    }

    /// Some portal sessions by their ids.
    package func portalSessions(_ wanted: NamedRows) throws(OutboxProblem) -> [StoredPortalSession] {
        let isBackwards = wanted.before != nil
        return try run(
            """
            SELECT id, node, rights, code_digest, cookie_digest, created, expires, opened, revoked, maker FROM posthorn_portal_session
            WHERE id \(isBackwards ? "<" : ">") $1 ORDER BY id \(isBackwards ? "DESC" : "ASC") LIMIT $2
            """,
            .text(wanted.before ?? wanted.after ?? ""),
            .integer(Int64(wanted.limit))
        ).all.map(Self.portalSession)
    }

    private static func portalSession(_ row: PostgresRow) -> StoredPortalSession {
        let session = PortalSession(
            id: row.text(0),
            node: row.text(1),
            // A word of a later version means nothing here, and so opens nothing.
            rights: Set(row.text(2).split(separator: ",").compactMap { AccessRight(rawValue: String($0)) }),
            created: Timestamp(milliseconds: row.integer(5)),
            expires: Timestamp(milliseconds: row.integer(6)),
            opened: row.integerOrNil(7).map(Timestamp.init(milliseconds:)),
            revoked: row.integerOrNil(8).map(Timestamp.init(milliseconds:)),
            maker: row.textOrNil(9)
        )
        return StoredPortalSession(session, codeDigest: row.text(3), cookieDigest: row.textOrNil(4))
    }

    /// Counts the changes of portal sessions.
    package func portalSessionGeneration() throws(OutboxProblem) -> Int64 { try setting("portal") }
}
#endif
