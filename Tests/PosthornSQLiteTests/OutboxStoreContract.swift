import PosthornModel
import PosthornText
@testable import PosthornSQLite
import PosthornStore
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
        ("retry by hand goes before the schedule", { try $0.retryAheadOfTheSchedule() }),
        ("retry at the current URL", { try $0.retryAtTheCurrentURL() }),
        ("how long a receiver is left alone", { try $0.throttles() }),
        ("resend and cancel by hand", { try $0.resendAndCancel() }),
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

    /// One that gets an event by its endpoint's revision.
    func recipient(_ revision: Int64, isActive: Bool = true, in store: any OutboxStore) throws(OutboxProblem) -> Recipient {
        Recipient(endpoint: try store.revision(revision)?.endpoint ?? 0, revision: revision, isActive: isActive)
    }

    func prune(before cutoff: Timestamp, in store: any OutboxStore) throws -> PruneReport {
        let seqs = try store.histories(beyond: 0, limit: 1000).map(\.seq)
        return try store.write { () throws(OutboxProblem) in try store.prune(seqs, Retention(settledBefore: cutoff)) }
    }

    func event(_ id: String, data: String = "{}") -> Event {
        Event(id: id, type: "T", node: "n", created: now, data: Array(data.utf8))
    }

    @discardableResult
    func accept(_ event: Event, _ revisions: [Int64], in store: any OutboxStore, active: Bool = true) throws -> Acceptance {
        try store.write { () throws(OutboxProblem) in
            let recipients = try revisions.map { (revision) throws(OutboxProblem) in
                try recipient(revision, isActive: active, in: store)
            }
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
                let recipients = [try recipient(revisions[0], in: store)]
                _ = try store.accept([Candidate(event("e1"), createdByProducer: false, recipients: recipients)], at: now)
                throw OutboxProblem(.refused, "no")
            }
        }
        #expect(try ready(store).isEmpty)
        #expect(try accept(event("e1"), revisions, in: store) == .stored(deliveries: 1))
    }

    private func savepointsAreUndoneAlone() throws {
        let (store, revisions) = try prepared()
        let recipient = try recipient(revisions[0], in: store)
        try store.write { () throws(OutboxProblem) in
            _ = try store.accept([Candidate(event("kept"), createdByProducer: false, recipients: [recipient])], at: now)
            do throws(OutboxProblem) {
                try store.undoable { () throws(OutboxProblem) in
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
        #expect(try store.write { () throws(OutboxProblem) in try store.holdInactive(limit: 10, and: []) } == 1)
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
        let before = try store.commitsByOthers()
        try accept(event("own"), revisions, in: store)
        #expect(try store.commitsByOthers() == before)
        try accept(event("other"), revisions, in: try open())
        #expect(try store.commitsByOthers() != before)
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
        let report = try store.write { () throws(OutboxProblem) in
            try store.retry([ids[0], ids[1], 77], RetryManner(), at: now)
        }
        #expect(report.retried == 1)
        #expect(report.unknown == [77])
        #expect(report.refused == [.init(delivery: ids[1], state: .delivered)])
        var rows: [RetryRow] = []
        _ = try store.scanRetries(after: .start, dueBy: now, limit: 10) {
            rows.append($0); return true
        }
        #expect(rows.map(\.attempts) == [5])
        #expect(try store.round(of: ids[0]) == DeliveryRound(base: 1))
    }

    private func retryAheadOfTheSchedule() throws {
        let (store, revisions) = try prepared()
        try accept(event("e1"), revisions, in: store)
        let id = try #require(try ready(store).first)
        let scheduled = now.advanced(byMilliseconds: 60_000)
        try record(id, 1, Transition(state: .pending, attempts: 1, nextAttemptAt: scheduled), in: store)
        func retry(wholeRound: Bool = false) throws {
            let report = try store.write { () throws(OutboxProblem) in
                try store.retry([id], RetryManner(wholeRound: wholeRound), at: now)
            }
            #expect(report.retried == 1)
            #expect(try due(store, at: now) == [id])
        }
        for _ in 0..<2 { try retry() }
        #expect(try open().round(of: id) == DeliveryRound(base: 0, scheduledAt: scheduled))
        try record(id, 2, Transition(state: .pending, attempts: 2, nextAttemptAt: scheduled, roundBase: 1), in: store)
        #expect(try store.round(of: id) == DeliveryRound(base: 1))
        #expect(try due(store, at: now).isEmpty && store.nextRetry(after: now) == scheduled)
        // A schedule that runs faster brings both times nearer.
        try retry()
        try store.write { () throws(OutboxProblem) in try store.compressDueTimes(speed: 60, at: now) }
        #expect(try store.round(of: id).scheduledAt == now.advanced(byMilliseconds: 1001))
        try retry(wholeRound: true)
        #expect(try store.round(of: id) == DeliveryRound(base: 2))
        try record(id, 3, Transition(state: .delivered, attempts: 3, nextAttemptAt: nil), in: store)
        #expect(try store.round(of: id) == DeliveryRound(base: 2))
    }

    private func resendAndCancel() throws {
        let (store, revisions) = try prepared()
        for i in 1...3 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        try record(ids[0], 1, Transition(state: .delivered, attempts: 1, nextAttemptAt: nil), in: store)
        let before = try store.queueGeneration()
        let report = try store.write { () throws(OutboxProblem) in try store.resend([ids[0], ids[1], 77], at: now) }
        #expect(report.retried == 1 && report.unknown == [77])
        #expect(report.refused == [.init(delivery: ids[1], state: .pending)])
        #expect(report.endpoints == ["a": .init(state: .active, deliveries: 1)])
        #expect(try due(store, at: now) == [ids[0]])
        // A whole round of the schedule follows.
        #expect(try store.round(of: ids[0]) == DeliveryRound(base: 1))
        try record(ids[0], 2, Transition(state: .delivered, attempts: 2, nextAttemptAt: nil), in: store)
        let cancelled = try store.write { () throws(OutboxProblem) in try store.cancel([ids[0], ids[1], 77], at: now) }
        #expect(cancelled.cancelled == 1 && cancelled.unknown == [77])
        #expect(cancelled.refused == [.init(delivery: ids[0], state: .delivered)])
        #expect(try ready(store) == [ids[2]])
        #expect(try store.queueGeneration() == before + 2)
    }

    private func retryAtTheCurrentURL() throws {
        let (store, revisions) = try prepared(["a", "b"])
        for i in 1...5 { try accept(event("e\(i)"), [revisions[0]], in: store, active: i != 5) }
        try accept(event("b"), [revisions[1]], in: store)
        let later = now.advanced(byMilliseconds: 60_000)
        // Ready, waiting again, exhausted, delivered, held; and one of b's.
        try record(2, 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later), in: store)
        try record(3, 1, Transition(state: .exhausted, attempts: 1, nextAttemptAt: nil), in: store)
        try record(4, 1, Transition(state: .delivered, attempts: 1, nextAttemptAt: nil), in: store)
        try apply([EndpointSettings(id: "a", node: "n", url: "https://moved.example/")], to: store)
        let current = try #require(try store.topology().endpoints.first { $0.settings.id == "a" }).revision
        func retry(_ ids: [Int64], _ manner: RetryManner = RetryManner(atCurrentURL: true)) throws -> RetryReport {
            try store.write { () throws(OutboxProblem) in try store.retry(ids, manner, at: now) }
        }
        func revisionsOfReady() throws -> [Int64] {
            var found: [Int64] = []
            _ = try store.scanReady(after: 0, limit: 10) {
                found.append($0.revision); return true
            }
            return found
        }
        // Without being told so, nothing goes elsewhere.
        #expect(try retry([1], RetryManner()).moved == 0)
        #expect(try revisionsOfReady() == revisions)
        let all = try retry([1, 2, 5])
        #expect(all.retried == 2 && all.moved == 3 && all.refused.isEmpty)
        #expect(try revisionsOfReady() == [current, revisions[1]])
        let one = try retry([3, 4, 5])
        #expect(one.retried == 1 && one.moved == 1 && one.refused.map(\.delivery) == [4, 5])
        #expect(try retry([6]).moved == 0)
        #expect(try store.round(of: 2).scheduledAt == later)
    }

    private func throttles() throws {
        let (store, _) = try prepared(["a", "b"])
        let keys = try store.topology().endpoints.map(\.key)
        func write(_ until: Int64?, _ key: Int64) throws {
            try store.write { () throws(OutboxProblem) in
                try store.write(throttledUntil: until.map { now.advanced(byMilliseconds: $0) }, ofEndpoint: key)
            }
        }
        try write(1000, keys[0])
        try write(2000, keys[1])
        try write(3000, keys[0])
        let second = now.advanced(byMilliseconds: 2000)
        #expect(try open().throttles(after: now) == [keys[0]: now.advanced(byMilliseconds: 3000), keys[1]: second])
        #expect(try store.throttles(after: second) == [keys[0]: now.advanced(byMilliseconds: 3000)])
        try write(nil, keys[0])
        #expect(try store.throttles(after: now) == [keys[1]: second])
        // One that was deleted meanwhile has nothing to be left alone for.
        try write(1000, 99)
        #expect(try store.throttles(after: now).count == 1)
        // What one address asks for is not another's wish, and a method is no address.
        func settings(_ url: String, _ method: RequestMethod = .post) -> EndpointSettings {
            EndpointSettings(id: "b", node: "n", url: url, method: method)
        }
        let a = EndpointSettings(id: "a", node: "n", url: "https://a.example/")
        try write(1000, keys[0])
        try apply([a, settings("https://b.example/", .get)], to: store)
        #expect(try store.throttles(after: now).keys.sorted() == keys)
        try apply([a, settings("https://b2.example/", .get)], to: store)
        #expect(try store.throttles(after: now).keys.sorted() == [keys[0]])
        try store.write { () throws(OutboxProblem) in try store.setState(.active, reason: nil, ofEndpoint: keys[0], at: now) }
        #expect(try store.throttles(after: now).isEmpty)
        try write(1000, keys[0])
        try apply([settings("https://b2.example/", .get)], to: store, prune: true)
        #expect(try store.throttles(after: now).isEmpty)
    }

    private func pruning() throws {
        let (store, revisions) = try prepared(["a", "b"])
        for i in 1...4 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        // The first event is settled whole, the second half, the third whole; the fourth is the newest.
        for id in [ids[0], ids[1], ids[2], ids[4], ids[5], ids[6], ids[7]] {
            try record(id, 1, Transition(state: .delivered, attempts: 1, nextAttemptAt: nil), in: store)
        }
        #expect(try prune(before: now, in: store) == PruneReport())
        let report = try prune(before: now.advanced(byMilliseconds: 1), in: store)
        #expect(report.events == 2 && report.deliveries == 4 && report.attempts == 4)
        #expect(try ready(store) == [ids[3]])
        #expect(try accept(event("e1"), [], in: store) == .stored(deliveries: 0))
        #expect(try accept(event("e2"), [], in: store) == .known)
    }
}
