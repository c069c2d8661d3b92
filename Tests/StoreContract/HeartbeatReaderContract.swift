import PosthornStore
import Testing

extension StoreContract {
    static let heartbeatRules: [Rule] = [
        Rule("what an engine says of itself is read alone") { try $0.pulseIsRead() }
    ]

    private func pulseIsRead() throws {
        let store = try open()
        #expect(try read { try $0.pulse() } == nil)
        let pulse = EngineHeartbeat(at: now, attemptsPerSecond: 1, deliveredPerSecond: 1, inFlight: 2)
        try store.write { () throws(OutboxProblem) in try store.write(pulse: pulse) }
        #expect(try read { try $0.pulse() } == pulse)
    }
}
