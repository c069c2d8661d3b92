import PosthornModel
package import PosthornStore
import PosthornText

/// Deliveries that go out one after the other.
extension SQLiteStore {
    /// Where a delivery is.
    package func lanePlace(of delivery: Int64, stops: Bool) throws(OutboxProblem) -> LanePlace? {
        guard let (endpoint, lane) = try lane(of: delivery) else { return nil }
        return LanePlace(endpoint: endpoint, lane: lane, head: try head(endpoint, lane, stops))
    }

    private func lane(of delivery: Int64) throws(OutboxProblem) -> (endpoint: Int64, lane: Int64)? {
        let row = try connection.statement("SELECT endpoint, lane FROM posthorn_lane WHERE delivery = ?")
        row.bind(1, delivery)
        defer { row.reset() }
        return try row.step() ? (row.integer(0), row.integer(1)) : nil
    }

    /// Rows that say that they wait are asked for their state, since not everybody who ends a delivery writes here.
    private func head(_ endpoint: Int64, _ lane: Int64, _ stops: Bool) throws(OutboxProblem) -> Int64? {
        let row = try connection.statement(
            """
            SELECT h.delivery FROM posthorn_lane h INDEXED BY posthorn_lane_line CROSS JOIN posthorn_delivery d ON d.id = h.delivery
            WHERE h.endpoint = ?1 AND h.lane = ?2 AND h.waits = 1
                AND (d.state = 'pending' OR d.state = 'held' OR (d.state = 'exhausted' AND ?3))
            ORDER BY h.delivery LIMIT 1
            """
        )
        row.bind(1, endpoint)
        row.bind(2, lane)
        row.bind(3, stops ? 1 : 0)
        defer { row.reset() }
        return try row.step() ? row.integer(0) : nil
    }

    /// Takes a delivery that is over out of its lane.
    package func leaveLane(_ delivery: Int64, stops: Bool) throws(OutboxProblem) -> Int64? {
        guard let (endpoint, lane) = try lane(of: delivery) else { return nil }
        try setWaits(false, in: delivery)
        return try head(endpoint, lane, stops)
    }

    /// A delivery that is pending.
    package func pendingRow(_ delivery: Int64) throws(OutboxProblem) -> RetryRow? {
        let row = try connection.statement(
            "SELECT next_attempt_at, revision, event, attempts FROM posthorn_delivery WHERE id = ? AND state = 'pending'"
        )
        row.bind(1, delivery)
        defer { row.reset() }
        guard try row.step() else { return nil }
        return RetryRow(
            position: RetryPosition(due: row.integer(0), delivery: delivery),
            revision: row.integer(1),
            event: row.integer(2),
            attempts: Int(row.integer(3))
        )
    }

    /// Takes an exhausted delivery out of its lane.
    package func skipInLane(_ delivery: Int64) throws(OutboxProblem) -> Bool {
        let update = try connection.statement(
            """
            UPDATE posthorn_lane SET waits = 0 WHERE delivery = ?1 AND waits = 1
                AND EXISTS (SELECT 1 FROM posthorn_delivery WHERE id = ?1 AND state = 'exhausted')
            """
        )
        update.bind(1, delivery)
        try update.run()
        return connection.changes > 0
    }

    /// A delivery goes into a lane.
    func enter(_ lane: Int64, _ delivery: Int64, ofEndpoint endpoint: Int64) throws(OutboxProblem) {
        let insert = try connection.statement("INSERT INTO posthorn_lane (delivery, endpoint, lane) VALUES (?, ?, ?)")
        insert.bind(1, delivery)
        insert.bind(2, endpoint)
        insert.bind(3, lane)
        try insert.run()
    }

    /// A delivery was made due again, or is over, by hand.
    func setWaits(_ waits: Bool, in delivery: Int64) throws(OutboxProblem) {
        let update = try connection.statement("UPDATE posthorn_lane SET waits = ?2 WHERE delivery = ?1 AND waits <> ?2")
        update.bind(1, delivery)
        update.bind(2, waits ? 1 : 0)
        try update.run()
    }

    /// A delivery is deleted. What was behind an exhausted one goes on, and the engine is to notice.
    func forgetLane(of delivery: Int64) throws(OutboxProblem) {
        let delete = try connection.statement("DELETE FROM posthorn_lane WHERE delivery = ? RETURNING waits")
        delete.bind(1, delivery)
        defer { delete.reset() }
        let waited = try delete.step() && delete.integer(0) == 1
        delete.reset()
        if waited { try countQueueUp() }
    }

    /// Nothing of an endpoint waits in a lane any more.
    func clearLanes(ofEndpoint key: Int64) throws(OutboxProblem) {
        let delete = try connection.statement("DELETE FROM posthorn_lane INDEXED BY posthorn_lane_line WHERE endpoint = ? AND waits = 1")
        delete.bind(1, key)
        try delete.run()
    }

