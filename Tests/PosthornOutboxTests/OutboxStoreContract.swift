import PosthornModel
import PosthornText
import PosthornOutbox
import Testing

/// What every store must do. A second store runs this suite by handing in its own way of opening itself.
struct OutboxStoreContract {
    /// Opens the same outbox once more, as another process would.
    let open: () throws -> any OutboxStore
    let now = Timestamp(milliseconds: 1_594_816_394_000)

    /// Every rule, each on an outbox of its own.
    static let rules: [Rule] = deliveryRules + notificationRules + topologyRules

    /// A rule with what checks it.
    typealias Rule = (name: String, check: @Sendable (OutboxStoreContract) throws -> Void)

    private static let deliveryRules: [Rule] = [
        ("an event and its deliveries are there together", { try $0.fanOutIsWhole() }),
        ("an id is accepted once", { try $0.idsAreIdempotent() }),
        ("a transaction that throws leaves nothing", { try $0.failureLeavesNothing() }),
        ("a savepoint is undone alone", { try $0.savepointsAreUndoneAlone() }),
        ("first attempts come in the order of acceptance", { try $0.readyOrder() }),
        ("a failed attempt waits for its time", { try $0.retriesWaitForTheirTime() }),
        ("attempt and state are one", { try $0.recordsAreWhole() }),
        ("a cancelled delivery stays cancelled", { try $0.cancelledStays() }),
        ("held deliveries wait and go on", { try $0.heldGoesOn() }),
        ("there is one owner", { try $0.oneOwner() }),
        ("another's commit shows", { try $0.foreignCommitsShow() }),
        ("a revision is never changed", { try $0.revisionsStay() }),
        ("retry by hand", { try $0.retryByHand() }),
        ("retry of an endpoint", { try $0.retryOfAnEndpoint() }),
        ("pruning takes whole settled events", { try $0.pruning() }),
    ]

    // MARK: Pieces

    func prepared(_ endpoints: [String] = ["a"]) throws -> (any OutboxStore, [Int64]) {
        let store = try open()
        try apply(endpoints.map { EndpointSettings(id: $0, node: "n", url: "https://\($0).example/") }, to: store)
        return (store, try store.topology().endpoints.map(\.revision))
    }

    func apply(_ endpoints: [EndpointSettings], to store: any OutboxStore, prune: Bool = false) throws {
        let topology = try Topology(nodes: [Node(id: "n", level: .company)], endpoints: endpoints)
        let plan = try TopologyPlan(making: topology, of: try store.topology(), prune: prune) { _, new in new.credentials }
        try store.write { () throws(OutboxProblem) in try store.change(plan, at: now) }
    }

    func event(_ id: String, data: String = "{}") -> Event {
        Event(id: id, type: "T", node: "n", created: now, data: Array(data.utf8))
    }

    @discardableResult
    func accept(_ event: Event, _ revisions: [Int64], in store: any OutboxStore, active: Bool = true) throws -> Acceptance {
        try store.write { () throws(OutboxProblem) in
            let recipients = revisions.map { Recipient(revision: $0, isActive: active) }
            return try store.accept([Candidate(event, createdByProducer: false, recipients: recipients)], at: now)[0]
        }
    }

    func ready(_ store: any OutboxStore) throws -> [Int64] {
        var ids: [Int64] = []
        _ = try store.scanReady(after: 0, limit: 1000) {
            ids.append($0.delivery); return true
        }
        return ids
    }

    private func due(_ store: any OutboxStore, at moment: Timestamp) throws -> [Int64] {
        var ids: [Int64] = []
        _ = try store.scanRetries(after: .start, dueBy: moment, limit: 1000) {
            ids.append($0.position.delivery); return true
        }
        return ids
    }

    func record(_ delivery: Int64, _ number: Int, _ transition: Transition, in store: any OutboxStore) throws {
        let succeeded = transition.state == .delivered
        let outcome = AttemptOutcome(
            started: now,
            durationMicroseconds: 1500,
            status: succeeded ? 200 : 503,
            error: succeeded ? nil : .status,
            errorText: succeeded ? "" : "answered 503",
            response: Array("body".utf8),
            address: "192.0.2.1:443"
        )
        _ = try store.write { () throws(OutboxProblem) in
            try store.record([AttemptRecord(delivery: delivery, number: number, outcome: outcome, transition: transition)])
        }
    }

    // MARK: Rules

    private func fanOutIsWhole() throws {
        let (store, revisions) = try prepared(["a", "b", "c"])
        #expect(try accept(event("e1"), revisions, in: store) == .stored(deliveries: 3))
        #expect(try ready(store).count == 3)
        #expect(try accept(event("e2"), [], in: store) == .stored(deliveries: 0))
        #expect(try store.hasUnsettled())
    }

