import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let boundedRules: [Rule] = [
        Rule("deliveries are visited newest first, as many as may be looked at") { try $0.visitsAreBounded() },
        Rule("deliveries of an event, an endpoint and of states are found among all others") { try $0.visitsAreChosen() },
        Rule("deliveries that are tried again are visited by their next attempts") { try $0.retriesAreVisited() },
        Rule("events are visited newest first, without their data") { try $0.eventsAreVisited() },
        Rule("an endpoint is read with its credentials, and a delivery with its endpoint's node") { try $0.singleRowsAreRead() },
    ]

    private func visit(
        _ rows: DeliveryRows,
        until count: Int = .max
    ) throws -> (seen: [VisibleDelivery], end: VisitEnd) {
        try read { reader in
            var seen: [VisibleDelivery] = []
            let end = try reader.visitDeliveries(rows) {
                seen.append($0)
                return seen.count < count
            }
            return (seen, end)
        }
    }

    private func rows(limit: Int = 100, _ change: (inout DeliveryRows) -> Void = { _ in }) -> DeliveryRows {
        var rows = DeliveryRows(limit: limit)
        change(&rows)
        return rows
    }

    /// Three events for two endpoints.
    private func filled() throws -> (store: any OutboxStore, ids: [Int64]) {
        let (store, revisions) = try prepared(["a", "b"])
        for i in 0..<3 { try accept(event("e\(i)"), revisions, in: store) }
        return (store, try ready(store))
    }

    private func visitsAreBounded() throws {
        let (_, ids) = try filled()
        let all = try visit(rows())
        #expect(all.seen.map(\.delivery.id) == ids.reversed() && all.end == .atEnd)
        let part = try visit(rows(limit: 4))
        #expect(part.seen.map(\.delivery.id) == Array(ids.reversed().prefix(4)) && part.end == .atLimit(last: ids[2], created: now))
        let rest = try visit(rows(limit: 4) { $0.before = ids[2] })
        #expect(rest.seen.map(\.delivery.id) == [ids[1], ids[0]] && rest.end == .atEnd)
        let back = try visit(rows(limit: 2) { $0.after = ids[1] })
        #expect(back.seen.map(\.delivery.id) == [ids[2], ids[3]] && back.end == .atLimit(last: ids[3], created: now))
        let newest = try visit(rows(limit: 4) { $0.after = ids[3] })
        #expect(newest.seen.map(\.delivery.id) == [ids[4], ids[5]] && newest.end == .atEnd)
        let stopped = try visit(rows(), until: 2)
        #expect(stopped.seen.count == 2 && stopped.end == .stopped)
    }

    private func visitsAreChosen() throws {
        let (store, ids) = try filled()
        try deliver(ids[0], in: store)
        try exhaust(ids[1], in: store)
        try store.write { () throws(OutboxProblem) in try store.hold([ids[2]]) }
        func numbers(limit: Int = 100, _ change: (inout DeliveryRows) -> Void) throws -> [Int64] {
            try visit(rows(limit: limit, change)).seen.map(\.delivery.id)
        }
        #expect(try numbers { $0.event = "e1" } == [ids[3], ids[2]])
        #expect(try numbers { $0.event = "unknown" } == [])
        #expect(try numbers { ($0.event, $0.endpoint) = ("e1", "a") } == [ids[2]])
        #expect(try numbers { ($0.event, $0.before) = ("e1", ids[3]) } == [ids[2]])
        #expect(try numbers { ($0.event, $0.after) = ("e1", ids[1]) } == [ids[2], ids[3]])
        #expect(try numbers { ($0.states, $0.after) = ([.exhausted, .held], ids[0]) } == [ids[1], ids[2]])
        #expect(try numbers { $0.states = [.exhausted] } == [ids[1]])
        #expect(try numbers { $0.states = [.exhausted, .held] } == [ids[2], ids[1]])
        #expect(try numbers { $0.states = [.delivered] } == [ids[0]])
        #expect(try numbers { ($0.states, $0.endpoint) = ([.pending], "b") } == [ids[5], ids[3]])
        #expect(try numbers { $0.endpoint = "a" } == [ids[4], ids[2], ids[0]])
        // The bound holds whichever way the rows are found.
        let held = try visit(rows(limit: 1) { $0.states = [.exhausted, .held] })
        #expect(held.end == .atLimit(last: ids[2], created: now))
        let event = try visit(rows(limit: 1) { $0.event = "e1" })
        #expect(event.end == .atLimit(last: ids[3], created: now))
        // Those of other endpoints between them are not looked at.
        let endpoint = try visit(rows(limit: 2) { $0.endpoint = "a" })
        #expect(endpoint.seen.map(\.delivery.id) == [ids[4], ids[2]] && endpoint.end == .atLimit(last: ids[2], created: now))
        let older = try visit(rows(limit: 2) { ($0.endpoint, $0.before) = ("a", ids[2]) })
        #expect(older.seen.map(\.delivery.id) == [ids[0]] && older.end == .atEnd)
        let delivered = try visit(rows(limit: 4) { ($0.endpoint, $0.states) = ("a", [.delivered]) })
        #expect(delivered.seen.map(\.delivery.id) == [ids[0]] && delivered.end == .atEnd)
    }

    private func retriesAreVisited() throws {
        let (store, ids) = try filled()
        // Two are due at once, one has had no attempt, and one is over.
        for (index, due) in [(0, 9000), (1, 2000), (3, 5000), (4, 2000)] as [(Int, Int64)] {
            try record(ids[index], 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later(due)), in: store)
        }
        try deliver(ids[5], in: store)
        struct Visit: Equatable {
            var seen: [Int64] = []
            var end = VisitEnd.atEnd

            init(_ seen: [Int64], _ end: VisitEnd) { (self.seen, self.end) = (seen, end) }
        }
        func visit(until count: Int = .max, limit: Int = 100, _ change: (inout RetryRows) -> Void = { _ in }) throws -> Visit {
            var changed = RetryRows(limit: limit)
            change(&changed)
            let rows = changed
            return try read { reader in
                var seen: [Int64] = []
                let end = try reader.visitRetries(rows) {
                    seen.append($0.delivery.id)
                    return seen.count < count
                }
                return Visit(seen, end)
            }
        }
        func place(_ index: Int, _ due: Int64) -> RetryPosition { RetryPosition(due: later(due).milliseconds, delivery: ids[index]) }
        let all = [ids[1], ids[4], ids[3], ids[0]]
        #expect(try visit() == Visit(all, .atEnd))
        #expect(try visit(limit: 3) == Visit(Array(all.prefix(3)), .atLimit(last: ids[3], created: later(5000))))
        #expect(try visit(limit: 4) == Visit(all, .atEnd))
        #expect(try visit(until: 2) == Visit(Array(all.prefix(2)), .stopped))
        #expect(try visit { $0.after = place(1, 2000) } == Visit(Array(all.dropFirst()), .atEnd))
        let back = try visit(limit: 1) { $0.before = place(3, 5000) }
        #expect(back == Visit([ids[4]], .atLimit(last: ids[4], created: later(2000))))
        #expect(try visit { $0.before = place(3, 5000) } == Visit([ids[4], ids[1]], .atEnd))
        let row = try read { reader in
            var row: VisibleDelivery?
            _ = try reader.visitRetries(RetryRows(limit: 1)) {
                row = $0
                return true
            }
            return row
        }
        #expect(row?.delivery.nextAttemptAt == later(2000) && row?.delivery.attempts == 1 && row?.endpointNode == "n")
    }

    private func eventsAreVisited() throws {
        _ = try filled()
        func visit(before: Int64? = nil, after: Int64? = nil, limit: Int) throws -> (seen: [VisibleEvent], end: VisitEnd) {
            try read { reader in
                var seen: [VisibleEvent] = []
                var rows = EventRows(limit: limit)
                (rows.before, rows.after) = (before, after)
                let end = try reader.visitEvents(rows) {
                    seen.append($0)
                    return true
                }
                return (seen, end)
            }
        }
        let (seen, end) = try visit(limit: 2)
        #expect(seen.map(\.event.id) == ["e2", "e1"] && seen.allSatisfy { $0.event.data.isEmpty && $0.event.created == now })
        #expect(end == .atLimit(last: seen[1].number, created: now))
        let rest = try visit(before: seen[1].number, limit: 2)
        #expect(rest.seen.map(\.event.id) == ["e0"] && rest.end == .atEnd)
        let back = try visit(after: rest.seen[0].number, limit: 2)
        #expect(back.seen.map(\.event.id) == ["e1", "e2"] && back.seen.allSatisfy { $0.event.data.isEmpty })
    }

    private func singleRowsAreRead() throws {
        let (store, ids) = try filled()
        let row = try #require(try read { try $0.visibleDelivery(ids[0]) })
        #expect(row.endpointNode == "n" && row.delivery.endpoint == "a")
        #expect(try row.revision == store.topology().endpoints[0].revision)
        #expect(try read { try $0.revision(row.revision) }?.url == "https://a.example/")
        #expect(try read { try $0.revision(999) } == nil)
        #expect(try read { try $0.visibleDelivery(999) } == nil)
        #expect(try read { try $0.endpoint(id: "a") }?.settings.url == "https://a.example/")
        #expect(try read { try $0.endpoint(id: "unknown") } == nil)
        #expect(try read { try $0.topologyGeneration() } == store.topologyGeneration())
        let salt = try read { try $0.digestSalt() }
        #expect(salt.count >= 32)
        #expect(try read { try $0.digestSalt() } == salt)
    }
}
