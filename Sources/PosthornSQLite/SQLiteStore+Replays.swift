package import PosthornModel
package import PosthornStore
package import PosthornText

extension SQLiteStore {
    private static let replayColumns =
        """
        SELECT number, scope, node, endpoint, types, states, since, until, recipients, rate, created, creator, state, position, through,
            total, done, refused, finished, action, errors, event, status_classes, attempts_min, share FROM posthorn_replay
        """

    /// Stores a new replay, which goes up to the newest delivery or event that there is now.
    package func insert(_ replay: Replay) throws(OutboxProblem) -> Replay {
        var replay = replay
        switch replay.selection.recipients {
        case .original: replay.through = try connection.integer("SELECT max(id) FROM posthorn_delivery") ?? 0
        case .current:
            replay.through = try connection.integer("SELECT max(seq) FROM posthorn_outbox") ?? 0
            // Rows of an earlier version that are not in the index of an event's deliveries yet would be taken for missing.
            if try connection.integer("SELECT 1 FROM posthorn_setting WHERE name = 'placing'") != nil {
                throw OutboxProblem(.busy, "deliveries of an earlier version are still brought up to date; try again in a minute")
            }
        }
        let insert = try connection.statement(
            """
            INSERT INTO posthorn_replay (scope, node, endpoint, types, states, since, until, recipients, rate, created, creator, state,
                position, through, total, action, errors, event, status_classes, attempts_min, share)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        let selection = replay.selection
        insert.bind(1, replay.scope)
        insert.bind(2, selection.node)
        insert.bind(3, selection.endpoint)
        insert.bind(4, selection.types.map(\.text).joined(separator: ","))
        insert.bind(5, selection.states.map(\.rawValue).sorted().joined(separator: ","))
        insert.bind(6, selection.since?.milliseconds)
        insert.bind(7, selection.until?.milliseconds)
        insert.bind(8, selection.recipients.rawValue)
        insert.bind(9, Int64(replay.ratePerSecond))
        insert.bind(10, replay.created.milliseconds)
        insert.bind(11, replay.creator)
        insert.bind(12, replay.state.rawValue)
        insert.bind(13, replay.position)
        insert.bind(14, replay.through)
        insert.bind(15, replay.total.map { Int64($0) })
        insert.bind(16, replay.action.text)
        insert.bind(17, selection.errors.map(\.rawValue).sorted().joined(separator: ","))
        insert.bind(18, selection.event)
        insert.bind(19, selection.statusClasses.sorted().map { String($0) }.joined(separator: ","))
        insert.bind(20, Int64(selection.attemptsAtLeast))
        insert.bind(21, replay.share)
        try insert.run()
        replay.number = connection.lastInsertRowID
        try forgetReplays()
        return replay
    }

    /// Forgets the oldest that are over of the share that has most of them, so that none makes those of others be forgotten.
    private func forgetReplays() throws(OutboxProblem) {
        let delete = try connection.statement(
            """
            DELETE FROM posthorn_replay WHERE number IN (
                SELECT number FROM posthorn_replay WHERE state <> 'running' AND share =
                    (SELECT share FROM posthorn_replay WHERE state <> 'running' GROUP BY share ORDER BY count(*) DESC, min(number) LIMIT 1)
                ORDER BY number LIMIT max(0, (SELECT count(*) FROM posthorn_replay WHERE state <> 'running') - ?))
            """
        )
        delete.bind(1, Int64(Replay.keptLimit))
        try delete.run()
    }

    /// Writes down how far a replay is.
    package func update(_ replay: Replay) throws(OutboxProblem) {
        let update = try connection.statement(
            """
            UPDATE posthorn_replay SET state = ?2, position = ?3, total = ?4, done = ?5, refused = ?6, finished = ?7 WHERE number = ?1
            """
        )
        update.bind(1, replay.number)
        update.bind(2, replay.state.rawValue)
        update.bind(3, replay.position)
        update.bind(4, replay.total.map { Int64($0) })
        update.bind(5, Int64(replay.done))
        update.bind(6, Int64(replay.refused))
        update.bind(7, replay.finished?.milliseconds)
        try update.run()
    }

    /// One replay.
    package func replay(_ number: Int64) throws(OutboxProblem) -> Replay? {
        let row = try connection.prepare("\(Self.replayColumns) WHERE number = ?")
        row.bind(1, number)
        return try row.step() ? try replay(row) : nil
    }

    /// Those that go on, oldest first.
    package func runningReplays() throws(OutboxProblem) -> [Replay] {
        let rows = try connection.prepare("\(Self.replayColumns) WHERE state = 'running' ORDER BY number")
        var running: [Replay] = []
        while try rows.step() { running.append(try replay(rows)) }
        return running
    }

    /// Visits replays, newest first, or from a number towards the newest.
    package func visitReplays(before: Int64?, after: Int64?, _ visit: (Replay) -> Bool) throws(OutboxProblem) {
        let order = after == nil ? "DESC" : "ASC"
        let rows = try connection.prepare("\(Self.replayColumns) WHERE number > ? AND number < ? ORDER BY number \(order)")
        rows.bind(1, after ?? .min)
        rows.bind(2, before ?? .max)
        while try rows.step() { if !visit(try replay(rows)) { return } }
    }

    private func replay(_ row: SQLiteStatement) throws(OutboxProblem) -> Replay {
        func words(_ column: Int32) -> [String] { row.text(column).split(separator: ",").map { String($0) } }
        func time(_ column: Int32) -> Timestamp? { row.integerOrNil(column).map(Timestamp.init(milliseconds:)) }
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

    /// Gives an event deliveries to endpoints that have none of it.
    package func addDeliveries(ofEvent seq: Int64, to recipients: [Recipient], at now: Timestamp) throws(OutboxProblem) -> [Int64] {
        var numbers: [Int64] = []
        for recipient in recipients {
            let insert = try connection.statement(
                """
                INSERT INTO posthorn_delivery (event, revision, state, next_attempt_at, endpoint) SELECT ?1, ?2, ?3, ?4, ?5
                WHERE NOT EXISTS (SELECT 1 FROM posthorn_delivery INDEXED BY posthorn_delivery_event
                    WHERE event = ?1 AND endpoint IS NOT NULL AND endpoint = ?5)
                    AND NOT EXISTS (SELECT 1 FROM posthorn_arrival WHERE seq = ?1)
                    AND EXISTS (SELECT 1 FROM posthorn_outbox WHERE seq = ?1 AND digest IS NULL)
                """
            )
            insert.bind(1, seq)
            insert.bind(2, recipient.revision)
            insert.bindStatic(3, recipient.isActive ? "pending" : "held")
            insert.bind(4, recipient.isActive ? now.milliseconds : nil)
            insert.bind(5, recipient.endpoint)
            try insert.run()
            if connection.changes == 0 { continue }
            count(1, from: nil, to: recipient.isActive ? .ready : .held)
            numbers.append(connection.lastInsertRowID)
            if let lane = recipient.lane, let number = numbers.last { try enter(lane, number, ofEndpoint: recipient.endpoint) }
        }
        return numbers
    }
}
