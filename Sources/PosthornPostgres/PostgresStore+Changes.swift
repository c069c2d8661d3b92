#if PostgreSQL
package import PosthornModel
package import PosthornStore
import PosthornText

extension PostgresStore {
    /// Appends a change to the list, and forgets the oldest.
    package func append(_ change: ChangeRecord, share: String, keeping limit: Int64) throws(OutboxProblem) {
        let (kind, id, name) = Self.columns(of: change.actor)
        let number = try run(
            """
            INSERT INTO posthorn_change (created, actor, actor_id, actor_name, action, subject, node, share)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING number
            """,
            .integer(change.time.milliseconds),
            .text(kind),
            .text(id),
            .text(name),
            .text(change.action),
            .text(change.subject),
            .text(change.node),
            .text(share)
        ).first?.integer(0)
        let step = Int64(ChangeRecord.forgottenEach)
        try run(
            """
            DELETE FROM posthorn_change WHERE number IN (SELECT number FROM posthorn_change ORDER BY number LIMIT $1) AND created < $2
            """,
            .integer(step),
            .integer(change.time.advanced(byMilliseconds: -ChangeRecord.keptMilliseconds).milliseconds)
        )
        if let number, number % step == 0 { try forgetChanges(beyond: limit - step) }
    }

    /// Forgets the oldest of the share that has most.
    private func forgetChanges(beyond limit: Int64) throws(OutboxProblem) {
        try run(
            """
            DELETE FROM posthorn_change WHERE number IN (
                SELECT number FROM posthorn_change WHERE share =
                    (SELECT share FROM posthorn_change GROUP BY share ORDER BY count(*) DESC LIMIT 1)
                ORDER BY number LIMIT greatest(0, (SELECT count(*) FROM posthorn_change) - $1))
            """,
            .integer(limit)
        )
    }

    /// Changes between two numbers, newest first.
    package func changes(before: Int64?, after: Int64?, limit: Int) throws(OutboxProblem) -> [ChangeRecord] {
        // Next to the number that a page goes back from.
        let isBackwards = before == nil && after != nil
        let rows = try run(
            """
            SELECT number, created, actor, actor_id, actor_name, action, subject, node FROM posthorn_change
            WHERE number < $1 AND number > $2 ORDER BY number \(isBackwards ? "ASC" : "DESC") LIMIT $3
            """,
            .integer(before ?? .max),
            .integer(after ?? .min),
            .integer(Int64(limit))
        ).all
        let changes = rows.map { row in
            ChangeRecord(
                number: row.integer(0),
                time: Timestamp(milliseconds: row.integer(1)),
                actor: Self.actor(row.text(2), row.textOrNil(3), row.textOrNil(4)),
                action: row.text(5),
                subject: row.textOrNil(6),
                node: row.textOrNil(7)
            )
        }
        return isBackwards ? changes.reversed() : changes
    }

    private static func columns(of actor: ChangeRecord.Actor) -> (kind: String, id: String?, name: String?) {
        switch actor {
        case .key(let id, let name): return ("key", id, name)
        case .portalSession(let id): return ("portal_session", id, nil)
        case .commandLine: return ("command_line", nil, nil)
        case .noKey: return ("no_key", nil, nil)
        }
    }

    private static func actor(_ kind: String, _ id: String?, _ name: String?) -> ChangeRecord.Actor {
        switch (kind, id) {
        case ("key", let id?): return .key(id: id, name: name)
        case ("portal_session", let id?): return .portalSession(id: id)
        case ("command_line", _): return .commandLine
        default: return .noKey
        }
    }
}
#endif
