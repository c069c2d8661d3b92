#if PostgreSQL
import PosthornModel
package import PosthornStore
import PosthornText

/// Deliveries that go out one after the other.
extension PostgresStore {
    /// Where a delivery is.
    package func lanePlace(of delivery: Int64, stops: Bool) throws(OutboxProblem) -> LanePlace? {
        guard let (endpoint, lane) = try lane(of: delivery) else { return nil }
        return LanePlace(endpoint: endpoint, lane: lane, head: try head(endpoint, lane, stops))
    }

    private func lane(of delivery: Int64) throws(OutboxProblem) -> (endpoint: Int64, lane: Int64)? {
        try run("SELECT endpoint, lane FROM posthorn_lane WHERE delivery = $1", .integer(delivery)).first
            .map { ($0.integer(0), $0.integer(1)) }
    }

    /// Rows that say that they wait are asked for their state, since not everybody who ends a delivery writes here.
    private func head(_ endpoint: Int64, _ lane: Int64, _ stops: Bool) throws(OutboxProblem) -> Int64? {
        try run(
            """
            SELECT h.delivery FROM posthorn_lane h WHERE h.endpoint = $1 AND h.lane = $2 AND h.waits AND (
                EXISTS (SELECT 1 FROM posthorn_pending p WHERE p.id = h.delivery)
                OR EXISTS (SELECT 1 FROM posthorn_settled s WHERE s.id = h.delivery AND s.state = 'exhausted' AND $3 = 1))
            ORDER BY h.delivery LIMIT 1
            """,
            .integer(endpoint),
            .integer(lane),
            .integer(stops ? 1 : 0)
        ).first?.integer(0)
    }

    /// Takes a delivery that is over out of its lane.
    package func leaveLane(_ delivery: Int64, stops: Bool) throws(OutboxProblem) -> Int64? {
        guard let (endpoint, lane) = try lane(of: delivery) else { return nil }
        setWaits(false, in: delivery)
        return try head(endpoint, lane, stops)
    }

    /// A delivery that is pending.
    package func pendingRow(_ delivery: Int64) throws(OutboxProblem) -> RetryRow? {
        try run(
            "SELECT next_attempt_at, revision, event, attempts FROM posthorn_pending WHERE id = $1 AND state = 'pending'",
            .integer(delivery)
        ).first.map { row in
            RetryRow(
                position: RetryPosition(due: row.integer(0), delivery: delivery),
                revision: row.integer(1),
                event: row.integer(2),
                attempts: Int(row.integer(3))
            )
        }
    }

    /// Takes an exhausted delivery out of its lane.
    package func skipInLane(_ delivery: Int64) throws(OutboxProblem) -> Bool {
        try run(
            """
            UPDATE posthorn_lane SET waits = false WHERE delivery = $1 AND waits
                AND EXISTS (SELECT 1 FROM posthorn_settled WHERE id = $1 AND state = 'exhausted')
            """,
            .integer(delivery)
        ).affected > 0
    }

    /// Deliveries go into lanes.
    func enter(_ lanes: [(delivery: Int64, endpoint: Int64, lane: Int64)]) {
        if lanes.isEmpty { return }
        runLater(
            "INSERT INTO posthorn_lane (delivery, endpoint, lane) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])",
            .integers(lanes.map(\.delivery)),
            .integers(lanes.map(\.endpoint)),
            .integers(lanes.map(\.lane))
        )
    }

    /// A delivery was made due again, or is over, by hand.
    func setWaits(_ waits: Bool, in delivery: Int64) {
        runLater("UPDATE posthorn_lane SET waits = ($2 = 1) WHERE delivery = $1", .integer(delivery), .integer(waits ? 1 : 0))
    }

    /// Nothing of some endpoints waits in a lane any more.
    func clearLanes(ofEndpoints keys: [Int64]) {
        if !keys.isEmpty { runLater("DELETE FROM posthorn_lane WHERE endpoint = ANY ($1::bigint[]) AND waits", .integers(keys)) }
    }

