import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let deliveryQueueRules: [Rule] = [
        Rule("first attempts come in the order of acceptance") { try $0.readyOrder() },
        Rule("a failed attempt waits for its time") { try $0.retriesWaitForTheirTime() },
        Rule("a scan of further attempts goes on where it was left") { try $0.retriesGoOn() },
        Rule("attempt and state are one") { try $0.recordsAreWhole() },
        Rule("many attempts are recorded at once") { try $0.manyRecords() },
        Rule("a cancelled delivery stays cancelled") { try $0.cancelledStays() },
        Rule("what is not there any more gets no attempt") { try $0.goneStaysGone() },
        Rule("what was held while it was on the wire moves with its result") { try $0.heldMoves() },
        Rule("the place in the schedule is kept") { try $0.roundsAreKept() },
        Rule("due times follow a faster clock") { try $0.dueTimesAreCompressed() },
        Rule("due times of a clock that was ahead come back") { try $0.dueTimesAreRedated() },
    ]

    private func readyOrder() throws {
        let (store, revisions) = try prepared(["a", "b"])
        for i in 1...5 { try accept(event("e\(i)"), revisions, in: store) }
        let all = try ready(store)
        #expect(all == all.sorted() && all.count == 10)
        // Due is what was accepted, whatever time its event says.
        let old = Event(id: "old", type: "T", node: "n", created: later(-86_400_000), data: Array("{}".utf8))
        try accept(old, [revisions[0]], in: store)
        var due: [Int64] = []
        _ = try store.scanReady(after: all[9], limit: 9) {
            due.append($0.due)
            return true
        }
        #expect(due == [now.milliseconds])
        var seen: [Int64] = []
        let end = try store.scanReady(after: all[2], limit: 3) {
            seen.append($0.delivery)
            return true
        }
        #expect(seen == Array(all[3...5]))
        #expect(end == .atLimit)
        #expect(try store.scanReady(after: all[9], limit: 3) { _ in true } == .atEnd)
        #expect(try store.scanReady(after: 0, limit: 3) { _ in false } == .stopped)
        #expect(throws: OutboxProblem(.refused, "no")) {
            try store.scanReady(after: 0, limit: 3) { (_) throws(OutboxProblem) in throw OutboxProblem(.refused, "no") }
        }
        #expect(try ready(store).prefix(10) == all[...])
    }

    private func retriesWaitForTheirTime() throws {
        let (store, revisions) = try prepared()
        for i in 1...3 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        for (i, id) in ids.enumerated() {
            let next = later(Int64(3 - i) * 1000)
            try record(id, 1, Transition(state: .pending, attempts: 1, nextAttemptAt: next), in: store)
        }
        #expect(try ready(store).isEmpty)
        #expect(try due(store, at: now).isEmpty)
        #expect(try store.nextRetry(after: now) == later(1000))
        #expect(try store.nextRetry(after: later(1000)) == later(2000))
        #expect(try store.nextRetry(after: later(3000)) == nil)
        #expect(try due(store, at: later(2000)) == [ids[2], ids[1]])
        #expect(try due(store, at: later(9000)) == [ids[2], ids[1], ids[0]])
    }

    private func retriesGoOn() throws {
        let (store, revisions) = try prepared()
        for i in 1...4 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        for id in ids { try record(id, 1, Transition(state: .pending, attempts: 1, nextAttemptAt: now), in: store) }
        var rows: [RetryRow] = []
        let end = try store.scanRetries(after: RetryPosition(due: now.milliseconds, delivery: ids[0]), dueBy: now, limit: 2) {
            rows.append($0)
            return true
        }
        // Those that are due at the same time come in the order of acceptance.
        #expect(rows.map(\.position.delivery) == Array(ids[1...2]))
        #expect(rows.map(\.position.due) == [now.milliseconds, now.milliseconds] && rows.map(\.attempts) == [1, 1])
        #expect(rows.map(\.revision) == [revisions[0], revisions[0]])
        #expect(end == .atLimit)
        #expect(try store.scanRetries(after: .start, dueBy: now, limit: 9) { _ in false } == .stopped)
        #expect(try store.scanRetries(after: .start, dueBy: now, limit: 9) { _ in true } == .atEnd)
    }

    private func recordsAreWhole() throws {
        let (store, revisions) = try prepared()
        try accept(event("e1"), revisions, in: store)
        let id = try #require(try ready(store).first)
        try deliver(id, in: store)
        #expect(try !store.hasUnsettled())
        // The number of an attempt is its own: a second record of it is refused, and nothing of it stays.
        #expect(throws: OutboxProblem.self) { try deliver(id, in: store) }
        #expect(try read { try $0.attempts(of: id) }?.count == 1)
    }

    private func manyRecords() throws {
        let (store, revisions) = try prepared()
        for i in 1...200 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        let records = ids.enumerated().map { (i, id) in
            i % 3 == 0
                ? attempt(id, 1, Transition(state: .pending, attempts: 1, nextAttemptAt: now))
                : attempt(id, 1, Transition(state: .delivered, attempts: 1, nextAttemptAt: nil))
        }
        let unmoved = try store.write { () throws(OutboxProblem) in try store.record(records) }
        #expect(unmoved.isEmpty)
        #expect(try due(store, at: now) == ids.enumerated().filter { $0.offset % 3 == 0 }.map(\.element))
        #expect(try read { try $0.status(at: now) }.deliveries == [.pending: 67, .delivered: 133])
    }

    private func cancelledStays() throws {
        let (store, revisions) = try prepared()
        try accept(event("e1"), revisions, in: store)
        let id = try #require(try ready(store).first)
        try apply([], to: store, prune: true)
        #expect(try !store.hasUnsettled())
        let unmoved = try record(id, 1, Transition(state: .pending, attempts: 1, nextAttemptAt: now), in: store)
        #expect(unmoved.cancelled == [id] && unmoved.gone.isEmpty)
        #expect(try !store.hasUnsettled())
        #expect(try deliveries().map(\.attempts) == [1])
    }

    private func goneStaysGone() throws {
        let (store, _) = try prepared()
        let unmoved = try record(77, 1, Transition(state: .delivered, attempts: 1, nextAttemptAt: nil), in: store)
        #expect(unmoved.gone == [77] && unmoved.cancelled.isEmpty)
        #expect(try read { try $0.attempts(of: 77) } == nil)
    }

    private func heldMoves() throws {
        let (store, revisions) = try prepared()
        for i in 1...2 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        try store.write { () throws(OutboxProblem) in try store.hold(ids) }
        try deliver(ids[0], in: store)
        let unmoved = try record(ids[1], 1, Transition(state: .held, attempts: 1, nextAttemptAt: now), in: store)
        #expect(unmoved.isEmpty)
        #expect(try deliveries().map(\.state) == [.delivered, .held])
    }

    private func roundsAreKept() throws {
        let (store, revisions) = try prepared()
        try accept(event("e1"), revisions, in: store)
        let id = try #require(try ready(store).first)
        #expect(try store.rounds(of: [id, 999]) == [id: DeliveryRound()])
        try record(id, 1, Transition(state: .pending, attempts: 1, nextAttemptAt: now, roundStartAttempt: 1), in: store)
        #expect(try store.round(of: id) == DeliveryRound(base: 1))
        // A result that says nothing of it leaves it as it is.
        try record(id, 2, Transition(state: .pending, attempts: 2, nextAttemptAt: now), in: store)
        #expect(try open().round(of: id) == DeliveryRound(base: 1))
    }

    private func dueTimesAreCompressed() throws {
        let (store, revisions) = try prepared()
        for i in 1...2 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        try record(ids[0], 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later(60_000)), in: store)
        try record(ids[1], 1, Transition(state: .pending, attempts: 1, nextAttemptAt: now), in: store)
        let shards = ShardSet([ShardSet.shard(ofEndpoint: try #require(try store.revision(revisions[0])).endpoint)])
        try store.write { () throws(OutboxProblem) in try store.compressDueTimes(of: ShardSet.all.subtracting(shards), speed: 60, at: now) }
        #expect(try store.nextRetry(after: now) == later(60_000))
        try store.write { () throws(OutboxProblem) in try store.compressDueTimes(of: shards, speed: 60, at: now) }
        // What is due stays due, and nothing comes a moment too early.
        #expect(try due(store, at: now) == [ids[1]])
        #expect(try store.nextRetry(after: now) == later(1001))
    }

    private func dueTimesAreRedated() throws {
        let (store, revisions) = try prepared()
        for i in 1...4 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        let decade: Int64 = 315_360_000_000
        // Two by a clock that was ten years ahead: the attempts of this contract begin `now`, so the clock is put back by as much.
        try record(ids[0], 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later(60_000)), in: store)
        try record(ids[1], 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later(600_000)), in: store)
        let then = later(-decade)
        let generation = try store.queueGeneration()
        func redate(_ time: Timestamp, _ shards: ShardSet = .all, below position: RetryPosition? = nil, limit: Int = 10) throws
            -> RedatedRetries
        {
            try store.write { () throws(OutboxProblem) in try store.redate(of: shards, below: position, at: time, limit: limit) }
        }
        let own = ShardSet([ShardSet.shard(ofEndpoint: try #require(try store.revision(revisions[0])).endpoint)])
        #expect(try redate(then, ShardSet.all.subtracting(own)) == RedatedRetries())
        // One that is rightly due later hides none of them.
        try record(ids[3], 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later(2 * decade)), in: store)
        let first = try redate(then, own, limit: 1)
        #expect(first.count == 0 && first.next?.delivery == ids[3])
        let second = try redate(then, own, below: first.next, limit: 1)
        #expect(second.count == 1 && second.next?.delivery == ids[1])
        #expect(try redate(then, own, below: second.next) == RedatedRetries(count: 1))
        #expect(try redate(then) == RedatedRetries())
        #expect(try store.queueGeneration() != generation)
        #expect(try store.nextRetry(after: then) == then.advanced(byMilliseconds: 60_000))
        #expect(try due(store, at: then.advanced(byMilliseconds: 600_000)) == [ids[0], ids[1]])
        // A clock that is right, or was put back by less than a minute, changes nothing.
        try record(ids[2], 1, Transition(state: .pending, attempts: 1, nextAttemptAt: later(60_000)), in: store)
        #expect(try redate(now) == RedatedRetries())
        #expect(try redate(later(-59_000)) == RedatedRetries())
    }
}
