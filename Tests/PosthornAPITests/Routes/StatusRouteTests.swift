import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn
@testable import PosthornAPI

/// Endpoints in trouble, however many there are.
@Suite(.limited()) struct StatusRouteTests {
    private func health(_ state: EndpointHealth.State, since: Timestamp) -> EndpointHealth {
        EndpointHealth(state: state, since: since, until: nil, reason: "timeout", actor: .engine, failures: 12, probes: 0)
    }

    @Test func theWorstAreNamedAndTheOthersCounted() throws {
        let start = Timestamp(milliseconds: 1_594_816_394_000)
        func numbered<Value>(_ count: Int, _ value: (Int) -> Value) -> [String: Value] {
            Dictionary(uniqueKeysWithValues: (0..<count).map { ("e\(1000 + $0)", value($0)) })
        }
        let troubles = EndpointTroubles(
            faults: numbered(30) { "reason \($0)" },
            throttled: numbered(1500) { start.advanced(byMilliseconds: Int64($0)) },
            health: numbered(40) { health($0 % 4 == 0 ? .suspended : .failing, since: start.advanced(byMilliseconds: Int64(-$0))) },
            isWhole: (true, true, true)
        )
        #expect(troubles.broken.count == 30 && !troubles.broken.isAtLeast)
        #expect(troubles.broken.shown.map(\.id).prefix(2) == ["e1000", "e1001"])
        #expect(troubles.broken.shown.count == EndpointTroubles.shownLimit)
        #expect(troubles.throttled.count == 1000 && troubles.throttled.isAtLeast && troubles.throttled.shown.first?.id == "e2499")
        // The longest suspended first, and all of those before what is only failing.
        #expect(troubles.unhealthy.shown.prefix(2).map(\.id) == ["e1036", "e1032"] && troubles.unhealthy.shown[10].value.state == .failing)
        #expect(troubles.health == [.suspended: 10, .failing: 30])
        let few = EndpointTroubles(faults: [:], throttled: ["a": start], health: ["a": health(.suspended, since: start)])
        #expect(few.throttled.count == 0 && few.unhealthy.count == 1 && !few.unhealthy.isAtLeast)
    }

    @Test func anEndpointIsShownWithWhatIsTheMatter() throws {
        let bench = try APIBench()
        let (outbox, now) = (bench.outbox, bench.clock.now())
        let admin = try bench.key(nil, .admin)
        try outbox.writer.perform { (store) throws(OutboxProblem) in
            let key = try store.endpoint(id: "mine")?.key ?? 0
            let next = now.advanced(byMilliseconds: 60_000)
            let health = EndpointHealth(state: .suspended, since: now, until: next, reason: "timeout", failures: 12, probes: 0)
            try store.write(health: health, ofEndpoint: key)
        }
        for path in ["/v1/endpoints/mine", "/v1/endpoints?node=c1"] {
            let answer = bench.ask("GET", path, key: admin)
            let shown = answer.json["data"] == nil ? answer.json : answer.data[0]
            #expect(shown["unhealthy"]?["health"] == .string("suspended") && shown["unhealthy"]?["failures_in_a_row"] == .number("12"))
        }
        #expect(bench.ask("GET", "/v1/endpoints/top", key: admin).json["unhealthy"] == .null)
        try bench.emit("e-held")
        let numbers = bench.ask("GET", "/v1/deliveries?endpoint=mine", key: admin).all("id").compactMap { Int64($0) }
        try outbox.writer.perform { (store) throws(OutboxProblem) in try store.hold(numbers) }
        let held = bench.ask("GET", "/v1/endpoints/mine", key: admin).json
        #expect(!numbers.isEmpty && held["held"] == .number("\(numbers.count)") && held["held_at_least"] == .bool(false))
        #expect(bench.ask("GET", "/v1/endpoints/top", key: admin).json["held"] == .number("0"))
        for key in [admin, try bench.key("d1", .readMetadata)] {
            let status = bench.ask("GET", "/v1/status", key: key).json
            #expect(status["unhealthy_endpoints"]?["mine"]?["health"] == .string("suspended"))
            #expect(status["suspended_count"] == .number("1") && status["unhealthy_at_least"] == .bool(false))
        }
        #expect(bench.ask("GET", "/v1/status", key: try bench.key("d2", .readMetadata)).json["unhealthy_count"] == .number("0"))
        // What was read can be sent back with it.
        let read = bench.ask("GET", "/v1/endpoints/mine", key: admin).text
        #expect(bench.ask("PUT", "/v1/endpoints/mine", key: admin, body: read).status == 200)
    }
}
