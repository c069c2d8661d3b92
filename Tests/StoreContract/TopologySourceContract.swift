package import PosthornModel
import PosthornStore
package import PosthornText
import Testing

extension StoreContract {
    static let topologySourceRules: [Rule] = [
        Rule("the hierarchy is read as it was applied") { try $0.topologyIsWhole() },
        Rule("removed endpoints are read when they are asked for") { try $0.removedAreLeftOut() },
        Rule("an endpoint is found however its id is typed") { try $0.idsAreFoundAsTyped() },
        Rule("what has changed of the hierarchy is said") { try $0.changesAreSaid() },
        Rule("who follows the changes of the hierarchy has what is read anew") { try $0.changesAreWhole() },
        Rule("of very many changed nodes all is to be read") { try $0.manyChangesAskForAll() },
        Rule("without credentials neither they nor header values are read") { try $0.credentialsAreLeftOut() },
    ]

    /// From the writer's store and from a reader, which must agree.
    private func topology(_ store: any OutboxStore, withCredentials: Bool = true, withRemoved: Bool = true) throws -> StoredTopology {
        let own = try store.topology(withCredentials: withCredentials, withRemoved: withRemoved)
        let read = try read { try $0.topology(withCredentials: withCredentials, withRemoved: withRemoved) }
        #expect(own.nodes == read.nodes && own.endpoints == read.endpoints && own.generation == read.generation)
        return own
    }

    private func topologyIsWhole() throws {
        let store = try open()
        #expect(try topology(store).nodes.isEmpty && topology(store).endpoints.isEmpty)
        let nodes = [
            Node(id: "r", level: .reseller, name: "Reseller", limits: DeliveryLimits(ratePerSecond: 0.5, inFlightLimit: 7)),
            Node(
                id: "d",
                level: .dealer,
                parent: "r",
                notificationEmail: "d@example.com",
                limits: DeliveryLimits(ratePerSecond: 100)
            ),
            Node(id: "c", level: .company, parent: "d", limits: DeliveryLimits(inFlightLimit: 1)),
        ]
        let endpoint = EndpointSettings(
            id: "e \"1\"",
            node: "d",
            url: "https://e.example/hook?a=1",
            method: .get,
            envelope: .voiso,
            signature: .voisoKey,
            credentials: ["key": .string("secret"), "nested": .array([.number("1.10"), .bool(true)])],
            events: [try EventPattern("MEETING_*"), try EventPattern("USER_CREATED")],
            headers: [.init(name: "x-b", value: "2"), .init(name: "x-a", value: "1")],
            timeoutMilliseconds: 1234,
            inFlightLimit: 7,
            ratePerSecond: 0.5,
            retry: try RetrySchedule(offsetsMilliseconds: [0, 1000, 5000])
        )
        try apply(try Topology(nodes: nodes, endpoints: [endpoint]), to: store)
        let stored = try topology(store)
        #expect(stored.nodes == nodes)
        let found = try #require(stored.endpoints.first)
        #expect(stored.endpoints.count == 1 && found.settings == endpoint)
        #expect(found.state == .active && found.stateReason == nil && found.fault == nil && !found.isSealed)
        #expect(stored.generation == (try store.topologyGeneration()))
    }

    private func removedAreLeftOut() throws {
        let (store, revisions) = try prepared(["a", "b"])
        try apply([settings("b")], to: store, prune: true)
        #expect(try topology(store, withRemoved: false).endpoints.map(\.settings.id) == ["b"])
        let all = try topology(store).endpoints
        #expect(all.map(\.settings.id) == ["a", "b"])
        #expect(all[0].state == .removed && all[0].revision == revisions[0])
    }

