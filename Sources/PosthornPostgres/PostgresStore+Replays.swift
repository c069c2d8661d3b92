#if PostgreSQL
package import PosthornModel
package import PosthornStore
import PosthornText

extension PostgresStore {
    private static let replayColumns =
        """
        SELECT number, scope, node, endpoint, types, states, since, until, recipients, rate, created, creator, state, position, through,
            total, done, refused, finished, action, errors, event, status_classes, attempts_min, share FROM posthorn_replay
        """

    /// Stores a new replay, which goes up to the newest delivery or event that there is now.
    package func insert(_ replay: Replay) throws(OutboxProblem) -> Replay {
        var replay = replay
        switch replay.selection.recipients {
        case .original: replay.through = try newestDelivery() ?? 0
        case .current: replay.through = try run("SELECT max(seq) FROM posthorn_outbox").first?.integer(0) ?? 0
        }
        let selection = replay.selection
        let rows = try run(
            """
            INSERT INTO posthorn_replay (scope, node, endpoint, types, states, since, until, recipients, rate, created, creator, state,
                position, through, total, action, errors, event, status_classes, attempts_min, share)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
                $20, $21) RETURNING number
            """,
            .text(replay.scope),
            .text(selection.node),
            .text(selection.endpoint),
            .text(selection.types.map(\.text).joined(separator: ",")),
            .text(selection.states.map(\.rawValue).sorted().joined(separator: ",")),
            .integer(selection.since?.milliseconds),
            .integer(selection.until?.milliseconds),
            .text(selection.recipients.rawValue),
            .integer(Int64(replay.ratePerSecond)),
            .integer(replay.created.milliseconds),
            .text(replay.creator),
            .text(replay.state.rawValue),
            .integer(replay.position),
            .integer(replay.through),
            .integer(replay.total.map { Int64($0) }),
            .text(replay.action.text),
            .text(selection.errors.map(\.rawValue).sorted().joined(separator: ",")),
            .text(selection.event),
            .text(selection.statusClasses.sorted().map { String($0) }.joined(separator: ",")),
            .integer(Int64(selection.attemptsAtLeast)),
            .text(replay.share)
        )
        replay.number = rows.first?.integer(0) ?? 0
        // The oldest that are over of the share that has most of them, so that none makes those of others be forgotten.
        try run(
            """
            DELETE FROM posthorn_replay WHERE number IN (
                SELECT number FROM posthorn_replay WHERE state <> 'running' AND share =
                    (SELECT share FROM posthorn_replay WHERE state <> 'running' GROUP BY share ORDER BY count(*) DESC, min(number) LIMIT 1)
                ORDER BY number LIMIT greatest(0, (SELECT count(*) FROM posthorn_replay WHERE state <> 'running') - $1))
            """,
            .integer(Int64(Replay.keptLimit))
        )
        return replay
    }

    /// Writes down how far a replay is.
    package func update(_ replay: Replay) throws(OutboxProblem) {
        try run(
            """
            UPDATE posthorn_replay SET state = $2, position = $3, total = $4, done = $5, refused = $6, finished = $7 WHERE number = $1
            """,
            .integer(replay.number),
            .text(replay.state.rawValue),
            .integer(replay.position),
            .integer(replay.total.map { Int64($0) }),
            .integer(Int64(replay.done)),
            .integer(Int64(replay.refused)),
            .integer(replay.finished?.milliseconds)
        )
    }

    /// One replay. In a transaction no other session moves it on until that ends.
    package func replay(_ number: Int64) throws(OutboxProblem) -> Replay? {
        guard let row = try run("\(Self.replayColumns) WHERE number = $1 \(isWriting ? "FOR UPDATE" : "")", .integer(number)).first else {
            return nil
        }
        return try replay(row)
    }

    /// Those that go on, oldest first.
    package func runningReplays() throws(OutboxProblem) -> [Replay] {
        try run("\(Self.replayColumns) WHERE state = 'running' ORDER BY number").all.map { (row) throws(OutboxProblem) in try replay(row) }
    }

    /// Visits replays, newest first, or from a number towards the newest.
    package func visitReplays(before: Int64?, after: Int64?, _ visit: (Replay) -> Bool) throws(OutboxProblem) {
        let rows = try run(
            "\(Self.replayColumns) WHERE number > $1 AND number < $2 ORDER BY number \(after == nil ? "DESC" : "ASC")",
            .integer(after ?? .min),
            .integer(before ?? .max)
        )
        for row in rows.all { if !visit(try replay(row)) { return } }
    }

    private func replay(_ row: PostgresRow) throws(OutboxProblem) -> Replay {
        func words(_ column: Int) -> [String] { row.text(column).split(separator: ",").map { String($0) } }
        func time(_ column: Int) -> Timestamp? { row.integerOrNil(column).map(Timestamp.init(milliseconds:)) }
        let states = words(5).map { DeliveryState(rawValue: $0) }
        let types = words(4).map { try? EventPattern($0) }
        let errors = words(20).map { AttemptError(rawValue: $0) }
        guard let state = Replay.State(rawValue: row.text(12)), let recipients = Replay.Recipients(rawValue: row.text(8)),
            let action = Replay.Action(text: row.text(19)), !states.contains(nil), !types.contains(nil), !errors.contains(nil)
        else { throw damaged("posthorn_replay", String(row.integer(0))) }
        var selection = Replay.Selection()
        selection.node = row.textOrNil(2)
        selection.endpoint = row.textOrNil(3)
        selection.types = types.compactMap { $0 }
        selection.states = Set(states.compactMap { $0 })
        selection.errors = Set(errors.compactMap { $0 })
        selection.event = row.textOrNil(21)
        selection.statusClasses = Set(words(22).compactMap { Int($0) })
        selection.attemptsAtLeast = Int(row.integer(23))
        selection.since = time(6)
        selection.until = time(7)
        selection.recipients = recipients
        var replay = Replay(
            number: row.integer(0),
            scope: row.textOrNil(1),
            selection,
            ratePerSecond: Int(row.integer(9)),
            created: Timestamp(milliseconds: row.integer(10)),
            creator: row.textOrNil(11)
        )
        replay.state = state
        replay.action = action
        (replay.position, replay.through) = (row.integer(13), row.integer(14))
        replay.total = row.integerOrNil(15).map { Int($0) }
        (replay.done, replay.refused) = (Int(row.integer(16)), Int(row.integer(17)))
        replay.finished = time(18)
        replay.share = row.text(24)
        return replay
    }
}
#endif