    private func idsAreIdempotent() throws {
        let (store, revisions) = try prepared()
        try accept(event("e1", data: #"{"a":1}"#), revisions, in: store)
        #expect(try accept(event("e1", data: #"{"a":1}"#), revisions, in: store) == .known)
        #expect(try accept(event("e1", data: #"{"a": 1}"#), revisions, in: store) == .conflict)
        #expect(try ready(store).count == 1)
    }

    private func failureLeavesNothing() throws {
        let (store, revisions) = try prepared()
        #expect(throws: OutboxProblem.self) {
            try store.write { () throws(OutboxProblem) in
                let recipients = [Recipient(revision: revisions[0], isActive: true)]
                _ = try store.accept([Candidate(event("e1"), createdByProducer: false, recipients: recipients)], at: now)
                throw OutboxProblem(.refused, "no")
            }
        }
        #expect(try ready(store).isEmpty)
        #expect(try accept(event("e1"), revisions, in: store) == .stored(deliveries: 1))
    }

    private func savepointsAreUndoneAlone() throws {
        let (store, revisions) = try prepared()
        let recipient = Recipient(revision: revisions[0], isActive: true)
        try store.write { () throws(OutboxProblem) in
            _ = try store.accept([Candidate(event("kept"), createdByProducer: false, recipients: [recipient])], at: now)
            do throws(OutboxProblem) {
                try store.savepoint { () throws(OutboxProblem) in
                    _ = try store.accept([Candidate(event("gone"), createdByProducer: false, recipients: [recipient])], at: now)
                    throw OutboxProblem(.refused, "no")
                }
            } catch {
                #expect(error.code == .refused)
            }
        }
        #expect(try ready(store).count == 1)
        #expect(try accept(event("kept"), revisions, in: store) == .known)
        #expect(try accept(event("gone"), revisions, in: store) == .stored(deliveries: 1))
    }

    private func readyOrder() throws {
        let (store, revisions) = try prepared(["a", "b"])
        for i in 1...5 { try accept(event("e\(i)"), revisions, in: store) }
        let all = try ready(store)
        #expect(all == all.sorted() && all.count == 10)
        var seen: [Int64] = []
        let end = try store.scanReady(after: all[2], limit: 3) {
            seen.append($0.delivery); return true
        }
        #expect(seen == Array(all[3...5]))
        #expect(end == .atLimit)
        #expect(try store.scanReady(after: all[8], limit: 3) { _ in true } == .atEnd)
        #expect(try store.scanReady(after: 0, limit: 3) { _ in false } == .stopped)
    }

    private func retriesWaitForTheirTime() throws {
        let (store, revisions) = try prepared()
        for i in 1...3 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        for (i, id) in ids.enumerated() {
            let next = now.advanced(byMilliseconds: Int64(3 - i) * 1000)
            try record(id, 1, Transition(state: .pending, attempts: 1, nextAttemptAt: next), in: store)
        }
        #expect(try ready(store).isEmpty)
        #expect(try due(store, at: now).isEmpty)
        #expect(try store.nextRetry(after: now) == now.advanced(byMilliseconds: 1000))
        #expect(try due(store, at: now.advanced(byMilliseconds: 2000)) == [ids[2], ids[1]])
        #expect(try due(store, at: now.advanced(byMilliseconds: 9000)) == [ids[2], ids[1], ids[0]])
    }

    private func recordsAreWhole() throws {
        let (store, revisions) = try prepared()
        try accept(event("e1"), revisions, in: store)
        let id = try #require(try ready(store).first)
        try record(id, 1, Transition(state: .delivered, attempts: 1, nextAttemptAt: nil), in: store)
        #expect(try !store.hasUnsettled())
        // The number of an attempt is its own: a second record of it is refused, and nothing of it stays.
        #expect(throws: OutboxProblem.self) {
            try record(id, 1, Transition(state: .delivered, attempts: 1, nextAttemptAt: nil), in: store)
        }
    }

    private func cancelledStays() throws {
        let (store, revisions) = try prepared()
        try accept(event("e1"), revisions, in: store)
        let id = try #require(try ready(store).first)
        try apply([], to: store, prune: true)
        #expect(try !store.hasUnsettled())
        try record(id, 1, Transition(state: .pending, attempts: 1, nextAttemptAt: now), in: store)
        #expect(try !store.hasUnsettled())
    }

    private func heldGoesOn() throws {
        let (store, revisions) = try prepared(["a", "b"])
        try accept(event("e1"), revisions, in: store)
        let key = try #require(try store.topology().endpoints.first).key
        try store.write { () throws(OutboxProblem) in
            try store.setState(.disabled, reason: "test", ofEndpoint: key, at: now)
        }
        #expect(try store.write { () throws(OutboxProblem) in try store.holdInactive(limit: 10) } == 1)
        #expect(try ready(store).count == 1)
        try accept(event("e2"), [revisions[0]], in: store, active: false)
        #expect(try ready(store).count == 1)
        try store.write { () throws(OutboxProblem) in try store.setState(.active, reason: nil, ofEndpoint: key, at: now) }
        let before = try store.queueGeneration()
        #expect(try store.write { () throws(OutboxProblem) in try store.releaseActive(limit: 10, except: [], at: now) } == 2)
        #expect(try ready(store).count == 3)
        #expect(try store.queueGeneration() > before)
    }

