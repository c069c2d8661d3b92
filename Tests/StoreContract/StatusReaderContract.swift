import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let statusRules: [Rule] = [
        Rule("an empty outbox has an empty status") { try $0.emptyStatus() },
        Rule("the status counts what there is and what is late") { try $0.statusCounts() },
        Rule("the counts are those of what there is") { try $0.countsAreRight() },
        Rule("gauges are those of the status") { try $0.gaugesAreThoseOfTheStatus() },
        Rule("an event of the future does not hide the backlog's age") { try $0.futureEventsHideNothing() },
        Rule("the engine that runs is named") { try $0.engineIsNamed() },
        Rule("endpoints that are left alone are listed by id") { try $0.throttledAreListed() },
        Rule("endpoints that are not healthy are shown, unless they were removed") { try $0.healthIsShown() },
    ]

    private func emptyStatus() throws {
        _ = try open()
        let status = try read { try $0.status(at: now) }
        #expect(status.events == 0 && status.arrivals == 0 && status.deliveries.isEmpty && status.nodes == 0)
        #expect(status.endpoints.isEmpty && status.oldestReady == nil && status.nextRetry == nil)
        #expect(status.overdue == 0 && status.overdueSince == nil && status.pulse == nil)
        #expect(status.mails == MailStatus())
    }

    private func statusCounts() throws {
        let (store, revisions) = try prepared(["a", "b"])
        for i in 1...3 { try accept(event("e\(i)"), revisions, in: store) }
        try insert(event("e4"))
        let ids = try ready(store)
        try deliver(ids[0], in: store)
        try record(ids[1], 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later(5000)), in: store)
        try exhaust(ids[2], in: store)
        try store.write { () throws(OutboxProblem) in
            try store.hold([ids[3]])
            _ = try store.cancel([ids[4]], at: now)
        }
        try apply([settings("a")], to: store, prune: true)
        try apply([settings("a"), settings("c")], to: store)
        let status = try read { try $0.status(at: later(1000)) }
        // Of the removed endpoint's three deliveries two are cancelled with it, a retry and a held one; one waits for nothing.
        #expect(status.events == 4 && status.arrivals == 1 && status.nodes == 1)
        #expect(status.endpoints == [.active: 2, .removed: 1] && !status.areArrivalsAtLeast)
        let few = try read { try $0.status(at: later(1000), countsTopology: false) }
        #expect(few.nodes == 0 && few.endpoints == [.removed: 1] && few.deliveries == status.deliveries && few.events == 4)
        #expect(status.deliveries == [.delivered: 1, .exhausted: 1, .cancelled: 4])
        try accept(event("e5"), [revisions[0], revisions[0]], in: store)
        let more = try ready(store)
        try record(more[1], 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later(5000)), in: store)
        let waiting = try read { try $0.status(at: later(1000)) }
        #expect(waiting.deliveries[.pending] == 2 && waiting.oldestReady == now && waiting.nextRetry == later(5000))
        #expect(waiting.overdue == 1 && waiting.overdueSince == now)
        #expect(try read { try $0.status(at: later(5000)).overdue } == 2)
    }

    private func gaugesAreThoseOfTheStatus() throws {
        let (store, revisions) = try prepared(["a", "b"])
        #expect(try read { try $0.gauges() }.firstDue == nil)
        for i in 1...2 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        try deliver(ids[0], in: store)
        try exhaust(ids[1], in: store)
        try deliver(ids[2], in: store)
        try record(ids[3], 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later(5000)), in: store)
        let (gauges, status) = try read { (try $0.gauges(), try $0.status(at: now)) }
        #expect(gauges.deliveries == status.deliveries && gauges.endpoints == status.endpoints)
        #expect(gauges.firstDue == later(5000))
        #expect(gauges.bytes.map { $0 > 0 } ?? true)
        #expect(gauges.logBytes.map { $0 >= 0 } ?? true)
        try accept(event("e3"), revisions, in: store)
        #expect(try read { try $0.gauges() }.firstDue == now)
    }

    private func countsAreRight() throws {
        let (store, revisions) = try prepared(["a", "b"])
        #expect(try read { try !$0.needsRecount() })
        #expect(try read { try !$0.rowsUpToDate(beyond: 0, limit: 10).goesOn })
        for i in 1...3 { try accept(event("e\(i)"), revisions, in: store) }
        try insert(event("e4"))
        let ids = try ready(store)
        try deliver(ids[0], in: store)
        try exhaust(ids[1], in: store)
        #expect(try read { try $0.uncounted() } == OutboxCounts())
        let seq = try #require(try store.arrivals(limit: 1).first).seq
        try store.write { () throws(OutboxProblem) in try store.fanOut([(seq, [])], at: now) }
        _ = try prune(store, before: later(1))
        #expect(try read { try $0.uncounted() } == OutboxCounts())
        let left = try read { try $0.histories(beyond: 0, limit: 100) }.count
        #expect(try read { try $0.status(at: now) }.events == Int64(left))
    }

    private func futureEventsHideNothing() throws {
        let (store, revisions) = try prepared()
        let tomorrow = Event(id: "e1", type: "T", node: "n", created: later(86_400_000), data: Array("{}".utf8))
        try accept(tomorrow, revisions, in: store)
        #expect(try read { try $0.status(at: later(5000)) }.oldestReady == now)
    }

    private func engineIsNamed() throws {
        let store = try open()
        #expect(try read { try $0.status(at: now).engine } == nil && read { try $0.faultsOfRun().engine } == nil)
        #expect(try store.join(alone: false))
        let status = try read { try $0.status(at: now) }
        #expect(status.engine != nil && status.engineTrouble == nil)
        #expect(try read { try $0.faultsOfRun().engine } == status.engine)
        store.leave()
        #expect(try read { try $0.status(at: now).engine } == nil)
    }

    private func throttledAreListed() throws {
        let (store, _) = try prepared(["a", "b"])
        let keys = try store.topology().endpoints.map(\.key)
        try store.write { () throws(OutboxProblem) in
            try store.write(throttledUntil: later(1000), ofEndpoint: keys[0])
            try store.write(throttledUntil: later(2000), ofEndpoint: keys[1])
        }
        #expect(try read { try $0.throttledEndpoints(after: now) } == ["a": later(1000), "b": later(2000)])
        #expect(try read { try $0.throttledEndpoints(after: later(1000)) } == ["b": later(2000)])
        #expect(try read { try $0.throttledEndpoints(after: now, among: ["b", "none"], limit: 9) } == ["b": later(2000)])
        #expect(try read { try $0.throttledEndpoints(after: now, among: nil, limit: 1) }.count == 1)
        #expect(try read { try $0.throttledEndpoints(after: now, among: ["a", "b"], limit: 1) } == ["a": later(1000)])
        #expect(try read { try $0.throttledEndpoints(after: now, among: [], limit: 9) }.isEmpty)
        try apply([settings("a")], to: store, prune: true)
        #expect(try read { try $0.throttledEndpoints(after: now) } == ["a": later(1000)])
    }

    private func healthIsShown() throws {
        let (store, _) = try prepared(["a", "b"])
        let key = try #require(try store.endpoint(id: "a")).key
        #expect(try read { try $0.endpointHealth() }.isEmpty)
        try store.write { () throws(OutboxProblem) in try store.write(health: suspended(), ofEndpoint: key) }
        #expect(try read { try $0.endpointHealth() } == ["a": suspended()])
        #expect(try read { try $0.endpointHealth(among: ["a", "b"], limit: 9) } == ["a": suspended()])
        #expect(try read { try $0.endpointHealth(among: ["b"], limit: 9) }.isEmpty)
        #expect(try read { try $0.endpointHealth(among: nil, limit: 0) }.isEmpty)
        try apply([settings("b")], to: store, prune: true)
        #expect(try read { try $0.endpointHealth() }.isEmpty)
    }
}
