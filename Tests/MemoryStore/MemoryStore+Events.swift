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
            deliveries.append(DeliveryRow(id: nextNumber(of: .delivery), event: seq, revision: recipient.revision, state: state, due: due))
        }
    }
}

extension MemoryStore {
    /// A page of events ends with the one that fills it.
    static let pageBytes = 8 << 20

    func accept(_ candidates: [Candidate], at now: Timestamp) throws(OutboxProblem) -> [Acceptance] {
        try update { (tables) throws(OutboxProblem) in
            candidates.map { candidate in
                let new = candidate.event
                if let known = tables.event(id: new.id)?.event {
                    let isSame =
                        known.type == new.type && Tables.isSame(known.node, new.node) && known.data == new.data
                        && (!candidate.createdByProducer || known.created == new.created)
                    return isSame ? .known : .conflict
                }
                let seq = tables.nextNumber(of: .event)
                tables.add(EventRow(seq: seq, event: new, isChecked: true))
                tables.add(candidate.recipients, of: seq, at: now)
                return .stored(deliveries: candidate.recipients.count)
            }
        }
    }

    func arrivals(limit: Int) throws(OutboxProblem) -> [Arrival] {
        let tables = tables
        return tables.arrivals.lazy.compactMap(tables.event).page(limit).map { Arrival(seq: $0.seq, event: $0.event) }
    }

    func hasArrivals() throws(OutboxProblem) -> Bool { !tables.arrivals.isEmpty }

    func fanOut(_ seq: Int64, to recipients: [Recipient], at now: Timestamp) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            tables.add(recipients, of: seq, at: now)
            tables.arrivals.removeAll { $0 == seq }
        }
    }

    func event(_ seq: Int64) throws(OutboxProblem) -> (event: Event, isChecked: Bool)? {
        tables.event(seq).map { ($0.event, $0.isChecked) }
    }

    // MARK: Retention

    func prune(
        settledBefore cutoff: Timestamp,
        after: Int64,
        limit: Int
    ) throws(OutboxProblem) -> (report: PruneReport, last: Int64?) {
        try update { (tables) throws(OutboxProblem) in
            var report = PruneReport()
            // An event's deliveries were made together, so a batch ends with the last one of an event.
            let start = Tables.index(after: after, in: tables.deliveries, \.id)
            var end = min(start + limit, tables.deliveries.count)
            while end > start, end < tables.deliveries.count, tables.deliveries[end].event == tables.deliveries[end - 1].event { end += 1 }
            let seen = tables.deliveries[start..<end]
            let events = Set(seen.map(\.event)).filter { event in seen.allSatisfy { $0.event != event || tables.isOld($0, cutoff) } }
            let gone = Set(seen.filter { events.contains($0.event) }.map(\.id))
            report.events = events.count
            report.deliveries = gone.count
            for id in gone { report.attempts += tables.attempts.removeValue(forKey: id)?.count ?? 0 }
            let last = end < tables.deliveries.count ? seen.last?.id : nil
            tables.deliveries.removeAll { gone.contains($0.id) }
            tables.notifications.removeAll { gone.contains($0.delivery) }
            let told = Set(tables.notifications.map(\.mail))
            if !gone.isEmpty { tables.mails.removeAll { !told.contains($0.key) } }
            tables.delete(events)
            return (report, last)
        }
    }

    func deleteEvents(_ seqs: [Int64]) throws(OutboxProblem) -> Int {
        try update { (tables) throws(OutboxProblem) in
            let before = tables.events.count
            tables.delete(Set(seqs))
            return before - tables.events.count
        }
    }

    func deleteEndpoints(_ endpoints: [RemovedEndpoint]) throws(OutboxProblem) -> Int {
        try update { (tables) throws(OutboxProblem) in
            var count = 0
            for endpoint in endpoints {
                guard let place = tables.place(ofEndpoint: endpoint.key), tables.endpoints[place].state == .removed,
                    tables.newestRevision(ofEndpoint: endpoint.key)?.key == endpoint.revision,
                    !tables.mails.contains(where: { $0.endpoint == endpoint.key })
                else { continue }
                tables.endpoints.remove(at: place)
                tables.revisions.removeAll { $0.endpoint == endpoint.key }
                tables.throttles[endpoint.key] = nil
                count += 1
            }
            return count
        }
    }
}

extension Tables {
    fileprivate func isOld(_ row: DeliveryRow, _ cutoff: Timestamp) -> Bool {
        if row.waits { return false }
        let last = attempts[row.id]?.map(\.outcome.started).max() ?? event(row.event)?.event.created
        return last.map { $0 < cutoff } ?? true
    }

    fileprivate mutating func delete(_ seqs: Set<Int64>) {
        for seq in seqs { if let row = event(seq) { numbers[Array(row.event.id.utf8)] = nil } }
        events.removeAll { seqs.contains($0.seq) }
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
