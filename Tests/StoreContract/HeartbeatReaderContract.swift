import PosthornModel
import PosthornStore
import Testing

extension StoreContract {
    static let heartbeatRules: [Rule] = [
        Rule("what an engine says of itself is read alone") { try $0.pulseIsRead() },
        Rule("of a copy that nobody has made nothing is written down") { try $0.upkeepIsRead() },
    ]

    private func pulseIsRead() throws {
        let store = try open()
        #expect(try read { try $0.pulse() } == nil)
        let pulse = EngineHeartbeat(at: now, attemptsPerSecond: 1, deliveredPerSecond: 1, inFlight: 2)
        try store.write { () throws(OutboxProblem) in try store.write(pulse: pulse) }
        #expect(try read { try $0.pulse() } == pulse)
    }

    private func upkeepIsRead() throws {
        let store = try open()
        #expect(try read { try $0.upkeep() } == UpkeepFacts())
        let facts = RetentionFacts(policy: RetentionPolicy(keepMilliseconds: 1000))
        try store.write { () throws(OutboxProblem) in try store.write(retention: facts) }
        let written = try read { try $0.upkeep() }
        #expect(written.retention == facts && written.backup == nil)
    }
}
