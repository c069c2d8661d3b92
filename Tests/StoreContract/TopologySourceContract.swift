import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let topologySourceRules: [Rule] = [
        Rule("the hierarchy is read as it was applied") { try $0.topologyIsWhole() },
        Rule("removed endpoints are read when they are asked for") { try $0.removedAreLeftOut() },
        Rule("an endpoint is found however its id is typed") { try $0.idsAreFoundAsTyped() },
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
            Node(id: "r", level: .reseller, name: "Reseller"),
            Node(id: "d", level: .dealer, parent: "r", notificationEmail: "d@example.com"),
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
}
