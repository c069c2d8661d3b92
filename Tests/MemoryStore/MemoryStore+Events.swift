import PosthornModel
import PosthornStore
import PosthornText

extension Tables {
    mutating func add(_ row: EventRow) {
        events.append(row)
        numbers[Array(row.event.id.utf8)] = row.seq
    }

    mutating func add(_ recipients: [Recipient], of seq: Int64, at now: Timestamp) {
        for recipient in recipients {
            let state: DeliveryState = recipient.isActive ? .pending : .held
            let due = recipient.isActive ? now : nil
            let id = nextNumber(of: .delivery)
            deliveries.append(DeliveryRow(id: id, event: seq, revision: recipient.revision, state: state, due: due))
            if let lane = recipient.lane { lanes[id] = LaneRow(endpoint: recipient.endpoint, lane: lane) }
        }
    }
}

extension MemoryStore {
    /// A page of events ends with the one that fills it.
    static let pageBytes = 8 << 20

    func accept(_ candidates: [NewEventRow], at now: Timestamp) throws(OutboxProblem) -> [InsertResult] {
        try update { (tables) throws(OutboxProblem) in
            candidates.map { candidate in
                let new = candidate.event
                if let known = tables.event(id: new.id)?.event {
                    guard known.type == new.type, Tables.isSame(known.node, new.node),
                        !candidate.createdByProducer || known.created == new.created, EventHeaders.areSame(known.headers, new.headers)
                    else { return .conflict }
                    if let digest = tables.event(id: new.id)?.digest { return .knownWithoutData(digest: digest) }
                    return known.data == new.data ? .known : .conflict
                }
                let seq = tables.nextNumber(of: .event)
                tables.add(EventRow(seq: seq, event: new, isChecked: true))
                tables.add(candidate.recipients, of: seq, at: now)
                return .stored(deliveries: candidate.recipients.count)
            }
        }
    }

    func arrivals(limit: Int) throws(OutboxProblem) -> [UnroutedEvent] {
        let tables = tables
        return tables.arrivals.lazy.compactMap(tables.event).page(limit).map { UnroutedEvent(seq: $0.seq, event: $0.event) }
    }

    func hasArrivals() throws(OutboxProblem) -> Bool { !tables.arrivals.isEmpty }

    func fanOut(_ events: [(seq: Int64, recipients: [Recipient])], at now: Timestamp) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            for (seq, recipients) in events {
                tables.add(recipients, of: seq, at: now)
                tables.arrivals.removeAll { $0 == seq }
            }
        }
    }

    func event(_ seq: Int64) throws(OutboxProblem) -> (event: Event, isChecked: Bool)? {
        tables.event(seq).map { ($0.event, $0.isChecked) }
    }

    // MARK: Retention

    func histories(beyond seq: Int64, limit: Int) throws(OutboxProblem) -> [EventHistory] { tables.histories(beyond: seq, limit: limit) }
    func historiesWithData(beyond seq: Int64, limit: Int) throws(OutboxProblem) -> [EventHistory] {
        tables.histories(beyond: seq, limit: limit, withData: true)
    }
    func data(ofEvent seq: Int64) throws(OutboxProblem) -> [UInt8]? { tables.data(ofEvent: seq) }
    func history(ofEvent seq: Int64) throws(OutboxProblem) -> EventHistory? { tables.history(ofEvent: seq) }
    func removedEndpoints() throws(OutboxProblem) -> [RemovedEndpoint] { tables.removedEndpoints() }
    func removedEndpoint(_ key: Int64) throws(OutboxProblem) -> RemovedEndpoint? { tables.removedEndpoints().first { $0.key == key } }

    func delete(_ event: EventHistory) throws(OutboxProblem) -> Int {
        try update { (tables) throws(OutboxProblem) in
            let gone = Set(event.deliveries.map(\.id))
            var attempts = 0
            for id in gone { attempts += tables.attempts.removeValue(forKey: id)?.count ?? 0 }
            tables.deliveries.removeAll { gone.contains($0.id) }
            for id in gone where tables.lanes.removeValue(forKey: id)?.waits == true { tables.queueGeneration += 1 }
            let mails = Set(tables.notifications.filter { gone.contains($0.delivery) }.map(\.mail))
            tables.notifications.removeAll { gone.contains($0.delivery) }
            tables.deleteMails(mails)
            if let row = tables.event(event.seq) { tables.numbers[Array(row.event.id.utf8)] = nil }
            tables.events.removeAll { $0.seq == event.seq }
            return attempts
        }
    }

    func dropData(ofEvent seq: Int64, digest: String) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            guard let place = tables.place(ofEvent: seq), tables.events[place].event.hasData else { return }
            let old = tables.events[place].event
            let event = Event(
                id: old.id,
                type: old.type,
                node: old.node,
                created: old.created,
                data: [],
                traceparent: old.traceparent,
                headers: old.headers
            )
            tables.events[place] = EventRow(seq: seq, event: event, isChecked: tables.events[place].isChecked, digest: digest)
        }
    }

    func oldNotices(before time: Timestamp, limit: Int) throws(OutboxProblem) -> [Int64] {
        tables.oldNotices(before: time, limit: limit)
    }

    func deleteNotices(_ mails: [Int64]) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in tables.deleteMails(Set(mails)) }
    }

    /// Memory is given back as it comes free.
    func giveBackSpace(limit: Int) throws(OutboxProblem) -> Int { 0 }

    func deleteEndpoints(_ endpoints: [RemovedEndpoint]) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            for endpoint in endpoints {
                guard let place = tables.place(ofEndpoint: endpoint.key) else { continue }
                // What has changed is read from the rows, and this one is in none any more.
                tables.nodeChanges.forget(before: tables.endpoints[place].generation)
                tables.endpoints.remove(at: place)
                tables.revisions.removeAll { $0.endpoint == endpoint.key }
                tables.throttles[endpoint.key] = nil
                tables.health[endpoint.key] = nil
                tables.ownEvents[endpoint.key] = nil
                tables.tallies[endpoint.key] = nil
            }
        }
    }

    // MARK: Counts are right by themselves, and there is no earlier version.

    func bringRowsUpToDate(beyond known: Int64, limit: Int) throws(OutboxProblem) -> Bool { false }

    func correct(counts difference: OutboxCounts) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in tables.miscounted = difference - (OutboxCounts() - tables.miscounted) }
    }
}

