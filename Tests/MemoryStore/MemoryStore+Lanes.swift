import PosthornModel
import PosthornStore
import PosthornText

extension MemoryStore {
    func lanePlace(of delivery: Int64, stops: Bool) throws(OutboxProblem) -> LanePlace? {
        let tables = tables
        return tables.lanes[delivery].map { row in
            LanePlace(endpoint: row.endpoint, lane: row.lane, head: tables.line(row.endpoint, row.lane, stops).first?.id)
        }
    }

    func leaveLane(_ delivery: Int64, stops: Bool) throws(OutboxProblem) -> Int64? {
        try update { (tables) throws(OutboxProblem) in
            guard let row = tables.lanes[delivery] else { return nil }
            tables.lanes[delivery]?.waits = false
            return tables.line(row.endpoint, row.lane, stops).first?.id
        }
    }

    func pendingRow(_ delivery: Int64) throws(OutboxProblem) -> RetryRow? {
        let tables = tables
        guard let place = tables.place(ofDelivery: delivery), tables.deliveries[place].state == .pending else { return nil }
        let row = tables.deliveries[place]
        let position = RetryPosition(due: row.due?.milliseconds ?? 0, delivery: delivery)
        return RetryRow(position: position, revision: row.revision, event: row.event, attempts: row.attempts)
    }

    func skipInLane(_ delivery: Int64) throws(OutboxProblem) -> Bool {
        try update { (tables) throws(OutboxProblem) in
            guard let place = tables.place(ofDelivery: delivery), tables.deliveries[place].state == .exhausted,
                tables.lanes[delivery]?.waits == true
            else { return false }
            tables.lanes[delivery]?.waits = false
            return true
        }
    }
}

extension MemoryReader {
    func lanes(ofEndpoint key: Int64, stops: Bool, limit: Int, rows: inout Int) throws(OutboxProblem) -> LaneSummary {
        let all = tables.lanes.filter { $0.value.endpoint == key && $0.value.waits }.compactMap { delivery, row in
            tables.place(ofDelivery: delivery).map {
                LaneCounting.Row(lane: row.lane, delivery: delivery, state: tables.deliveries[$0].state)
            }
        }
        let sorted = all.sorted { ($0.lane, $0.delivery) < ($1.lane, $1.delivery) }
        var counting = LaneCounting(stops: stops) { (span, limit, visit) throws(OutboxProblem) in
            let wanted = sorted.filter { row in
                switch span {
                case .lanes(let first): row.lane >= first
                case .lane(let lane, let last): row.lane == lane && row.delivery > last
                }
            }
            for row in wanted.prefix(limit) { if !visit(row) { return } }
        }
        var (summary, lines) = try counting.run(rows: &rows)
        for line in lines.prefix(limit) {
            guard let head = event(ofDelivery: line.head), let next = event(ofDelivery: line.next ?? line.head) else { continue }
            summary.page.append(
                .init(
                    head: line.head,
                    state: line.state,
                    event: head.id,
                    node: head.node,
                    waiting: line.waiting,
                    isAtLeast: line.isAtLeast,
                    since: next.created
                )
            )
        }
        return summary
    }

    private func event(ofDelivery id: Int64) -> Event? {
        tables.place(ofDelivery: id).flatMap { tables.event(tables.deliveries[$0].event)?.event }
    }
}

extension Tables {
    /// What waits in a lane, the head first.
    fileprivate func line(_ endpoint: Int64, _ lane: Int64, _ stops: Bool) -> [DeliveryRow] {
        deliveries.filter { row in
            guard let place = lanes[row.id], place.waits, place.endpoint == endpoint, place.lane == lane else { return false }
            return row.waits || (stops && row.state == .exhausted)
        }
    }

    /// Whether a delivery is behind an exhausted one that stops its lane.
    func standsStill(_ delivery: Int64) -> Bool {
        guard let row = lanes[delivery], order(ofEndpoint: row.endpoint)?.onExhausted == .stop else { return false }
        return line(row.endpoint, row.lane, true).contains { $0.id < delivery && $0.state == .exhausted }
    }

    func order(ofEndpoint key: Int64) -> DeliveryOrder? { place(ofEndpoint: key).flatMap { endpoints[$0].settings.order } }

    mutating func clearLanes(_ endpoint: Int64) { lanes = lanes.filter { $0.value.endpoint != endpoint || !$0.value.waits } }
}
