import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let manualRules: [Rule] = [
        Rule("retry by hand") { try $0.retryByHand() },
        Rule("retry by hand goes before the schedule") { try $0.retryAheadOfTheSchedule() },
        Rule("retry at the current URL") { try $0.retryAtTheCurrentURL() },
        Rule("resend by hand") { try $0.resendByHand() },
        Rule("cancel by hand") { try $0.cancelByHand() },
        Rule("a delivery is read and written as it was decided") { try $0.rowsAreReadAndWritten() },
        Rule("what changes nothing is no news") { try $0.nothingDoneIsNoNews() },
    ]

    private func retry(_ ids: [Int64], _ manner: RetryManner = RetryManner(), in store: any OutboxStore) throws -> RetryReport {
        try store.write { () throws(OutboxProblem) in try store.retry(ids, manner, at: now) }
    }

    private func retryByHand() throws {
        let (store, revisions) = try prepared()
        for i in 1...2 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        try exhaust(ids[0], in: store)
        try deliver(ids[1], in: store)
        let before = try store.queueGeneration()
        let report = try retry([ids[0], ids[1], 77], in: store)
        #expect(report.retried == 1)
        #expect(report.unknown == [77])
        #expect(report.refused == [.init(delivery: ids[1], state: .delivered)])
        #expect(report.endpoints == ["a": .init(state: .active, deliveries: 1)])
        #expect(try due(store, at: now) == [ids[0]])
        #expect(try store.round(of: ids[0]) == DeliveryRound(base: 1))
        #expect(try store.queueGeneration() == before + 1)
        // Another program sees it too.
        #expect(try open().queueGeneration() == before + 1)
    }

    private func retryAheadOfTheSchedule() throws {
        let (store, revisions) = try prepared()
        try accept(event("e1"), revisions, in: store)
        let id = try #require(try ready(store).first)
        let scheduled = later(60_000)
        try record(id, 1, Transition(state: .pending, attempts: 1, nextAttemptAt: scheduled), in: store)
        func retryNow(wholeRound: Bool = false) throws {
            #expect(try retry([id], RetryManner(wholeRound: wholeRound), in: store).retried == 1)
            #expect(try due(store, at: now) == [id])
        }
        for _ in 0..<2 { try retryNow() }
        #expect(try open().round(of: id) == DeliveryRound(base: 0, scheduledAt: scheduled))
        try record(id, 2, Transition(state: .pending, attempts: 2, nextAttemptAt: scheduled, roundStartAttempt: 1), in: store)
        #expect(try store.round(of: id) == DeliveryRound(base: 1))
        #expect(try due(store, at: now).isEmpty && store.nextRetry(after: now) == scheduled)
        // A schedule that runs faster brings both times nearer.
        try retryNow()
        try store.write { () throws(OutboxProblem) in try store.compressDueTimes(of: .all, speed: 60, at: now) }
        #expect(try store.round(of: id).scheduledAt == later(1001))
        try retryNow(wholeRound: true)
        #expect(try store.round(of: id) == DeliveryRound(base: 2))
        try record(id, 3, Transition(state: .delivered, attempts: 3, nextAttemptAt: nil), in: store)
        #expect(try store.round(of: id) == DeliveryRound(base: 2))
    }

    private func retryAtTheCurrentURL() throws {
        let (store, revisions) = try prepared(["a", "b"])
        for i in 1...5 { try accept(event("e\(i)"), [revisions[0]], in: store, active: i != 5) }
        try accept(event("b"), [revisions[1]], in: store)
        let ids = try deliveries().map(\.id)
        // Ready, waiting again, exhausted, delivered, held; and one of b's.
        try record(ids[1], 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later(60_000)), in: store)
        try record(ids[2], 1, Transition(state: .exhausted, attempts: 1, nextAttemptAt: nil), in: store)
        try deliver(ids[3], in: store)
        try apply([settings("a", "https://moved.example/"), settings("b")], to: store)
        let current = try #require(try store.endpoint(id: "a")).revision
        let manner = RetryManner(atCurrentURL: true)
        func revisionsOfReady() throws -> [Int64] {
            var found: [Int64] = []
            _ = try store.scanReady(after: 0, limit: 10) {
                found.append($0.revision)
                return true
            }
            return found
        }
        // Without being told so, nothing goes elsewhere.
        #expect(try retry([ids[0]], in: store).moved == 0)
        #expect(try revisionsOfReady() == revisions)
        let all = try retry([ids[0], ids[1], ids[4]], manner, in: store)
        #expect(all.retried == 2 && all.moved == 3 && all.refused.isEmpty)
        #expect(try revisionsOfReady() == [current, revisions[1]])
        let one = try retry([ids[2], ids[3], ids[4]], manner, in: store)
        #expect(one.retried == 1 && one.moved == 1 && one.refused.map(\.delivery) == [ids[3], ids[4]])
        #expect(try retry([ids[5]], manner, in: store).moved == 0)
        #expect(try store.round(of: ids[1]).scheduledAt == later(60_000))
    }

    private func resendByHand() throws {
        let (store, revisions) = try prepared()
        for i in 1...2 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        try deliver(ids[0], in: store)
        let before = try store.queueGeneration()
        let report = try store.write { () throws(OutboxProblem) in try store.resend([ids[0], ids[1], 77], at: now) }
        #expect(report.retried == 1 && report.unknown == [77])
        #expect(report.refused == [.init(delivery: ids[1], state: .pending)])
        #expect(report.endpoints == ["a": .init(state: .active, deliveries: 1)])
        #expect(try due(store, at: now) == [ids[0]])
        // A whole round of the schedule follows.
        #expect(try store.round(of: ids[0]) == DeliveryRound(base: 1))
        #expect(try store.queueGeneration() == before + 1)
    }

    private func cancelByHand() throws {
        let (store, revisions) = try prepared()
        for i in 1...4 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        try deliver(ids[0], in: store)
        try store.write { () throws(OutboxProblem) in try store.hold([ids[2]]) }
        let before = try store.queueGeneration()
        let report = try store.write { () throws(OutboxProblem) in try store.cancel(Array(ids[0...2]) + [77], at: now) }
        #expect(report.cancelled == 2 && report.unknown == [77])
        #expect(report.refused == [.init(delivery: ids[0], state: .delivered)])
        #expect(try ready(store) == [ids[3]])
        #expect(try deliveries().map(\.state) == [.delivered, .cancelled, .cancelled, .pending])
        #expect(try store.queueGeneration() == before + 1)
    }

    private func rowsAreReadAndWritten() throws {
        let (store, revisions) = try prepared()
        try accept(event("e1"), revisions, in: store)
        let id = try #require(try ready(store).first)
        try record(id, 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later(60_000)), in: store)
        let before = try #require(try store.deliveryRow(id))
        let endpoint = DeliveryRow.Endpoint(
            id: "a",
            state: .active,
            revision: revisions[0],
            scheduleAttempts: RetrySchedule.standard.attempts
        )
        #expect(before == DeliveryRow(state: .pending, attempts: 1, due: later(60_000), revision: revisions[0], endpoint: endpoint))
        let round = DeliveryRound(base: 1, scheduledAt: later(60_000))
        let generation = try store.queueGeneration()
        try store.write { () throws(OutboxProblem) in
            try store.write(DeliveryChange(state: .held, due: later(5), round: round, revision: revisions[0]), of: id, from: before)
            try store.countQueueUp()
        }
        let after = try #require(try open().deliveryRow(id))
        #expect(after.state == .held && after.due == later(5) && after.round == round && after.attempts == 1)
        #expect(try store.queueGeneration() == generation + 1)
        #expect(try store.deliveryRow(77) == nil)
    }

    private func nothingDoneIsNoNews() throws {
        let (store, _) = try prepared()
        let before = try store.queueGeneration()
        try store.write { () throws(OutboxProblem) in
            #expect(try store.retry([77], RetryManner(), at: now).unknown == [77])
            #expect(try store.resend([77], at: now).unknown == [77])
            #expect(try store.cancel([77], at: now).unknown == [77])
        }
        #expect(try store.queueGeneration() == before)
    }
}
