import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let leaseRules: [Rule] = [
        Rule("the only engine has every shard, and each engine joins once") { try $0.oneEngineHasAll() },
        Rule("who joins alone keeps others away") { try $0.aloneMeansAlone() },
        Rule("a shard has one engine, and is handed over once it is released") { try $0.shardsAreHandedOver() },
        Rule("an engine that others took for dead records nothing, and joins again") { try $0.deadEnginesAreFenced() },
    ]

    private func oneEngineHasAll() throws {
        let first = try open()
        let second = try open()
        #expect(try first.lease().shards == .none)
        #expect(try first.join(alone: false))
        #expect(try first.lease().shards == .all)
        #expect(first.makeWatch().problem() == nil && second.makeWatch().problem() == nil)
        // Two engines on one store are two.
        #expect(try !first.join(alone: false))
        #expect(try first.lease().shards == .all)
        #expect(try second.lease().shards == .none)
        first.leave()
        #expect(try first.lease().shards == .none)
        #expect(try second.join(alone: false))
        #expect(try second.lease().shards == .all)
        second.leave()
        #expect(try first.join(alone: false))
    }

    private func aloneMeansAlone() throws {
        let first = try open()
        let second = try open()
        #expect(try first.join(alone: false))
        #expect(try !second.join(alone: true))
        #expect(try second.lease().shards == .none)
        first.leave()
        #expect(try second.join(alone: true))
        #expect(try second.lease().shards == .all)
        #expect(try !first.join(alone: false))
        #expect(try !first.join(alone: true))
        second.leave()
        #expect(try first.join(alone: false))
    }

    private func shardsAreHandedOver() throws {
        let first = try open()
        let second = try open()
        #expect(try first.join(alone: false))
        #expect(try first.lease().shards == .all)
        // A store that serves one engine at a time lets no other join, and never asks for anything back.
        let isShared = try second.join(alone: false)
        #expect(isShared == (expel != nil))
        let mine = try first.lease()
        #expect(mine.recalled.isEmpty != isShared)
        #expect(try second.lease().shards.intersection(mine.shards).isEmpty)
        try first.write { () throws(OutboxProblem) in try first.release(mine.recalled) }
        let (left, right) = (try first.lease(), try second.lease())
        #expect(left.shards.intersection(right.shards).isEmpty)
        #expect(left.shards.union(right.shards) == .all)
        #expect(left.recalled.isEmpty && right.recalled.isEmpty)
        #expect(right.shards == mine.recalled)
        first.leave()
        #expect(try second.lease().shards == (isShared ? .all : .none))
    }

    private func deadEnginesAreFenced() throws {
        guard let expel else { return }
        let (first, revisions) = try prepared()
        let second = try open()
        #expect(try first.join(alone: false))
        try accept(event("e1"), revisions, in: first)
        let id = try #require(try ready(first).first)
        expel(first)
        #expect(try second.join(alone: false))
        #expect(try second.lease().shards == .all)
        do {
            try deliver(id, in: first)
            Issue.record("an engine recorded what another one delivers")
        } catch {
            #expect((error as? OutboxProblem)?.code == .fenced)
        }
        #expect(try ready(second) == [id])
        try deliver(id, in: second)
        // It is told that it has nothing, and begins again, as a new engine would.
        #expect(try first.lease().shards.isEmpty)
        #expect(try first.lease().shards.intersection(second.lease().shards).isEmpty)
        let recalled = try second.lease().recalled
        #expect(!recalled.isEmpty)
        try second.write { () throws(OutboxProblem) in try second.release(recalled) }
        #expect(try first.lease().shards == recalled)
    }
}
