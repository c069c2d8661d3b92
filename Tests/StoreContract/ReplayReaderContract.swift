import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let replayReaderRules: [Rule] = [
        Rule("replays are listed newest first, or from one towards the newest") { try $0.replaysAreListed() }
    ]

    private func replaysAreListed() throws {
        let store = try open()
        var stored = try store.write { () throws(OutboxProblem) in
            try (0..<3).map { (_) throws(OutboxProblem) in try store.insert(Replay(scope: nil, Replay.Selection(), created: now)) }
        }
        (stored[1].state, stored[1].finished) = (.done, now)
        let over = stored[1]
        try store.write { () throws(OutboxProblem) in try store.update(over) }
        func visited(before: Int64? = nil, after: Int64? = nil, limit: Int = .max) throws -> [Replay] {
            try read { reader in
                var seen: [Replay] = []
                try reader.visitReplays(before: before, after: after) {
                    seen.append($0)
                    return seen.count < limit
                }
                return seen
            }
        }
        #expect(try visited() == stored.reversed() && visited(limit: 1) == [stored[2]])
        #expect(
            try visited(before: stored[2].number) == [stored[1], stored[0]] && visited(after: stored[0].number) == [stored[1], stored[2]]
        )
        #expect(try read { try $0.runningReplays() } == [stored[0], stored[2]])
        #expect(try read { try $0.replay(over.number) } == over)
        #expect(try read { try $0.replay(999) } == nil)
    }
}
