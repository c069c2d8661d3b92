import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let topologyRules: [Rule] = [
        Rule("a plan is carried out whole") { try $0.plansAreCarriedOut() },
        Rule("an endpoint that comes back is the same one, with another revision") { try $0.removedOnesComeBack() },
        Rule("an id is written in one way") { try $0.idsAreWrittenInOneWay() },
        Rule("a removed endpoint's deliveries are cancelled") { try $0.removalCancels() },
        Rule("a state has its reason") { try $0.statesHaveReasons() },
        Rule("a state is written as it was decided") { try $0.statesAreWritten() },
        Rule("a handshake's answer counts for the revision that was asked") { try $0.handshakesAreSettled() },
    ]

    private func plansAreCarriedOut() throws {
        let (store, _) = try prepared(["a", "b"])
        let nodes = [Node(id: "n", level: .company, name: "changed"), Node(id: "s", level: .site, parent: "n")]
        var moved = settings("a")
        moved.node = "s"
        try apply(try Topology(nodes: nodes, endpoints: [moved, settings("c")]), to: store, prune: true)
        let stored = try store.topology(withCredentials: true, withRemoved: false)
        #expect(stored.nodes == nodes && stored.endpoints.map(\.settings) == [moved, settings("c")])
        let nothing = try Topology(nodes: [nodes[0]], endpoints: [])
        let plan = try TopologyPlan(making: nothing, of: stored, prune: true) { _, new in new.credentials }
        let generation = try store.topologyGeneration()
        try store.write { () throws(OutboxProblem) in try store.change(plan, at: now) }
        #expect(try store.topologyGeneration() > generation)
        #expect(try store.topology(withCredentials: true, withRemoved: false).endpoints.isEmpty)
        #expect(try store.node(id: "s") == nil && store.node(id: "n") == nodes[0])
    }

    private func removedOnesComeBack() throws {
        let (store, revisions) = try prepared()
        let before = try #require(try store.endpoint(id: "a"))
        try apply([], to: store, prune: true)
        try apply([settings("a")], to: store)
        let again = try #require(try store.endpoint(id: "a"))
        #expect(again.key == before.key && again.revision > revisions[0])
        #expect(again.state == .active && again.stateReason == nil)
        #expect(try store.topology().endpoints.count == 1)
    }

    /// Swift takes both for the same text, databases do not: a second row would be there, or credentials sealed for an id that
    /// the row does not have.
    private func idsAreWrittenInOneWay() throws {
        let (one, other) = ("caf\u{E9}", "cafe\u{301}")
        let store = try open()
        func field(_ node: String, _ endpoint: String, at place: String) throws -> String? {
            let topology = try Topology(
                nodes: [Node(id: node, level: .company, name: "\(node.utf8.count)")],
                endpoints: [EndpointSettings(id: endpoint, node: place, url: "https://\(endpoint.utf8.count).example/")]
            )
            do {
                try apply(topology, to: store)
                return nil
            } catch let problem as InputProblem {
                return problem.field
            }
        }
        #expect(try field(one, one, at: other) == "endpoints[0].node")
        #expect(try field(one, one, at: one) == nil)
        #expect(try field(other, one, at: other) == "nodes[0].id")
        #expect(try field(one, other, at: one) == "endpoints[0].id")
        #expect(try store.topology().nodes.count == 1)
    }

    private func removalCancels() throws {
        let (store, revisions) = try prepared(["a", "b"])
        for i in 1...3 { try accept(event("e\(i)"), revisions, in: store) }
        let ids = try ready(store)
        // Of the first endpoint one is delivered, one held, one ready.
        try deliver(ids[0], in: store)
        try store.write { () throws(OutboxProblem) in try store.hold([ids[2]]) }
        try apply([settings("b")], to: store, prune: true)
        #expect(try deliveries().map(\.state) == [.delivered, .pending, .cancelled, .pending, .cancelled, .pending])
        #expect(try store.endpoint(id: "a")?.stateReason != nil)
    }

    private func statesHaveReasons() throws {
        let (store, _) = try prepared()
        let key = try #require(try store.endpoint(id: "a")).key
        try store.write { () throws(OutboxProblem) in try store.setState(.disabled, reason: "by hand", ofEndpoint: key, at: now) }
        #expect(try store.endpoint(key)?.state == .disabled && store.endpoint(key)?.stateReason == "by hand")
        // What changes about the endpoint otherwise leaves both as they are.
        try apply([settings("a", "https://moved.example/")], to: store)
        #expect(try store.endpoint(key)?.state == .disabled && store.endpoint(key)?.stateReason == "by hand")
        try store.write { () throws(OutboxProblem) in try store.setState(.active, reason: nil, ofEndpoint: key, at: now) }
        #expect(try store.endpoint(key)?.state == .active && store.endpoint(key)?.stateReason == nil)
    }

    private func statesAreWritten() throws {
        let (store, revisions) = try prepared()
        let key = try #require(try store.endpoint(id: "a")).key
        #expect(try store.standing(ofEndpoint: key) == EndpointStanding(state: .active, revision: revisions[0]))
        #expect(try store.standing(ofEndpoint: 99) == nil)
        let generation = try store.topologyGeneration()
        func write(_ change: EndpointStateChange) throws {
            try store.write { () throws(OutboxProblem) in
                try store.write(throttledUntil: later(1000), ofEndpoint: key)
                try store.write(change, ofEndpoint: key, at: now)
            }
        }
        try write(EndpointStateChange(state: .unverified, reason: "why", changesRoutes: false))
        #expect(try store.standing(ofEndpoint: key)?.state == .unverified && store.endpoint(key)?.stateReason == "why")
        #expect(try store.topologyGeneration() == generation && store.throttles(after: now).count == 1)
        try write(EndpointStateChange(state: .active, reason: nil, liftsThrottle: true))
        #expect(try store.topologyGeneration() > generation && store.throttles(after: now).isEmpty)
    }

    private func handshakesAreSettled() throws {
        let store = try open()
        func diio(_ url: String) -> EndpointSettings {
            EndpointSettings(id: "a", node: "n", url: url, envelope: .diio, signature: .diio)
        }
        try apply([diio("https://a.example/")], to: store)
        let endpoint = try #require(try store.endpoint(id: "a"))
        #expect(endpoint.state == .unverified)
        func settle(_ revision: Int64, _ failure: String?) throws -> Bool {
            try store.write { () throws(OutboxProblem) in
                try store.settleHandshake(ofEndpoint: endpoint.key, revision: revision, failure: failure, at: now)
            }
        }
        let generation = try store.topologyGeneration()
        #expect(try settle(endpoint.revision, "answered 404"))
        #expect(try store.endpoint(endpoint.key)?.state == .unverified && store.endpoint(endpoint.key)?.stateReason == "answered 404")
        // A failure changes nobody's way.
        #expect(try store.topologyGeneration() == generation)
        try apply([diio("https://moved.example/")], to: store)
        #expect(try !settle(endpoint.revision, nil))
        let moved = try #require(try store.endpoint(endpoint.key)).revision
        #expect(try settle(moved, nil))
        #expect(try store.endpoint(endpoint.key)?.state == .active && store.endpoint(endpoint.key)?.stateReason == nil)
        #expect(try store.topologyGeneration() > generation)
        #expect(try !settle(moved, "late"))
    }
}
