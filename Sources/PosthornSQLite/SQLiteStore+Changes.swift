package import PosthornModel
package import PosthornStore
import PosthornText

extension SQLiteStore {
    /// Appends a change to the list, and forgets the oldest.
    package func append(_ change: ChangeRecord, share: String, keeping limit: Int64) throws(OutboxProblem) {
        let insert = try connection.statement(
            """
            INSERT INTO posthorn_change (created, actor, actor_id, actor_name, action, subject, node, share) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        let (kind, id, name) = Self.columns(of: change.actor)
        insert.bind(1, change.time.milliseconds)
        insert.bind(2, kind)
        insert.bind(3, id)
        insert.bind(4, name)
        insert.bind(5, change.action)
        insert.bind(6, change.subject)
        insert.bind(7, change.node)
        insert.bind(8, share)
        try insert.run()
        let number = connection.lastInsertRowID
        let forget = try connection.statement(
            """
            DELETE FROM posthorn_change WHERE number IN (SELECT number FROM posthorn_change ORDER BY number LIMIT ?1) AND created < ?2
            """
        )
        forget.bind(1, Int64(ChangeRecord.forgottenEach))
        forget.bind(2, change.time.advanced(byMilliseconds: -ChangeRecord.keptMilliseconds).milliseconds)
        try forget.run()
        let step = Int64(ChangeRecord.forgottenEach)
        if number % step == 0 { try forgetChanges(beyond: limit - step) }
    }

    /// Forgets the oldest of the share that has most.
    private func forgetChanges(beyond limit: Int64) throws(OutboxProblem) {
        let forget = try connection.statement(
            """
            DELETE FROM posthorn_change WHERE number IN (
                SELECT number FROM posthorn_change WHERE share =
                    (SELECT share FROM posthorn_change GROUP BY share ORDER BY count(*) DESC LIMIT 1)
                ORDER BY number LIMIT max(0, (SELECT count(*) FROM posthorn_change) - ?))
            """
        )
        forget.bind(1, limit)
        try forget.run()
    }

    /// Changes between two numbers, newest first.
    package func changes(before: Int64?, after: Int64?, limit: Int) throws(OutboxProblem) -> [ChangeRecord] {
        // Next to the number that a page goes back from.
        let rows =
            before == nil && after != nil
            ? try connection.statement(
                """
                SELECT number, created, actor, actor_id, actor_name, action, subject, node FROM posthorn_change
                WHERE number < ? AND number > ? ORDER BY number LIMIT ?
                """
            )
            : try connection.statement(
                """
                SELECT number, created, actor, actor_id, actor_name, action, subject, node FROM posthorn_change
                WHERE number < ? AND number > ? ORDER BY number DESC LIMIT ?
                """
            )
        rows.bind(1, before ?? .max)
        rows.bind(2, after ?? .min)
        rows.bind(3, Int64(limit))
        defer { rows.reset() }
        var changes: [ChangeRecord] = []
        while try rows.step() {
            let record = ChangeRecord(
                number: rows.integer(0),
                time: Timestamp(milliseconds: rows.integer(1)),
                actor: Self.actor(rows.text(2), rows.textOrNil(3), rows.textOrNil(4)),
                action: rows.text(5),
                subject: rows.textOrNil(6),
                node: rows.textOrNil(7)
            )
            changes.append(record)
        }
        return before == nil && after != nil ? changes.reversed() : changes
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
