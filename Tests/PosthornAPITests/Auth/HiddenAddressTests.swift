import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn
@testable import PosthornAPI

/// Which address a name leads to, and that no request goes there, is for those who see the whole outbox.
@Suite(.limited()) struct HiddenAddressTests {
    private let bench: APIBench

    init() throws {
        bench = try APIBench()
        try bench.emit("e1")
        let outcome = AttemptOutcome(
            started: bench.clock.now(),
            durationMicroseconds: 1000,
            error: .refusedAddress,
            errorText: "10.1.2.3 is in a range that the egress guard forbids"
        )
        let number = try bench.deliveries(of: "mine")[0]
        let transition = Transition(state: .exhausted, attempts: 1, nextAttemptAt: nil)
        let record = AttemptRecord(delivery: number, number: 1, outcome: outcome, transition: transition)
        _ = try bench.outbox.writer.perform { (store) throws(OutboxProblem) in try store.record([record]) }
    }

    @Test func aTenantIsNotToldWhereANameLeads() throws {
        let number = try bench.deliveries(of: "mine")[0]
        let (tenant, visitor) = (try bench.key("c1", .read), try bench.visitor("c1", [.read]))
        let paths = ["/v1/deliveries?endpoint=mine", "/v1/deliveries/\(number)", "/v1/deliveries/\(number)/attempts", "/v1/events/e1"]
        for path in paths {
            #expect(bench.ask("GET", path, key: try bench.key(nil, .read)).text.contains("10.1.2.3 is in a range"), "\(path)")
            for answer in [bench.ask("GET", path, key: tenant), bench.ask("GET", path, headers: visitor.headers)] {
                #expect(answer.text.contains("the name leads to an address that no request goes to"), "\(path)")
                #expect(!answer.text.contains("10.1.2.3"), "\(path)")
            }
        }
    }

    @Test func norWhyAnEndpointIsUnverified() throws {
        let reason = "handshake: 10.1.2.3 is in a range that the egress guard forbids"
        var body = JSONLine()
        body.add("reason", reason)
        #expect(bench.ask("POST", "/v1/endpoints/mine/disable", key: try bench.key(nil, .admin), body: body.text).status == 200)
        let tenant = try bench.key("c1", .read)
        let hidden = "the name leads to an address that no request goes to"
        for (key, shown) in [(try bench.key(nil, .read), reason), (tenant, hidden)] {
            #expect(bench.ask("GET", "/v1/endpoints/mine", key: key).json["reason"] == .string(shown))
            #expect(bench.ask("GET", "/v1/endpoints?prefix=mine", key: key).all("reason") == [shown])
        }
        #expect(RefusedAddress.reason("the customer asked") == "the customer asked")
    }

    @Test(arguments: [
        ("10.1.2.3 is in a range that the egress guard forbids", "the name leads to an address that no request goes to"),
        ("handshake: failed (10.1.2.3 is in a range)", "the name leads to an address that no request goes to"),
        // What mends it is theirs to do, and the address is a public one.
        (
            "plain http goes only to ranges that are opened, and 192.0.2.1 is in none; use https",
            "plain http goes only to ranges that are opened; use https"
        ),
    ])
    func whatATenantIsTold(_ text: String, _ shown: String) {
        #expect(RefusedAddress.text(text, .refusedAddress) == shown)
        #expect(RefusedAddress.text(text, .connect) == text)
    }
}