    private func idsAreFoundAsTyped() throws {
        let (one, other) = ("caf\u{E9}", "cafe\u{301}")
        let store = try open()
        var secret = settings("a")
        secret.credentials = ["key": .string("secret")]
        try apply([settings(one), secret], to: store)
        try apply([secret], to: store, prune: true)
        func found(_ id: String) throws -> StoredEndpoint? {
            let own = try store.endpoint(lookingLike: id, withCredentials: false)
            #expect(try read { try $0.endpoint(lookingLike: id, withCredentials: false) } == own)
            return own
        }
        for id in [one, other] {
            let endpoint = try #require(try found(id))
            #expect(Array(endpoint.settings.id.utf8) == Array(one.utf8) && endpoint.state == .removed)
        }
        #expect(try found("a")?.settings.credentials.isEmpty == true)
        #expect(try store.endpoint(lookingLike: "a", withCredentials: true)?.settings.credentials == secret.credentials)
        #expect(try found("b") == nil && found("\u{E9}") == nil)
    }

    private func credentialsAreLeftOut() throws {
        let store = try open()
        var settings = settings("a")
        settings.credentials = ["key": .string("secret")]
        settings.headers = [.init(name: "x-key", value: "secret")]
        try apply([settings], to: store)
        let closed = try #require(try topology(store, withCredentials: false).endpoints.first).settings
        #expect(closed.credentials.isEmpty)
        #expect(closed.headers == [.init(name: "x-key", value: "")])
        #expect(try topology(store).endpoints.first?.settings == settings)
    }

    /// From the writer's store and from a reader, which must agree.
    private func changes(_ store: any OutboxStore, since generation: Int64) throws -> TopologyChanges? {
        let own = try store.topologyChanges(since: generation, withCredentials: false)
        let read = try read { try $0.topologyChanges(since: generation, withCredentials: false) }
        #expect(own?.endpoints == read?.endpoints && own?.nodes == read?.nodes && own?.removedNodes == read?.removedNodes)
        #expect(own?.generation == read?.generation)
        return own
    }

    private func changesAreSaid() throws {
        let (store, _) = try prepared(["a", "b", "c"])
        let start = try store.topologyGeneration()
        func changed(since generation: Int64) throws -> [String]? {
            guard let changes = try changes(store, since: generation) else { return nil }
            return changes.endpoints.map { "\($0.settings.id) \($0.state.rawValue)" }.sorted() + changes.nodes.map(\.id)
                + changes.removedNodes.sorted().map { "no \($0)" }
        }
        #expect(try changed(since: start) == [])
        var moved = settings("a", "https://moved.example/")
        moved.credentials = ["key": .string("secret")]
        try apply([moved, settings("b")], to: store, prune: true)
        #expect(try changed(since: start) == ["a active", "c removed"])
        #expect(try changes(store, since: start)?.generation == store.topologyGeneration())
        let found = try open().topologyChanges(since: start, withCredentials: true)?.endpoints.first?.settings
        #expect(found?.url == "https://moved.example/" && found?.credentials == moved.credentials)
        #expect(try changes(store, since: start)?.endpoints.first?.settings.credentials.isEmpty == true)
        let middle = try store.topologyGeneration()
        let nodes = [Node(id: "n", level: .company, name: "changed"), Node(id: "s", level: .site, parent: "n")]
        try apply(try Topology(nodes: nodes, endpoints: [settings("b")]), to: store)
        #expect(try changed(since: middle) == ["n", "s"])
        #expect(try changed(since: start) == ["a active", "c removed", "n", "s"])
        #expect(try changes(store, since: start)?.nodes == nodes)
        try apply(try Topology(nodes: [nodes[0]], endpoints: []), to: store, prune: true)
        #expect(try changed(since: middle) == ["a removed", "b removed", "n", "no s"])
        try apply(try Topology(nodes: nodes, endpoints: []), to: store)
        #expect(try changed(since: middle) == ["a removed", "b removed", "n", "s", "no s"])
        #expect(try changed(since: store.topologyGeneration()) == [])
    }