    private func oneOwner() throws {
        let first = try open()
        let second = try open()
        #expect(try first.own())
        #expect(first.isOwner)
        // Two engines on one store are two owners.
        #expect(try !first.own())
        #expect(first.isOwner)
        #expect(try !second.own())
        first.disown()
        #expect(try second.own())
        #expect(!first.isOwner)
    }

    private func foreignCommitsShow() throws {
        let (store, revisions) = try prepared()
        let before = try store.foreignCommits()
        try accept(event("own"), revisions, in: store)
        #expect(try store.foreignCommits() == before)
        try accept(event("other"), revisions, in: try open())
        #expect(try store.foreignCommits() != before)
    }

    private func revisionsStay() throws {
        let (store, revisions) = try prepared()
        try apply([EndpointSettings(id: "a", node: "n", url: "https://moved.example/")], to: store)
        #expect(try store.revision(revisions[0])?.url == "https://a.example/")
        let current = try #require(try store.topology().endpoints.first)
        #expect(current.revision != revisions[0])
        #expect(try store.revision(current.revision)?.url == "https://moved.example/")
        #expect(try store.revision(999) == nil)
    }

    private func retryByHand() throws {
        let (store, revisions) = try prepared()
        for i in 1...2 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        for number in 1...5 {
            let last = number == 5
            let next = last ? nil : now.advanced(byMilliseconds: 60_000)
            try record(ids[0], number, Transition(state: last ? .exhausted : .pending, attempts: number, nextAttemptAt: next), in: store)
        }
        try record(ids[1], 1, Transition(state: .delivered, attempts: 1, nextAttemptAt: nil), in: store)
        let (report, _) = try store.write { () throws(OutboxProblem) in
            try store.retry(.deliveries([ids[0], ids[1], 77]), wholeRound: false, limit: 10, after: 0, at: now)
        }
        #expect(report.retried == 1)
        #expect(report.unknown == [77])
        #expect(report.refused == [.init(delivery: ids[1], state: .delivered)])
        var rows: [RetryRow] = []
        _ = try store.scanRetries(after: .start, dueBy: now, limit: 10) {
            rows.append($0); return true
        }
        #expect(rows.map(\.attempts) == [5])
        #expect(try store.roundBase(of: ids[0]) == 1)
    }

    private func retryOfAnEndpoint() throws {
        let (store, revisions) = try prepared(["a", "b"])
        for i in 1...5 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        // Of endpoint a: exhausted, delivered, waiting again, cancelled by nobody, and one that is new. b's stay as they are.
        try record(ids[0], 1, Transition(state: .exhausted, attempts: 1, nextAttemptAt: nil), in: store)
        try record(ids[2], 1, Transition(state: .delivered, attempts: 1, nextAttemptAt: nil), in: store)
        try record(ids[4], 1, Transition(state: .pending, attempts: 1, nextAttemptAt: now.advanced(byMilliseconds: 60_000)), in: store)
        try record(ids[1], 1, Transition(state: .exhausted, attempts: 1, nextAttemptAt: nil), in: store)
        var after: Int64? = 0
        var seen: [Int64] = []
        while let start = after {
            let (report, last) = try store.write { () throws(OutboxProblem) in
                try store.retry(.endpoint("a", since: now), wholeRound: false, limit: 2, after: start, at: now)
            }
            #expect(report.refused.isEmpty && report.unknown.isEmpty)
            seen.append(Int64(report.retried))
            after = last
        }
        #expect(seen == [2, 2, 0])
        let later = now.advanced(byMilliseconds: 1)
        let (none, _) = try store.write { () throws(OutboxProblem) in
            try store.retry(.endpoint("a", since: later), wholeRound: false, limit: 10, after: 0, at: now)
        }
        #expect(none.retried == 0)
        #expect(try store.roundBase(of: ids[1]) == 0)
    }

    private func pruning() throws {
        let (store, revisions) = try prepared(["a", "b"])
        for i in 1...4 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        // The first event is settled whole, the second half, the third whole; the fourth is the newest.
        for id in [ids[0], ids[1], ids[2], ids[4], ids[5], ids[6], ids[7]] {
            try record(id, 1, Transition(state: .delivered, attempts: 1, nextAttemptAt: nil), in: store)
        }
        let (early, _) = try store.write { () throws(OutboxProblem) in try store.prune(settledBefore: now, after: 0, limit: 100) }
        #expect(early == PruneReport())
        let later = now.advanced(byMilliseconds: 1)
        let (report, last) = try store.write { () throws(OutboxProblem) in try store.prune(settledBefore: later, after: 0, limit: 100) }
        #expect(report.events == 2 && report.deliveries == 4 && report.attempts == 4)
        #expect(last == nil)
        #expect(try ready(store) == [ids[3]])
        #expect(try accept(event("e1"), [], in: store) == .stored(deliveries: 0))
        #expect(try accept(event("e2"), [], in: store) == .known)
    }
}