    /// What makes the lanes of an endpoint is to be another thing: what waits in one waits in none from now on.
    func clearLanes(ofEndpoint key: Int64, unless lanes: String?) throws(OutboxProblem) {
        let row = try connection.statement("SELECT lanes IS ?2 FROM posthorn_endpoint WHERE key = ?1")
        row.bind(1, key)
        row.bind(2, lanes)
        let isSame = try row.step() && row.integer(0) == 1
        row.reset()
        if !isSame { try clearLanes(ofEndpoint: key) }
    }

    /// Whether anything is pending that does not stand behind an exhausted delivery which stops its lane.
    func hasPendingThatGoesOn() throws(OutboxProblem) -> Bool {
        if try connection.integer("SELECT EXISTS (SELECT 1 FROM posthorn_endpoint WHERE lanes IS NOT NULL)") == 0 { return true }
        return try connection.integer(
            """
            SELECT EXISTS (SELECT 1 FROM posthorn_arrival) OR EXISTS (
                SELECT 1 FROM posthorn_delivery p LEFT JOIN posthorn_lane l ON l.delivery = p.id
                LEFT JOIN posthorn_endpoint e ON e.key = p.endpoint AND e.lanes IS NOT NULL AND e.on_exhausted = 'stop'
                WHERE p.state = 'pending' AND (l.delivery IS NULL OR e.key IS NULL OR NOT EXISTS (
                    SELECT 1 FROM posthorn_lane h INDEXED BY posthorn_lane_line CROSS JOIN posthorn_delivery d ON d.id = h.delivery
                    WHERE h.endpoint = l.endpoint AND h.lane = l.lane AND h.waits = 1 AND h.delivery < p.id AND d.state = 'exhausted')))
            """
        ) != 0
    }

    /// The lanes of an endpoint.
    package func lanes(ofEndpoint key: Int64, stops: Bool, limit: Int, rows: inout Int) throws(OutboxProblem) -> LaneSummary {
        var counting = LaneCounting(stops: stops) { [self] (span, limit, visit) throws(OutboxProblem) in
            try readLanes(of: key, span, limit, visit)
        }
        return try counting.summary(limit: limit, rows: &rows, told)
    }

    /// Rows that say that they wait, whatever state they are in.
    private func readLanes(
        of key: Int64,
        _ span: LaneCounting.Span,
        _ limit: Int,
        _ visit: (LaneCounting.Row) -> Bool
    ) throws(OutboxProblem) {
        let rows: SQLiteStatement
        switch span {
        case .lanes(let first):
            rows = try connection.statement(
                """
                SELECT l.lane, l.delivery, d.state
                FROM posthorn_lane l INDEXED BY posthorn_lane_line CROSS JOIN posthorn_delivery d ON d.id = l.delivery
                WHERE l.endpoint = ?1 AND l.waits = 1 AND l.lane >= ?2 ORDER BY l.lane, l.delivery LIMIT ?3
                """
            )
            rows.bind(2, first)
        case .lane(let lane, let last):
            rows = try connection.statement(
                """
                SELECT l.lane, l.delivery, d.state
                FROM posthorn_lane l INDEXED BY posthorn_lane_line CROSS JOIN posthorn_delivery d ON d.id = l.delivery
                WHERE l.endpoint = ?1 AND l.waits = 1 AND l.lane = ?2 AND l.delivery > ?4 ORDER BY l.delivery LIMIT ?3
                """
            )
            rows.bind(2, lane)
            rows.bind(4, last)
        }
        rows.bind(1, key)
        rows.bind(3, Int64(limit))
        defer { rows.reset() }
        while try rows.step() {
            let delivery = rows.integer(1)
            guard let state = DeliveryState(rawValue: rows.text(2)) else { throw damaged("posthorn_delivery", String(delivery)) }
            if !visit(LaneCounting.Row(lane: rows.integer(0), delivery: delivery, state: state)) { return }
        }
    }

    private func told(_ line: LaneSummary.Line) throws(OutboxProblem) -> LaneSummary.Lane? {
        let row = try connection.statement(
            """
            SELECT o.id, o.node, (SELECT b.created FROM posthorn_delivery n JOIN posthorn_outbox b ON b.seq = n.event WHERE n.id = ?2)
            FROM posthorn_delivery d JOIN posthorn_outbox o ON o.seq = d.event WHERE d.id = ?1
            """
        )
        row.bind(1, line.head)
        row.bind(2, line.next ?? line.head)
        defer { row.reset() }
        guard try row.step() else { return nil }
        return LaneSummary.Lane(
            head: line.head,
            state: line.state,
            event: row.text(0),
            node: row.text(1),
            waiting: line.waiting,
            isAtLeast: line.isAtLeast,
            since: Timestamp(milliseconds: row.integer(2))
        )
    }
}
