import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let deliveryListRules: [Rule] = [
        Rule("a delivery is listed with its event, endpoint and newest attempt") { try $0.listedDeliveriesAreWhole() },
        Rule("lists are filtered, in either order, a page at a time") { try $0.listsAreFiltered() },
        Rule("numbers and counts agree with the list") { try $0.numbersAndCountsAgree() },
        Rule("what is held for an endpoint is counted, no more than asked for") { try $0.heldDeliveriesAreCounted() },
        Rule("what waits for a former URL is counted") { try $0.formerURLsAreCounted() },
        Rule("what waits for endpoints is found") { try $0.waitingIsFound() },
        Rule("attempts are listed as they were recorded") { try $0.attemptsAreListed() },
        Rule("an attempt that a receiver took has any status") { try $0.takenAttemptsHaveAnyStatus() },
    ]

    private func list(_ change: (inout DeliveryFilter) -> Void = { _ in }) throws -> [Delivery] {
        var filter = DeliveryFilter()
        change(&filter)
        return try read { [filter] in try $0.deliveries(filter, beyond: nil).page }
    }

    private func listedDeliveriesAreWhole() throws {
        let (store, revisions) = try prepared()
        for i in 1...2 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        try record(ids[0], 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later(60_000)), in: store)
        try deliver(ids[1], in: store)
        let rows = try list()
        #expect(rows.map(\.id) == ids && rows.map(\.event) == ["e1", "e2"])
        #expect(rows.map(\.nextAttemptAt) == [later(60_000), nil])
        let row = rows[0]
        #expect(row.type == "T" && row.node == "n" && row.endpoint == "a" && row.url == "https://a.example/" && row.created == now)
        #expect(row.state == .pending && row.attempts == 1)
        // An attempt of 1.5 ms.
        #expect(row.last == .init(status: 503, error: .status, errorText: "answered 503", ended: later(1)))
        #expect(rows[1].last == .init(status: 200, error: nil, errorText: "", ended: later(1)))
    }

    private func heldDeliveriesAreCounted() throws {
        let (store, ids) = try filled()
        try store.write { () throws(OutboxProblem) in try store.hold([ids[2], ids[4]]) }
        let keys = try ["a", "b"].map { id in try #require(try read { try $0.endpoint(id: id) }).key }
        #expect(try keys.map { key in try read { try $0.heldCount(ofEndpoint: key, limit: 9) } } == [2, 0])
        #expect(try [1, 0].allSatisfy { limit in try read { try $0.heldCount(ofEndpoint: keys[0], limit: limit) } <= limit })
    }

    /// Six events for two endpoints: every second one of type U, each a second later than the one before.
    private func filled() throws -> (store: any OutboxStore, ids: [Int64]) {
        let store = try open()
        var other = settings("b")
        other.node = "m"
        let nodes = [Node(id: "n", level: .company), Node(id: "m", level: .company)]
        try apply(try Topology(nodes: nodes, endpoints: [settings("a"), other]), to: store)
        let revisions = try store.topology().endpoints.map(\.revision)
        for i in 0..<6 {
            let event = Event(
                id: "e\(i)",
                type: i.isMultiple(of: 2) ? "T" : "U",
                node: i < 3 ? "n" : "m",
                created: later(Int64(i) * 1000),
                data: Array("{}".utf8)
            )
            try accept(event, revisions, in: store)
        }
        return (store, try ready(store))
    }

    private func listsAreFiltered() throws {
        let (store, ids) = try filled()
        try deliver(ids[0], in: store)
        func events(_ change: (inout DeliveryFilter) -> Void) throws -> [String] {
            try list {
                $0.endpoint = "a"
                change(&$0)
            }.map(\.event)
        }
        #expect(try list { $0.endpoint = "b" }.map(\.endpoint) == Array(repeating: "b", count: 6))
        #expect(try events { $0.state = .delivered } == ["e0"])
        #expect(try events { $0.state = .pending } == ["e1", "e2", "e3", "e4", "e5"])
        #expect(try events { $0.node = "m" } == ["e3", "e4", "e5"])
        #expect(try events { ($0.node, $0.nodes) = ("m", ["m", "n"]) }.count == 6)
        try record(ids[2], 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later(60_000)), in: store)
        #expect(try events { $0.errors = [.status, .timeout] } == ["e1"] && events { $0.errors = [.timeout] }.isEmpty)
        #expect(try events { $0.statusClasses = [4, 5] } == ["e1"] && events { $0.statusClasses = [4] }.isEmpty)
        #expect(try events { $0.attemptsAtLeast = 1 }.contains("e1") && events { $0.attemptsAtLeast = 2 }.isEmpty)
        let pattern = try EventPattern("U*")
        #expect(try events { $0.type = pattern } == ["e1", "e3", "e5"])
        #expect(try events { $0.event = "e2" } == ["e2"])
        #expect(try events { $0.since = later(2000) } == ["e2", "e3", "e4", "e5"])
        #expect(try events { $0.until = later(2000) } == ["e0", "e1"])
        #expect(try events { $0.limit = 2 } == ["e4", "e5"])
        #expect(try events { $0.newestFirst = true } == ["e5", "e4", "e3", "e2", "e1", "e0"])
        #expect(try events { ($0.newestFirst, $0.limit) = (true, 2) } == ["e5", "e4"])
        #expect(try events { $0.before = ids[4] } == ["e0", "e1"])
        #expect(try events { $0.waitsElsewhere = true }.isEmpty)
        try apply([settings("a", "https://moved.example/")], to: store)
        #expect(try events { $0.waitsElsewhere = true } == ["e1", "e2", "e3", "e4", "e5"])
        // The next page begins behind the last row of the one before.
        let (page, goesOn) = try read { try $0.deliveries(DeliveryFilter(), beyond: ids[8]) }
        #expect(page.map(\.id) == Array(ids[9...]) && !goesOn)
        var newest = DeliveryFilter()
        newest.newestFirst = true
        let older = try read { [newest] in try $0.deliveries(newest, beyond: ids[2]).page.map(\.id) }
        #expect(older == [ids[1], ids[0]])
    }

    private func numbersAndCountsAgree() throws {
        let (store, ids) = try filled()
        try deliver(ids[0], in: store)
        try store.write { () throws(OutboxProblem) in try store.hold([ids[1]]) }
        var filter = DeliveryFilter()
        filter.type = try EventPattern("T")
        let chosen = filter
        let states: Set<DeliveryState> = [.pending, .held]
        func numbers(_ states: Set<DeliveryState>, beyond last: Int64 = .min, limit: Int = 99) throws -> [Int64] {
            try read { try $0.deliveryNumbers(chosen, states: states, beyond: last, limit: limit) }
        }
        let all = [1, 4, 5, 8, 9].map { ids[$0] }
        #expect(try numbers(states) == all)
        #expect(try numbers(states, limit: 2) == Array(all[..<2]))
        #expect(try numbers(states, beyond: all[1], limit: 2) == Array(all[2..<4]))
        #expect(try numbers([.delivered]) == [ids[0]] && numbers([]).isEmpty)
        let counts = try read { try $0.deliveryCounts(chosen, states: states) }
        #expect(counts == ["a": [.pending: 2], "b": [.pending: 2, .held: 1]])
        #expect(try read { try $0.deliveryCounts(chosen, states: []) }.isEmpty)
        try record(ids[4], 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later(60_000)), in: store)
        filter.errors = [.status]
        let failed = filter
        #expect(try read { try $0.deliveryNumbers(failed, states: states, beyond: .min, limit: 9) } == [ids[4]])
        #expect(try read { try $0.deliveryCounts(failed, states: states) } == ["a": [.pending: 1]])
    }

    private func formerURLsAreCounted() throws {
        let (store, ids) = try filled()
        func waiting() throws -> [String: Int] { try read { try $0.waitingAtFormerURL(of: ["a", "b", "c"]) } }
        #expect(try waiting().isEmpty)
        try deliver(ids[0], in: store)
        try store.write { () throws(OutboxProblem) in try store.hold([ids[2]]) }
        try apply([settings("a", "https://moved.example/")], to: store)
        #expect(try waiting() == ["a": 5])
        // Back at the first URL nothing waits for another one.
        try apply([settings("a")], to: store)
        #expect(try waiting().isEmpty)
    }

    private func waitingIsFound() throws {
        let (store, ids) = try filled()
        try deliver(ids[0], in: store)
        try store.write { () throws(OutboxProblem) in try store.hold([ids[2]]) }
        try record(ids[4], 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later(60_000)), in: store)
        let keys = try store.topology().endpoints.map(\.key)
        func page(_ keys: [Int64], beyond last: Int64 = .min, limit: Int = 99) throws -> WaitingPage {
            try read { try $0.waiting(ofEndpoints: keys, beyond: last, limit: limit) }
        }
        let first = try page([keys[0]])
        #expect(first.rows == [2, 4, 6, 8, 10].map { WaitingPage.Row(delivery: ids[$0], endpoint: keys[0]) })
        #expect(first.through == ids[11])
        let all = try page(keys, limit: 3)
        #expect(all.rows.map(\.delivery) == Array(ids[1...3]) && all.through == ids[3])
        #expect(try page(keys, beyond: ids[9]).rows.map(\.delivery) == Array(ids[10...]))
        #expect(try page([]).rows.isEmpty && page([99]).rows.isEmpty)
    }

    /// What a vendor's file takes for a success is the engine's to say: 202 and 204, and a redirect where one asks for it.
    private func takenAttemptsHaveAnyStatus() throws {
        let (store, ids) = try filled()
        for (id, status) in zip(ids, [200, 202, 204, 302]) {
            let made = attempt(id, 1, Transition(state: .delivered, attempts: 1, nextAttemptAt: nil))
            var outcome = made.outcome
            outcome.status = status
            let record = AttemptRecord(delivery: id, number: 1, outcome: outcome, transition: made.transition)
            _ = try store.write { () throws(OutboxProblem) in try store.record([record]) }
            #expect(try read { try $0.attempts(of: id) }?.first?.outcome == outcome)
        }
        let rows = try list { $0.state = .delivered }
        #expect(rows.map { $0.last?.status } == [200, 202, 204, 302] && rows.allSatisfy { $0.last?.error == nil })
    }

    private func attemptsAreListed() throws {
        let (store, ids) = try filled()
        #expect(try read { try $0.attempts(of: ids[0]) } == [] && read { try $0.attempts(of: 999) } == nil)
        let records = [
            attempt(ids[0], 1, Transition(state: .pending, attempts: 1, nextAttemptAt: now)),
            attempt(ids[0], 2, Transition(state: .delivered, attempts: 2, nextAttemptAt: nil)),
        ]
        for record in records { _ = try store.write { () throws(OutboxProblem) in try store.record([record]) } }
        let listed = try #require(try read { try $0.attempts(of: ids[0]) })
        #expect(listed == records.map { Attempt(delivery: $0.delivery, number: $0.number, outcome: $0.outcome) })
    }
}
