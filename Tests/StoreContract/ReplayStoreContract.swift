import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let replayRules: [Rule] = [
        Rule("a replay is stored with its end, and read as it was stored") { try $0.replaysAreStored() },
        Rule("a replay's progress is kept, and one that is over goes on no more") { try $0.replaysProgress() },
        Rule("of too many replays that are over the oldest are forgotten of the share that has most") { try $0.replaysAreForgotten() },
        Rule("an event gets deliveries to endpoints that have none of it, once") { try $0.deliveriesAreAdded() },
        Rule("deliveries that are over are made due again where their endpoints are now") { try $0.deliveriesAreReplayed() },
    ]

    private func replay(_ change: (inout Replay.Selection) -> Void = { _ in }) -> Replay {
        var selection = Replay.Selection()
        change(&selection)
        return Replay(scope: "n", selection, ratePerSecond: 7, created: now, creator: "0123456789ab")
    }

    private func stored(_ replay: Replay, in store: any OutboxStore) throws -> Replay {
        try store.write { () throws(OutboxProblem) in try store.insert(replay) }
    }

    private func replaysAreStored() throws {
        let (store, revisions) = try prepared(["a", "b"])
        try accept(event("e1"), revisions, in: store)
        let first = try stored(
            replay {
                $0.node = "n"
                $0.endpoint = "a"
                $0.types = [try! EventPattern("A_*"), try! EventPattern("B")]
                $0.states = [.exhausted, .delivered]
                $0.since = later(-5)
                $0.until = later(5)
            },
            in: store
        )
        #expect(try first.through == ready(store).last && first.state == .running && first.position == 0)
        #expect(try read { try $0.replay(first.number) } == first && store.replay(first.number) == first)
        var job = replay {
            $0.errors = [.timeout, .status]
            ($0.event, $0.statusClasses, $0.attemptsAtLeast) = ("e1", [4, 5], 3)
        }
        job.action = .retry(wholeRound: true, atCurrentURL: true)
        let retry = try stored(job, in: store)
        #expect(try retry.action == job.action && retry.selection.errors == [.timeout, .status] && store.replay(retry.number) == retry)
        #expect(try read { try $0.replay(retry.number) } == retry)
        let second = try stored(replay { $0.recipients = .current }, in: store)
        #expect(try second.number > first.number && second.through == newestEvent())
        #expect(try read { try $0.runningReplays() } == [first, retry, second])
        #expect(try store.runningReplays() == [first, retry, second])
        #expect(try read { try $0.replay(999) } == nil)
    }

    private func newestEvent() throws -> Int64 {
        try read { reader in
            var newest: Int64 = 0
            _ = try reader.visitEvents(EventRows(limit: 1)) {
                newest = $0.number
                return false
            }
            return newest
        }
    }

    private func replaysProgress() throws {
        let store = try open()
        var replay = try stored(replay(), in: store)
        #expect(replay.through == 0)
        (replay.position, replay.done, replay.refused, replay.total) = (5, 3, 1, 9)
        try store.write { () throws(OutboxProblem) in try store.update(replay) }
        #expect(try read { try $0.replay(replay.number) } == replay)
        (replay.state, replay.finished) = (.cancelled, later(5))
        try store.write { () throws(OutboxProblem) in try store.update(replay) }
        #expect(try read { try $0.replay(replay.number) } == replay && store.runningReplays().isEmpty)
    }

    private func replaysAreForgotten() throws {
        let store = try open()
        let running = try stored(replay(), in: store)
        func over(_ share: String) -> Replay {
            var over = replay()
            (over.state, over.finished, over.share) = (.done, now, share)
            return over
        }
        let others = try stored(over("node b"), in: store)
        let oldest = try stored(over("node a"), in: store)
        #expect(oldest.share == "node a" && others.share == "node b")
        try store.write { () throws(OutboxProblem) in
            for _ in 0..<Replay.keptLimit - 2 { _ = try store.insert(over("node a")) }
        }
        #expect(try store.replay(oldest.number)?.share == "node a")
        let newest = try stored(over("node c"), in: store)
        // One has most, and loses its oldest; others lose none, however old.
        #expect(try store.replay(oldest.number) == nil && store.replay(oldest.number + 1) != nil)
        #expect(try store.replay(others.number) != nil && store.replay(newest.number) != nil && store.replay(running.number) != nil)
    }

    private func deliveriesAreAdded() throws {
        let (store, revisions) = try prepared(["a", "b", "c"])
        try accept(event("e1"), [revisions[0]], in: store)
        let seq = try newestEvent()
        func add(_ recipients: [Recipient]) throws -> [Int64] {
            try store.write { () throws(OutboxProblem) in try store.addDeliveries(ofEvent: seq, to: recipients, at: now) }
        }
        let all = [
            try recipient(revisions[0], in: store), try recipient(revisions[1], in: store),
            try recipient(revisions[2], isActive: false, in: store),
        ]
        let added = try add(all)
        #expect(try added.count == 2 && add(all).isEmpty)
        let rows = try deliveries()
        #expect(rows.map(\.endpoint) == ["a", "b", "c"] && rows.suffix(2).map(\.id) == added)
        #expect(rows.map(\.state) == [.pending, .pending, .held])
        let counts = try read { try $0.status(at: now).deliveries }
        #expect(counts[.pending] == 2 && counts[.held] == 1)
        // One that waits for its first ones gets those.
        try insert(event("e2"))
        #expect(try store.write { () throws(OutboxProblem) in try store.addDeliveries(ofEvent: seq + 1, to: all, at: now) }.isEmpty)
        // One that was pruned meanwhile, or whose data was, has nothing to be sent.
        try accept(event("e3"), [revisions[0]], in: store)
        let emptied = try newestEvent()
        try store.write { () throws(OutboxProblem) in try store.dropData(ofEvent: emptied, digest: "d") }
        for gone in [emptied, emptied + 1] {
            let added = try store.write { () throws(OutboxProblem) in try store.addDeliveries(ofEvent: gone, to: all, at: now) }
            #expect(added.isEmpty)
        }
    }

    private func deliveriesAreReplayed() throws {
        let (store, revisions) = try prepared(["a", "b"])
        try accept(event("e1"), revisions, in: store)
        try accept(event("e2"), [revisions[0]], in: store)
        let ids = try ready(store)
        try exhaust(ids[0], in: store)
        try deliver(ids[1], in: store)
        try apply([settings("a", "https://moved.example/"), settings("b", "https://moved.example/")], to: store)
        let generation = try store.queueGeneration()
        let report = try store.write { () throws(OutboxProblem) in try store.replay(ids + [999], at: later(5)) }
        #expect(report.retried == 2 && report.unknown == [999] && report.refused == [.init(delivery: ids[2], state: .pending)])
        #expect(try store.queueGeneration() > generation)
        let rows = try deliveries()
        #expect(rows.prefix(2).allSatisfy { $0.state == .pending && $0.url == "https://moved.example/" && $0.nextAttemptAt == later(5) })
        #expect(try due(store, at: later(5)) == [ids[0], ids[1]])
        // Each has its whole schedule before it.
        #expect(try store.round(of: ids[0]).base == 5 && store.round(of: ids[1]).base == 1)
    }
}