    /// A company's tree that takes any shape, and endpoints that come, move and go.
    private func changesAreWhole() throws {
        var random = SeededGenerator(seed: 18)
        let store = try open()
        try apply(try Topology(nodes: [Node(id: "r0", level: .reseller)], endpoints: []), to: store)
        var followed = Followed(try store.topology(withCredentials: false, withRemoved: false))
        var behind = 0
        for _ in 0..<120 {
            try apply(try Self.shape(&random), to: store, prune: Bool.random(using: &random))
            if let endpoint = try store.topology().endpoints.filter({ $0.state == .active }).randomElement(using: &random) {
                try store.write { () throws(OutboxProblem) in
                    try store.setState(.disabled, reason: "by hand", ofEndpoint: endpoint.key, at: now)
                }
            }
            behind += 1
            // Who has not looked for a while follows several at once.
            if Bool.random(using: &random), behind < 5 { continue }
            behind = 0
            followed.follow(try #require(try changes(store, since: followed.generation)))
            let anew = Followed(try store.topology(withCredentials: false, withRemoved: false))
            #expect(followed == anew)
        }
    }

    /// A hierarchy as one who follows its changes has it.
    private struct Followed: Equatable {
        private(set) var generation: Int64
        private var nodes: [Node]
        private var endpoints: [Int64: StoredEndpoint]

        init(_ stored: StoredTopology) {
            (generation, nodes) = (stored.generation, stored.nodes)
            endpoints = Dictionary(uniqueKeysWithValues: stored.endpoints.map { ($0.key, $0) })
        }

        mutating func follow(_ changes: TopologyChanges) {
            generation = changes.generation
            nodes.removeAll { changes.removedNodes.contains($0.id) }
            for node in changes.nodes {
                if let index = nodes.firstIndex(where: { $0.id == node.id }) { nodes[index] = node } else { nodes.append(node) }
            }
            for endpoint in changes.endpoints { endpoints[endpoint.key] = endpoint.state == .removed ? nil : endpoint }
        }
    }

    /// Any hierarchy of a few nodes and endpoints.
    package static func shape(_ random: inout SeededGenerator) throws -> Topology {
        var nodes: [Node] = []
        for (level, count) in [(Level.reseller, 2), (.dealer, 3), (.company, 5), (.site, 5)] {
            let above = nodes
            for number in 0..<count where level == .reseller && number == 0 || Int.random(in: 0..<4, using: &random) > 0 {
                let parent = level == .reseller ? nil : above.randomElement(using: &random)?.id
                let name = "name \(Int.random(in: 0..<3, using: &random))"
                let limits = Bool.random(using: &random) ? DeliveryLimits(inFlightLimit: Int.random(in: 1...9, using: &random)) : nil
                nodes.append(Node(id: "\(level.rawValue.prefix(1))\(number)", level: level, parent: parent, name: name, limits: limits))
            }
        }
        let endpoints = (0..<12).filter { _ in Int.random(in: 0..<3, using: &random) > 0 }.map { number in
            let node = nodes.randomElement(using: &random)?.id ?? "r0"
            return EndpointSettings(id: "e\(number)", node: node, url: "https://e\(Int.random(in: 0..<9, using: &random)).example/")
        }
        return try Topology(nodes: nodes, endpoints: endpoints)
    }

    private func manyChangesAskForAll() throws {
        let store = try open()
        func apply(_ count: Int, _ name: String) throws {
            let nodes = (0..<count).map { Node(id: "n\($0)", level: .company, name: name) }
            try self.apply(try Topology(nodes: nodes, endpoints: []), to: store)
        }
        try apply(10, "first")
        let start = try store.topologyGeneration()
        try apply(10, "second")
        #expect(try changes(store, since: start)?.nodes.count == 10)
        try apply(NodeChangeLog.limit + 1, "third")
        #expect(try changes(store, since: start) == nil)
        let end = try store.topologyGeneration()
        try apply(10, "fourth")
        #expect(try changes(store, since: end)?.nodes.count == 10)
    }
}
