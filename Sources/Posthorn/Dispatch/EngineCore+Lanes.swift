import PosthornModel
import PosthornSending
import PosthornStore
import PosthornText

/// Endpoints that want their events in order.
extension EngineCore {
    /// Where a delivery of an endpoint with an order is in its lane; `nil` of one in none, and where no order is asked for.
    func lanePlace(of delivery: Int64, at endpoint: Int, _ store: any DeliveryLanes) throws(OutboxProblem) -> LanePlace? {
        guard let order = directory[endpoint].order else { return nil }
        return try store.lanePlace(of: delivery, stops: order.onExhausted == .stop)
    }

    /// Follows what endpoints say of their order.
    func followOrders(_ changed: [EndpointDirectory.Entry]) {
        var isNews = false
        for entry in changed {
            guard let index = directory.index(ofEndpoint: entry.stored.key) else { continue }
            let hasOrder = entry.order != nil && entry.stored.state != .removed
            if hasOrder || !dispatch.lanes.isIdle, dispatch.lanes.follow(index, hasOrder: hasOrder) { isNews = true }
        }
        // What was passed by because of what it waited for may go out now.
        if isNews { dispatch.startOver(dispatch.queueGeneration) }
    }

    /// Takes deliveries that are over out of their lanes, in the transaction that records it, and finds what comes after them.
    func leaveLanes(_ store: any DeliveryLanes, _ batches: [[SendResult]], _ records: [AttemptRecord]) throws(OutboxProblem) {
        nextHeads.removeAll()
        stoppedLanes.removeAll()
        for (result, record) in zip(batches.joined(), records) {
            guard let claim = dispatch.claims[result.job.id], let order = directory[claim.endpoint].order else { continue }
            let stops = order.onExhausted == .stop
            switch record.transition.state {
            case .pending, .held: continue
            case .exhausted where stops: stoppedLanes.append((result.job.id, claim.endpoint))
            case .delivered, .exhausted, .cancelled:
                if let next = try store.leaveLane(result.job.id, stops: stops) { nextHeads.append((next, claim.endpoint)) }
            }
        }
    }

    /// What comes after those that are over may go out.
    func takeNextHeads() {
        for (delivery, endpoint) in nextHeads { dispatch.lanes.add(head: delivery, ofEndpoint: endpoint) }
        nextHeads.removeAll()
        for (delivery, endpoint) in stoppedLanes {
            listeners.tell(.laneStopped(endpoint: directory[endpoint].stored.settings.id, delivery: delivery))
        }
        stoppedLanes.removeAll()
    }

    /// Claims deliveries that have come to the head of their lanes.
    func readHeads(_ store: any OutboxStore, _ now: Timestamp, _ jobs: inout SendBatch) throws(OutboxProblem) {
        for endpoint in dispatch.lanes.endpointsToLookAt {
            var looked = 0
            var isFull = false
            var isAtItsEnd = false
            for delivery in dispatch.lanes.heads(of: endpoint) {
                // One that is due later is left to the cursor of further attempts.
                if let row = try store.pendingRow(delivery), row.attempts == 0 || row.position.due <= now.milliseconds {
                    let goesOn = try consider(headRow: row, store, now, &jobs) { _, room in
                        isFull = room == .full
                        isAtItsEnd = room == .exhausted
                        return room == .free ? .take : .pass
                    }
                    if isFull || isAtItsEnd || !goesOn { break }
                }
                looked += 1
            }
            dispatch.lanes.looked(endpoint, looked, isFull: isFull)
            if isAtItsEnd { return }
        }
    }
}
