import Posthorn
import PosthornModel
import PosthornSending
import PosthornStore
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornAPI

/// What waits in order, through the API.
@Suite(.limited()) struct LaneRouteTests {
    private let bench: APIBench
    private let receiver: MisbehavingReceiver

    /// Each endpoint's first event was answered 500, once, and stops the second.
    init() throws {
        receiver = try MisbehavingReceiver { _ in .status(500) }
        var endpoints: [EndpointSettings] = []
        for (id, node) in [("mine", "c1"), ("far", "c2"), ("loose", "c1")] {
            var settings = EndpointSettings(
                id: id,
                node: node,
                url: receiver.url,
                vendor: .weseedo,
                retry: try RetrySchedule(offsetsMilliseconds: [0])
            )
            if id != "loose" { settings.order = DeliveryOrder(.endpoint) }
            endpoints.append(settings)
        }
        bench = try APIBench(endpoints: endpoints)
        for number in 1...3 { try bench.emit("e\(number)") }
        try bench.emit("far1", node: "s2")
        let engine = try Engine(outbox: bench.outbox, configuration: try Self.configuration()) { _ in }
        try engine.run()
    }

    private static func configuration() throws -> EngineConfiguration {
        var sender = SenderConfiguration()
        sender.guard = EgressGuard(allow: [try CIDR("127.0.0.0/8")])
        return EngineConfiguration(untilSettled: true, sender: sender)
    }

    @Test func stoppedLanesAreCountedShownAndSkipped() throws {
        let list = bench.ask("GET", "/v1/lanes")
        #expect(list.all("endpoint") == ["far", "mine"])
        let mine = #"{"endpoint":"mine","lanes":1,"stopped":1,"waiting":2,"stopped_waiting":2,"at_least":false}"#
        #expect(list.text.contains(mine), "\(list.text)")
        #expect(bench.ask("GET", "/v1/lanes?limit=1").all("endpoint") == ["far"])
        let shown = bench.ask("GET", "/v1/endpoints/mine/lanes")
        guard case .array(let heads)? = shown.json["heads"], let head = heads.first?["delivery"]?.string else {
            Issue.record("no head: \(shown.text)")
            return
        }
        #expect(heads[0]["event"] == .string("e1") && heads[0]["state"] == .string("exhausted") && heads[0]["waiting"] == .number("2"))
        #expect(bench.ask("GET", "/v1/endpoints/loose/lanes").json["lanes"] == .number("0"))
        let skipped = bench.ask("POST", "/v1/deliveries/\(head)/skip")
        #expect(skipped.status == 200 && skipped.json["id"] == .string(head) && skipped.json["state"] == .string("exhausted"))
        #expect(bench.ask("GET", "/v1/endpoints/mine/lanes").json["stopped"] == .number("0"))
        let again = bench.ask("POST", "/v1/deliveries/\(head)/skip")
        #expect(again.problem == "conflict" && again.json["detail"] == .string("the delivery stops no lane, or was skipped before"))
        let pending = try #require(try bench.deliveries(of: "mine").last)
        let refused = bench.ask("POST", "/v1/deliveries/\(pending)/skip")
        #expect(refused.json["detail"]?.string.contains("is pending; only an exhausted one is skipped") == true, "\(refused.text)")
        #expect(bench.ask("GET", "/v1/changes").text.contains(#""action":"skip""#))
    }

    /// However much waits, a list looks at so many rows and says where there may be more.
    @Test func longLanesAreNotCountedToTheirEnd() throws {
        for number in 4...1205 { try bench.emit("e\(number)") }
        let list = bench.ask("GET", "/v1/lanes")
        let far = #"{"endpoint":"far","lanes":1,"stopped":1,"waiting":0,"stopped_waiting":0,"at_least":false}"#
        let mine = #"{"endpoint":"mine","lanes":1,"stopped":1,"waiting":999,"stopped_waiting":999,"at_least":true}"#
        #expect(list.text.contains(far) && list.text.contains(mine), "\(list.text)")
        let shown = bench.ask("GET", "/v1/endpoints/mine/lanes")
        #expect(shown.json["at_least"] == .bool(true) && shown.json["waiting"] == .number("999"))
        let whole = try bench.outbox.lanes(ofEndpoint: "mine")
        #expect(whole.waiting == 1204 && !whole.isAtLeast)
    }

    /// Who sees an endpoint's tree sees its lanes, and of one that came from elsewhere none of the events that it brought.
    @Test func aKeySeesLanesOfItsTreeAlone() throws {
        let key = try bench.key("c1", .readMetadata, .retry)
        #expect(bench.ask("GET", "/v1/lanes", key: key).all("endpoint") == ["mine"])
        #expect(bench.ask("GET", "/v1/endpoints/far/lanes", key: key).status == 404)
        let foreign = try bench.deliveries(of: "far")[0]
        #expect(bench.ask("POST", "/v1/deliveries/\(foreign)/skip", key: key).status == 404)
        #expect(bench.ask("POST", "/v1/deliveries/1/skip", key: try bench.key("c1", .readMetadata)).status == 403)
        var moved = EndpointSettings(id: "far", node: "c1", url: receiver.url, vendor: .weseedo)
        moved.order = DeliveryOrder(.endpoint)
        _ = try bench.outbox.apply(Topology(nodes: [], endpoints: [moved]))
        let shown = bench.ask("GET", "/v1/endpoints/far/lanes", key: key)
        #expect(shown.json["heads"] == .array([]), "\(shown.text)")
    }
}
