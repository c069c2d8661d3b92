import PosthornModel
import PosthornStore
import PosthornTestSupport
import Testing
import PosthornText

@testable import Posthorn

/// Events that the format of one of their endpoints cannot carry: no other endpoint notices.
@Suite struct UncarriedTests {
    /// An endpoint at node `s` with data that its format does not take.
    private static let cases: [@Sendable (String) -> (EndpointSettings, data: String, reason: String)] = [
        { (settings("odd", $0, .diio, .diio, ["signing_secret": .string("agreed-with-diio")]), "{}", "data.id: must be a string") },
        { (settings("odd", $0, .diio, .none), #"{"id":"m","action":"other"}"#, "data.action: has another value") },
        { (settings("odd", $0, .webio, .none), #"{"type":"other"}"#, "data.type: has another value") },
        { url in
            var settings = settings("odd", url, .voiso, .none)
            settings.method = .get
            return (settings, #"{"a":{"b":{}}}"#, "data.a")
        },
    ]

    private static func settings(
        _ id: String,
        _ url: String,
        _ envelope: Envelope,
        _ signature: SignatureScheme,
        _ credentials: [String: JSONValue] = [:]
    ) -> EndpointSettings {
        EndpointSettings(id: id, node: "s", url: "\(url)/\(id)", envelope: envelope, signature: signature, credentials: credentials)
    }

    private func prepared(_ number: Int, disabled: Bool) throws -> (EngineBench, MisbehavingReceiver, data: String, reason: String) {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try EngineBench()
        let (odd, data, reason) = Self.cases[number](receiver.url)
        let nodes = [Node(id: "c", level: .company, notificationEmail: "c@example.com"), Node(id: "s", level: .site, parent: "c")]
        let other = Self.settings("other", receiver.url, .standard, .none)
        _ = try bench.outbox.apply(try Topology(nodes: nodes, endpoints: [odd, other]))
        if disabled { _ = try bench.outbox.setEnabled(false, endpoint: "odd") }
        return (bench, receiver, data, reason)
    }

    /// What must be so once the engine has run: the one delivery ended with its first attempt, all others went out.
    private func check(_ bench: EngineBench, _ receiver: MisbehavingReceiver, events: Int, _ reason: String) throws {
        try bench.engine(untilSettled: true).run()
        #expect(receiver.requests.filter { $0.method == "POST" }.map(\.target) == Array(repeating: "/hook/other", count: events))
        for delivery in try bench.deliveries() where delivery.endpoint == "odd" {
            #expect(delivery.state == .exhausted && delivery.attempts == 1)
            let attempts = try bench.outbox.attempts(of: delivery.id)
            #expect(attempts.count == 1 && attempts[0].outcome.error == .unbuildable)
            #expect(attempts[0].outcome.errorText.contains(reason), "\(attempts[0].outcome.errorText)")
        }
        #expect(try bench.outbox.status().deliveries == [.delivered: Int64(events), .exhausted: Int64(events)])
        #expect(try bench.outbox.status().mails.counts[.waiting] == 1)
    }

    @Test(.onEachStore, arguments: cases.indices, [false, true])
    func anEventThatOneFormatCannotCarryIsAcceptedAndGoesToAllOthers(number: Int, disabled: Bool) throws {
        let (bench, receiver, data, reason) = try prepared(number, disabled: disabled)
        let one = try bench.outbox.emit(NewEvent(type: "T", node: "s", data: data))
        let many = try bench.outbox.emit([NewEvent(id: "k", type: "T", node: "s", data: data)])
        let known = try bench.outbox.emitEach([NewEvent(id: "k", type: "T", node: "s", data: data)])
        for event in [one] + many {
            #expect(event.isNew && event.deliveries == 2)
            #expect(event.uncarried.map(\.endpoint) == ["odd"])
            #expect(event.uncarried.allSatisfy { $0.reason.contains(reason) }, "\(event.uncarried)")
        }
        #expect(try known.map { try $0.get().uncarried } == [[]])
        try check(bench, receiver, events: 2, reason)
    }

    @Test(.onEachStore, arguments: cases.indices, [false, true])
    func eventInsertedBySQLFailsForThatEndpointAlone(number: Int, disabled: Bool) throws {
        let (bench, receiver, data, reason) = try prepared(number, disabled: disabled)
        try bench.place.insert(type: "T", node: "s", data: data)
        try check(bench, receiver, events: 1, reason)
    }

    /// An endpoint that cannot be used is another matter: what waits for it may go out once it is mended.
    @Test func deliveriesOfABrokenEndpointAreKept() throws {
        let (bench, receiver, data, _) = try prepared(2, disabled: false)
        let platform = try PlatformConnection(bench.outbox.path)
        try platform.execute("UPDATE posthorn_endpoint SET signature = 'nonsense' WHERE id = 'odd'")
        try platform.execute("UPDATE posthorn_setting SET value = value + 1 WHERE name = 'topology'")
        #expect(try bench.outbox.emit(NewEvent(type: "T", node: "s", data: data)).uncarried.isEmpty)
        try bench.engine(untilSettled: true).run()
        #expect(try bench.deliveries().map(\.state) == [.held, .delivered])
        #expect(receiver.requests.count == 1)
    }

    @Test(.onEachStore) func theNewestEventsAreHeldAgainstAnEndpoint() throws {
        let (bench, _, data, reason) = try prepared(0, disabled: false)
        for (i, text) in [data, #"{"id":"m"}"#, data].enumerated() {
            _ = try bench.outbox.emit(NewEvent(id: "e\(i)", type: "T", node: "s", data: text))
        }
        _ = try bench.outbox.emit(NewEvent(type: "T", node: "c", data: data))
        let found = try bench.outbox.uncarriedEvents(of: ["odd", "other"])
        #expect(found.map(\.endpoint) == ["odd"])
        let odd = try #require(found.first)
        #expect((odd.count, odd.examined) == (2, 3))
        #expect(odd.event == "e2" && odd.reason.contains(reason))
        #expect(try bench.outbox.uncarriedEvents(of: []).isEmpty)
    }
}
