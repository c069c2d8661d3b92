import PosthornModel
import PosthornStore
import PosthornText

/// What a reading found for a replay.
struct ReplayBatch: Sendable {
    /// A delivery to which it is done.
    struct Found: Sendable {
        let delivery: Int64
        let endpoint: String
        let event: String
        /// Whether the event's data was dropped, so that it cannot be sent again.
        var lacksData = false
    }

    /// Endpoints that never had an event and would get it now.
    struct Addition: Sendable {
        let event: Int64
        let eventID: String
        let recipients: [Recipient]
        let endpoints: [String]
    }

    /// Deliveries to which it is done.
    var deliveries: [Found] = []
    /// Deliveries that are made.
    var additions: [Addition] = []
    /// Those whose endpoints are removed, which can go nowhere, and those of events that have lost their data; those of them that would be
    /// made have the number 0.
    var refused: [Found] = []
    /// Up to where was looked.
    var position: Int64
    /// When the event happened up to which was looked.
    var reached: Timestamp?
    /// Whether there is nothing behind it.
    var isAtEnd = false
    /// The generation of the hierarchy that was read.
    let generation: Int64

    /// How many deliveries are made due.
    var count: Int { deliveries.count + additions.reduce(0) { $0 + $1.recipients.count } }
}

/// Finds what a replay sends next: a bounded number of rows at a time, beside the writer.
struct ReplaySearch {
    let replay: Replay
    let view: TopologyView
    let reader: any OutboxReader

    /// More deliveries than one event can have.
    private static let recipientLimit = 1_000_000
    /// Events with their deliveries that one reading looks at.
    private static let eventLimit = 100

    /// Looks for the next deliveries.
    /// - Parameter room: How many are wanted; an event's come together, so that it may be more.
    func next(room: Int) throws(OutboxProblem) -> ReplayBatch {
        var batch = ReplayBatch(position: replay.position, generation: view.generation)
        switch replay.selection.recipients {
        case .original: try findDeliveries(room, &batch)
        case .current: try findEvents(room, &batch)
        }
        if batch.position >= replay.through { batch.isAtEnd = true }
        return batch
    }

    private func isInScope(_ node: String) -> Bool { view.isWithin(node, replay.scope) }

    private func wants(type: String, node: String, created: Timestamp) -> Bool {
        isInScope(node) && replay.selection.wants(type: type, node: node, created: created) { view.isWithin($0, $1) }
    }

    private func isWanted(endpoint: String) -> Bool { replay.selection.endpoint.map { Identifier.isWrittenAlike($0, endpoint) } ?? true }

    // MARK: By deliveries

    private func findDeliveries(_ room: Int, _ batch: inout ReplayBatch) throws(OutboxProblem) {
        var rows = DeliveryRows(limit: ScopedOutbox.rowLimit)
        rows.states = replay.selection.states
        rows.endpoint = replay.selection.endpoint
        rows.event = replay.selection.event
        rows.after = replay.position
        var found = batch
        let end = try reader.visitDeliveries(rows) { row in
            if row.delivery.id > replay.through {
                found.isAtEnd = true
                return false
            }
            found.position = row.delivery.id
            found.reached = row.delivery.created
            take(row, &found)
            return found.count < room
        }
        switch end {
        case .atEnd: found.isAtEnd = true
        case .stopped: break
        case .atLimit(let last, let created): (found.position, found.reached) = (last, created)
        }
        batch = found
    }

    /// Takes a delivery if it is one of those that are sent again.
    private func take(_ row: VisibleDelivery, _ batch: inout ReplayBatch) {
        let delivery = row.delivery
        guard replay.selection.states.contains(delivery.state), isInScope(row.endpointNode), isWanted(endpoint: delivery.endpoint),
            replay.selection.wants(delivery),
            wants(type: delivery.type, node: delivery.node, created: delivery.created)
        else { return }
        var found = ReplayBatch.Found(delivery: delivery.id, endpoint: delivery.endpoint, event: delivery.event)
        // What goes nowhere can be taken back all the same.
        if replay.action == .cancel { return batch.deliveries.append(found) }
        let hasEndpoint = view.endpoint(delivery.endpoint) != nil
        if hasEndpoint, row.hasData { return batch.deliveries.append(found) }
        found.lacksData = hasEndpoint
        batch.refused.append(found)
    }