extension Tables {
    func data(ofEvent seq: Int64) -> [UInt8]? { event(seq).flatMap { $0.event.hasData ? $0.event.data : nil } }

    func histories(beyond seq: Int64, limit: Int, withData: Bool = false) -> [EventHistory] {
        var left = limit
        var page: [EventHistory] = []
        for row in events[Self.index(after: seq, in: events, \.seq)...] where left > 0 {
            if withData, !row.event.hasData { continue }
            let history = history(of: row)
            left -= max(1, history.deliveries.count)
            page.append(history)
        }
        return page
    }

    func history(ofEvent seq: Int64) -> EventHistory? { event(seq).map(history) }

    private func history(of row: EventRow) -> EventHistory {
        EventHistory(
            seq: row.seq,
            created: row.event.created,
            waitsForFanOut: arrivals.contains(row.seq),
            hasData: row.event.hasData,
            deliveries: deliveries.filter { $0.event == row.seq }.map { delivery in
                let last = attempts[delivery.id]?.map(\.outcome.started).max()
                return EventHistory.Delivery(id: delivery.id, state: delivery.state, lastAttempt: last)
            }
        )
    }

    func oldNotices(before time: Timestamp, limit: Int) -> [Int64] {
        mails.filter { $0.notice != nil && $0.state != .waiting && $0.closed.map { $0 < time } ?? false }.prefix(limit).map(\.key)
    }

    /// Deletes those of some mails that no notification is in.
    mutating func deleteMails(_ keys: Set<Int64>) {
        let told = Set(notifications.map(\.mail))
        mails.removeAll { keys.contains($0.key) && !told.contains($0.key) }
    }

    func removedEndpoints() -> [RemovedEndpoint] {
        let pinned = Set(deliveries.map(\.revision))
        let used = Set(revisions.filter { pinned.contains($0.key) }.map(\.endpoint)).union(mails.map(\.endpoint))
        return endpoints.filter { $0.state == .removed }.map {
            RemovedEndpoint(key: $0.key, removed: $0.changed, isInUse: used.contains($0.key), isNewest: false)
        }
    }
}

extension Sequence<EventRow> {
    /// The first of them, up to the one that fills a page.
    func page(_ limit: Int) -> [EventRow] {
        var bytes = 0
        return Array(
            prefix(limit).prefix { row in
                defer { bytes += row.event.data.count }
                return bytes < MemoryStore.pageBytes
            }
        )
    }
}
