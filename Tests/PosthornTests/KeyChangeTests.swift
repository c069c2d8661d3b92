import PosthornModel
import PosthornTestSupport
import Testing

@testable import Posthorn
@testable import PosthornStore

/// A key that is changed on purpose.
@Suite(.limited()) struct KeyChangeTests {
    private let key = try! OutboxKey(text: String(repeating: "0f", count: 32))
    private let newKey = try! OutboxKey(text: String(repeating: "f0", count: 32))
    private let thirdKey = try! OutboxKey(text: String(repeating: "3c", count: 32))
    private let bench: VendorsBench

    init() throws { bench = try VendorsBench(key: key) }

    private func settings(_ id: String) -> EndpointSettings {
        var settings = endpoint(id, .standard, url: "https://\(id).example/", ["secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
        settings.headers = [.init(name: "x-api-key", value: "header-of-\(id)")]
        return settings
    }

    private func apply(_ ids: [String], prune: Bool = false) throws {
        _ = try bench.outbox.apply(Topology(nodes: [Node(id: "n1", level: .company)], endpoints: ids.map(settings)), prune: prune)
    }

    private func open(_ key: OutboxKey?, replacing former: OutboxKey? = nil) throws -> Outbox {
        try bench.place.open(key: key, replacing: former, clock: bench.clock)
    }

    /// The endpoints with their secrets, removed ones too, as a key opens them; those that it does not open are left out.
    private func opened(_ key: OutboxKey) throws -> [EndpointSettings] {
        let outbox = try open(key)
        defer { outbox.close() }
        return try outbox.read { try $0.topology() }.endpoints.filter { $0.fault == nil }.map(\.settings)
    }

    @Test(.onEachStore) func rekeyedCredentialsOpenWithTheNewKeyAloneUnchanged() throws {
        try apply(["a", "b", "gone"])
        _ = try bench.outbox.rotate(endpoint: "b")
        try apply(["a", "b"], prune: true)
        let before = try opened(key)
        #expect(before.count == 3 && before[1].credentials["previous_secrets"] != nil)
        let changing = try open(newKey, replacing: key)
        defer { changing.close() }
        #expect(try changing.sealAnew() == 3)
        #expect(try opened(newKey) == before)
        #expect(try opened(key).isEmpty)
        // The same once more, as after a kill that came too late.
        #expect(try changing.sealAnew() == 3)
        #expect(try opened(newKey) == before)
    }

    @Test func rekeyChangesNothingWhenOneCredentialOpensWithNeitherKey() throws {
        try apply(["a", "b"])
        let sealed = try SealedCredentials(thirdKey).seal(Array("{}".utf8), ofEndpoint: "b")
        try PlatformConnection(bench.outbox.path).execute("UPDATE posthorn_endpoint SET credentials = '\(sealed)' WHERE id = 'b'")
        for former in [key, nil] {
            let changing = try open(newKey, replacing: former)
            defer { changing.close() }
            let problem = #expect(throws: OutboxProblem.self) { try changing.sealAnew() }
            #expect(problem?.code == .key && problem?.remedy == .giveFormerKey)
        }
        #expect(try opened(key).map(\.id) == ["a"] && opened(newKey).isEmpty)
    }

    @Test(.onEachStore) func rekeySealsClearCredentialsToo() throws {
        let clear = try VendorsBench()
        _ = try clear.outbox.apply(Topology(nodes: [Node(id: "n1", level: .company)], endpoints: [settings("a")]))
        let changing = try clear.place.open(key: newKey)
        defer { changing.close() }
        #expect(try changing.sealAnew() == 1)
        #expect(try changing.credentialStorage().storage.inTheClear == 0)
    }

    @Test(.onEachStore) func anEngineThatRunsKeepsItsKey() throws {
        try apply(["a"])
        let engine = try EngineBench(try open(key))
        let running = try engine.engine()
        try running.start()
        #expect(engine.waitFor("start") { if case .started = $0 { true } else { false } })
        let changing = try open(newKey, replacing: key)
        defer { changing.close() }
        for outbox in [changing, engine.outbox] {
            let problem = #expect(throws: OutboxProblem.self) { try outbox.sealAnew() }
            #expect(problem?.code == .busy)
        }
        try running.stop()
        #expect(try changing.sealAnew() == 1)
        // Nobody holds the lock afterwards.
        let next = try EngineBench(try open(newKey))
        try next.engine(untilSettled: true).run()
    }
}
