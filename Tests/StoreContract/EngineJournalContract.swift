import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let journalRules: [Rule] = [
        Rule("what an engine says of itself is in the status") { try $0.pulseIsKept() },
        Rule("what an engine deletes is in the status") { try $0.retentionIsKept() },
        Rule("what an engine cannot use is kept until it is written again") { try $0.faultsAreKept() },
        Rule("how long a receiver is left alone") { try $0.throttlesAreKept() },
        Rule("how endpoints do is kept until they are changed by hand") { try $0.healthIsKept() },
        Rule("whether mails are served is known while an engine runs") { try $0.mailServiceIsKept() },
    ]

    private func retentionIsKept() throws {
        let store = try open()
        var policy = RetentionPolicy(keepMilliseconds: 30 * 86_400_000, byState: [.exhausted: 90 * 86_400_000])
        policy.keepPayloadsMilliseconds = 5_400_000
        for facts in [RetentionFacts(policy: RetentionPolicy()), RetentionFacts(policy: policy, lookedAt: now)] {
            try store.write { () throws(OutboxProblem) in try store.write(retention: facts) }
            #expect(try read { try $0.status(at: now) }.upkeep.retention == facts)
        }
    }

    private func pulseIsKept() throws {
        let store = try open()
        #expect(try read { try $0.status(at: now) }.pulse == nil)
        var limited = EngineHeartbeat(at: later(2000), attemptsPerSecond: 0, deliveredPerSecond: 0, inFlight: 1)
        limited.limits = [
            BindingLimit(node: nil, limits: DeliveryLimits(ratePerSecond: 0.5), inFlight: 1, waitingEndpoints: 7),
            BindingLimit(node: "c \"1\"\n", limits: DeliveryLimits(inFlightLimit: 4), inFlight: 0, waitingEndpoints: 0),
        ]
        let pulses = [
            EngineHeartbeat(at: now, attemptsPerSecond: 1.5, deliveredPerSecond: 0.25, inFlight: 3),
            EngineHeartbeat(
                at: later(1000),
                attemptsPerSecond: 2,
                deliveredPerSecond: 1,
                inFlight: 0,
                clockSkew: ClockSkew(milliseconds: -70, endpoints: 2)
            ),
            limited,
        ]
        for pulse in pulses {
            try store.write { () throws(OutboxProblem) in try store.write(pulse: pulse) }
            #expect(try read { try $0.status(at: now) }.pulse == pulse)
            #expect(try read { try $0.pulse() } == pulse)
        }
    }

    private func faultsAreKept() throws {
        let (store, _) = try prepared(["a", "b", "c"])
        func write(_ faults: [String: String], at time: Timestamp) throws {
            try store.write { () throws(OutboxProblem) in try store.write(faults: faults, at: time) }
        }
        func kept() throws -> LastRunFaults { try read { try $0.faultsOfRun() } }
        #expect(try kept() == LastRunFaults())
        let faults = ["a": "no \"key\"", "b": "a damaged\nrow", "c": "z"]
        try write(faults, at: now)
        #expect(try kept() == LastRunFaults(at: now, reasons: faults))
        try apply([settings("a", "https://moved.example/"), settings("b"), settings("c")], to: store)
        #expect(try kept().reasons.keys.sorted() == ["b", "c"])
        let key = try #require(try store.endpoint(id: "b")).key
        // Switched off and on it is what it was.
        try store.write { () throws(OutboxProblem) in
            try store.setState(.disabled, reason: nil, ofEndpoint: key, at: now)
            try store.setState(.active, reason: nil, ofEndpoint: key, at: now)
        }
        #expect(try kept().reasons.keys.sorted() == ["b", "c"])
        try store.write { () throws(OutboxProblem) in try store.setCredentials([:], ofEndpoint: key, id: "b", at: now) }
        #expect(try kept().reasons.keys.sorted() == ["c"])
        try write([:], at: later(1))
        #expect(try kept() == LastRunFaults(at: later(1)))
    }

    /// One that has failed so often that it is suspended.
    func suspended() -> EndpointHealth {
        EndpointHealth(state: .suspended, since: now, until: later(60_000), reason: "timeout", failures: 10, probes: 0)
    }

    private func healthIsKept() throws {
        let (store, _) = try prepared(["a", "b", "c"])
        let keys = try store.topology().endpoints.map(\.key)
        let failing = EndpointHealth(
            state: .failing,
            since: now,
            until: nil,
            reason: "http_status 500",
            failures: 5,
            probes: 0,
            failingSince: now,
            goneSince: later(1),
            noticedPercent: 50
        ).with(disablesAt: later(2))
        func write(_ health: EndpointHealth?, _ key: Int64) throws {
            try store.write { () throws(OutboxProblem) in try store.write(health: health, ofEndpoint: key) }
        }
        #expect(try store.health().isEmpty)
        for key in keys.prefix(2) { try write(failing, key) }
        try write(suspended(), keys[1])
        #expect(try open().health() == [keys[0]: failing, keys[1]: suspended()])
        // Healthy ones leave nothing, and neither does one that is not there any more.
        try write(EndpointHealth(at: now), keys[0])
        try write(failing, 99)
        #expect(try store.health() == [keys[1]: suspended()])
        try write(failing, keys[2])
        try write(nil, keys[2])
        // Enabled by hand it starts over.
        try store.write { () throws(OutboxProblem) in
            try store.setState(.disabled, reason: nil, ofEndpoint: keys[1], at: now)
            try store.setState(.active, reason: nil, ofEndpoint: keys[1], at: now)
        }
        #expect(try store.health().isEmpty)
    }

    private func throttlesAreKept() throws {
        let (store, _) = try prepared(["a", "b"])
        let keys = try store.topology().endpoints.map(\.key)
        func write(_ until: Int64?, _ key: Int64) throws {
            try store.write { () throws(OutboxProblem) in try store.write(throttledUntil: until.map(later), ofEndpoint: key) }
        }
        try write(1000, keys[0])
        try write(2000, keys[1])
        try write(3000, keys[0])
        #expect(try open().throttles(after: now) == [keys[0]: later(3000), keys[1]: later(2000)])
        #expect(try store.throttles(after: later(2000)) == [keys[0]: later(3000)])
        try write(nil, keys[0])
        #expect(try store.throttles(after: now) == [keys[1]: later(2000)])
        // One that was deleted meanwhile has nothing to be left alone for.
        try write(1000, 99)
        #expect(try store.throttles(after: now).count == 1)
        // What one address asks for is not another's wish, and a method is no address.
        func b(_ url: String) -> EndpointSettings { EndpointSettings(id: "b", node: "n", url: url, method: .get) }
        try write(1000, keys[0])
        try apply([settings("a"), b("https://b.example/")], to: store)
        #expect(try store.throttles(after: now).keys.sorted() == keys)
        // How one address does says nothing of another, also where no engine sees the change.
        try store.write { () throws(OutboxProblem) in try store.write(health: suspended(), ofEndpoint: keys[1]) }
        try apply([settings("a"), b("https://b.example/")], to: store)
        #expect(try store.health().keys.sorted() == [keys[1]])
        try apply([settings("a"), b("https://b2.example/")], to: store)
        #expect(try store.throttles(after: now).keys.sorted() == [keys[0]])
        #expect(try store.health().isEmpty)
        try store.write { () throws(OutboxProblem) in try store.write(health: suspended(), ofEndpoint: keys[1]) }
        try apply([settings("a"), b("https://b2.example/in")], to: store)
        #expect(try store.health().isEmpty)
        try store.write { () throws(OutboxProblem) in try store.setState(.active, reason: nil, ofEndpoint: keys[0], at: now) }
        #expect(try store.throttles(after: now).isEmpty)
        try write(1000, keys[0])
        try apply([b("https://b2.example/")], to: store, prune: true)
        #expect(try store.throttles(after: now).isEmpty)
    }

    private func mailServiceIsKept() throws {
        let store = try open()
        try store.write { () throws(OutboxProblem) in try store.write(servesMails: true) }
        // Of an engine that is gone nobody can say so.
        #expect(try read { try $0.status(at: now) }.mails.isServed == nil)
        #expect(try store.join(alone: false))
        #expect(try read { try $0.status(at: now) }.mails.isServed == true)
        try store.write { () throws(OutboxProblem) in try store.write(servesMails: false) }
        #expect(try read { try $0.status(at: now) }.mails.isServed == false)
    }
}
