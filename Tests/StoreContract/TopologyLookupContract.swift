import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let lookupRules: [Rule] = [
        Rule("a node is found by its bytes") { try $0.nodesAreFound() },
        Rule("an endpoint is found by number, id and node") { try $0.endpointsAreFound() },
        Rule("a revision is never changed") { try $0.revisionsStay() },
        Rule("each change of the hierarchy counts, by any program") { try $0.generationCounts() },
        Rule("a change that is undone is counted, since its generation comes a second time") { try $0.rollbacksAreCounted() },
    ]

    private func nodesAreFound() throws {
        let store = try open()
        let node = Node(id: "caf\u{E9}", level: .company, name: "Caf\u{E9}")
        try apply(try Topology(nodes: [node], endpoints: []), to: store)
        #expect(try store.node(id: "caf\u{E9}") == node)
        #expect(try store.node(id: "cafe\u{301}") == nil)
        #expect(try store.node(id: "cafe") == nil)
        #expect(try store.hasNode(lookingLike: "caf\u{E9}") && store.hasNode(lookingLike: "cafe\u{301}"))
        #expect(try !store.hasNode(lookingLike: "cafe"))
    }

    private func endpointsAreFound() throws {
        let store = try open()
        let nodes = [Node(id: "n", level: .company), Node(id: "m", level: .company)]
        var other = settings("c")
        other.node = "m"
        other.credentials = ["key": .string("secret")]
        let topology = try Topology(nodes: nodes, endpoints: [settings("a"), settings("b"), other])
        try apply(topology, to: store)
        let all = try store.topology().endpoints
        #expect(try store.endpoints(atNode: "n") == Array(all[0...1]))
        #expect(try store.endpoints(atNode: "m") == [all[2]] && store.endpoints(atNode: "x").isEmpty)
        #expect(try store.endpoint(all[2].key) == all[2] && store.endpoint(id: "c") == all[2])
        #expect(try store.endpoint(99) == nil && store.endpoint(id: "d") == nil)
        try apply(try Topology(nodes: nodes, endpoints: [settings("b"), other]), to: store, prune: true)
        #expect(try store.endpoints(atNode: "n").map(\.settings.id) == ["b"])
        #expect(try store.endpoint(id: "a")?.state == .removed && store.endpoint(all[0].key)?.state == .removed)
    }

    private func revisionsStay() throws {
        let (store, revisions) = try prepared()
        try apply([settings("a", "https://moved.example/")], to: store)
        let former = try #require(try store.revision(revisions[0]))
        let current = try #require(try store.topology().endpoints.first)
        #expect(former.url == "https://a.example/" && former.endpoint == current.key && former.key == revisions[0])
        #expect(former.method == .post && former.envelope == .weseedo && !former.isDamaged)
        #expect(current.revision != revisions[0])
        #expect(try store.revision(current.revision)?.url == "https://moved.example/")
        #expect(try store.revision(999) == nil)
        // What deliveries are not pinned to makes no revision.
        var limited = current.settings
        limited.inFlightLimit = 3
        try apply([limited], to: store)
        #expect(try store.endpoint(current.key)?.revision == current.revision)
    }

    private func generationCounts() throws {
        let (store, _) = try prepared()
        let other = try open()
        let first = try store.topologyGeneration()
        #expect(try other.topologyGeneration() == first)
        try apply([settings("b")], to: other)
        #expect(try store.topologyGeneration() == first + 1)
        let key = try #require(try store.endpoint(id: "a")).key
        try store.write { () throws(OutboxProblem) in
            try store.setState(.disabled, reason: nil, ofEndpoint: key, at: now)
            try store.setCredentials(["key": .string("x")], ofEndpoint: key, id: "a", at: now)
        }
        #expect(try other.topologyGeneration() == first + 3)
    }

    private func rollbacksAreCounted() throws {
        let (store, _) = try prepared()
        let key = try #require(try store.endpoint(id: "a")).key
        let before = (store.topologyRollbacks, try store.topologyGeneration())
        _ = try? store.write { () throws(OutboxProblem) in
            try store.setState(.disabled, reason: nil, ofEndpoint: key, at: now)
            throw OutboxProblem(.refused, "no")
        }
        #expect(try store.topologyGeneration() == before.1)
        // A store that never gives a generation out twice need not count.
        let isGivenOutAgain = store.topologyRollbacks > before.0
        try store.write { () throws(OutboxProblem) in
            _ = try? store.undoable { () throws(OutboxProblem) in
                try store.setState(.disabled, reason: nil, ofEndpoint: key, at: now)
                throw OutboxProblem(.refused, "no")
            }
        }
        #expect(try store.topologyGeneration() == before.1)
        #expect(store.topologyRollbacks >= before.0 + (isGivenOutAgain ? 2 : 0))
        #expect(try store.endpoint(key)?.state == .active)
    }
}