    /// What makes the lanes of endpoints is to be this: where it was another thing, what waits in one waits in none from now on.
    func clearLanes(ofEndpoints wanted: [(key: Int64, lanes: String?)]) throws(OutboxProblem) {
        let rows = try run("SELECT key, lanes FROM posthorn_endpoint WHERE key = ANY ($1::bigint[])", .integers(wanted.map(\.key)))
        let stored = Dictionary(rows.all.map { ($0.integer(0), $0.textOrNil(1)) }, uniquingKeysWith: { first, _ in first })
        clearLanes(ofEndpoints: wanted.filter { stored[$0.key] ?? nil != $0.lanes }.map(\.key))
    }

    /// Whether anything is pending that does not stand behind an exhausted delivery which stops its lane.
    func hasPendingThatGoesOn() throws(OutboxProblem) -> Bool {
        try run(
            """
            SELECT EXISTS (SELECT 1 FROM posthorn_arrival) OR EXISTS (
                SELECT 1 FROM posthorn_pending p LEFT JOIN posthorn_lane l ON l.delivery = p.id
                LEFT JOIN posthorn_endpoint e ON e.key = p.endpoint AND e.lanes IS NOT NULL AND e.on_exhausted = 'stop'
                WHERE p.state = 'pending' AND (l.delivery IS NULL OR e.key IS NULL OR NOT EXISTS (
                    SELECT 1 FROM posthorn_lane h JOIN posthorn_settled s ON s.id = h.delivery
                    WHERE h.endpoint = l.endpoint AND h.lane = l.lane AND h.waits AND h.delivery < p.id AND s.state = 'exhausted')))
            """
        ).first?.boolean(0) ?? false
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
        // In parts, since reading may end after a few. Behind the last one of a lane that one goes on, and then the next lanes.
        var (lane, last, left) = (Int64.min, Int64.min, limit)
        if case .lanes(let first) = span { lane = first }
        if case .lane(let only, let behind) = span { (lane, last) = (only, behind) }
        let condition = if case .lane = span { "l.lane = $2 AND l.delivery > $3" } else { "(l.lane, l.delivery) > ($2, $3)" }
        while left > 0 {
            let size = min(left, Self.laneRowsPerQuery)
            let rows = try run(
                """
                SELECT l.lane, l.delivery, coalesce(p.state, s.state, 'cancelled')
                FROM (SELECT lane, delivery FROM posthorn_lane l
                    WHERE l.endpoint = $1 AND l.waits AND \(condition) ORDER BY l.lane, l.delivery LIMIT $4) l
                LEFT JOIN posthorn_pending p ON p.id = l.delivery LEFT JOIN posthorn_settled s ON s.id = l.delivery
                ORDER BY l.lane, l.delivery
                """,
                .integer(key),
                .integer(lane),
                .integer(last),
                .integer(Int64(size))
            ).all
            for row in rows {
                (lane, last) = (row.integer(0), row.integer(1))
                guard let state = DeliveryState(rawValue: row.text(2)) else { throw damaged("posthorn_delivery", String(last)) }
                if !visit(LaneCounting.Row(lane: lane, delivery: last, state: state)) { return }
            }
            if rows.count < size { return }
            left -= size
        }
    }

    private static let laneRowsPerQuery = 512

    private func told(_ line: LaneSummary.Line) throws(OutboxProblem) -> LaneSummary.Lane? {
        try run(
            """
            SELECT o.id, o.node, (SELECT b.created FROM posthorn_delivery n JOIN posthorn_outbox b ON b.seq = n.event WHERE n.id = $2)
            FROM posthorn_delivery d JOIN posthorn_outbox o ON o.seq = d.event WHERE d.id = $1
            """,
            .integer(line.head),
            .integer(line.next ?? line.head)
        ).first.map { row in
            LaneSummary.Lane(
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
}
#endif