    // MARK: By events

    private func findEvents(_ room: Int, _ batch: inout ReplayBatch) throws(OutboxProblem) {
        var rows = EventRows(limit: ScopedOutbox.rowLimit)
        rows.after = replay.position
        var events: [VisibleEvent] = []
        var isPast = false
        let end = try reader.visitEvents(rows) { row in
            if row.number > replay.through {
                isPast = true
                return false
            }
            let isMeant = replay.selection.event.map { Identifier.isWrittenAlike($0, row.event.id) } ?? true
            if isMeant, wants(type: row.event.type, node: row.event.node, created: row.event.created) { events.append(row) }
            return events.count < Self.eventLimit
        }
        for row in events {
            try take(row, &batch)
            (batch.position, batch.reached) = (row.number, row.event.created)
            if batch.count >= room { return }
        }
        switch end {
        case .atEnd: batch.isAtEnd = true
        case .stopped: batch.isAtEnd = isPast
        case .atLimit(let last, let created): (batch.position, batch.reached) = (last, created)
        }
    }

    private func take(_ row: VisibleEvent, _ batch: inout ReplayBatch) throws(OutboxProblem) {
        var rows = DeliveryRows(limit: Self.recipientLimit)
        rows.event = row.event.id
        var has: Set<String> = []
        var found = batch
        _ = try reader.visitDeliveries(rows) { delivery in
            has.insert(delivery.delivery.endpoint)
            take(delivery, &found)
            return true
        }
        batch = found
        let missing = Self.recipients(of: row.event, view).filter { endpoint in
            isInScope(endpoint.settings.node) && isWanted(endpoint: endpoint.settings.id) && !has.contains(endpoint.settings.id)
        }
        if missing.isEmpty { return }
        // Without its data it goes nowhere new.
        if try reader.data(ofEvent: row.number) == nil {
            batch.refused += missing.map { .init(delivery: 0, endpoint: $0.settings.id, event: row.event.id, lacksData: true) }
            return
        }
        let recipients = try missing.map { (endpoint) throws(OutboxProblem) in
            Recipient(
                endpoint: endpoint.key,
                revision: endpoint.revision,
                isActive: endpoint.state == .active,
                lane: try lane(of: row.event.id, at: endpoint)
            )
        }
        batch.additions.append(
            .init(event: row.number, eventID: row.event.id, recipients: recipients, endpoints: missing.map(\.settings.id))
        )
    }

    /// The lane of a delivery that is made now, for which the event's data may have to be read.
    private func lane(of id: String, at endpoint: StoredEndpoint) throws(OutboxProblem) -> Int64? {
        guard let order = endpoint.settings.order, let event = try reader.event(id: id)?.event else { return nil }
        return order.lane(of: event)
    }

    /// The endpoints that would get an event if it was accepted now.
    static func recipients(of event: Event, _ view: TopologyView) -> [StoredEndpoint] {
        view.lineage(of: event.node).filter { Hierarchy.receives($0.level, type: event.type) }.flatMap { node in
            view.endpoints(at: node.id).filter { $0.settings.wants(event.type, isOwn: event.isOwn) }
        }
    }
}

extension Replay.Selection {
    /// Whether a delivery's attempts are as it is asked for.
    fileprivate func wants(_ delivery: Delivery) -> Bool {
        (errors.isEmpty || delivery.last?.error.map(errors.contains) ?? false)
            && (statusClasses.isEmpty || delivery.last?.status.map { statusClasses.contains($0 / 100) } ?? false)
            && delivery.attempts >= attemptsAtLeast
    }
}
