import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn

/// The present topology as a file, and single nodes and endpoints that are removed without one.
@Suite struct ExportTests {
    private let key = try! OutboxKey(text: String(repeating: "0f", count: 32))

    private var nodes: [Node] {
        [
            Node(id: "r", level: .reseller, name: "Reseller \"1\""),
            Node(id: "n1", level: .company, parent: "r", notificationEmail: "ops@example.com"),
        ]
    }

    /// Every setting that is not its default, and every kind of place that a secret is in.
    private func endpoints() throws -> [EndpointSettings] {
        var voiso = endpoint("v", .voiso, url: "https://v.example/?token=in-the-url&x=1", ["authorization_token": "bearer-of-v"])
        voiso.method = .get
        voiso.headers = [.init(name: "x-api-key", value: "key-of-header"), .init(name: "x-b", value: "b")]
        var hmac = EndpointSettings(id: "h", node: "r", url: "https://h.example/", envelope: .raw, signature: .hmac)
        hmac.credentials = ["secret": .string("secret-of-hmac"), "header": .string("x-signature"), "prefix": .string("sha256=")]
        hmac.events = [try EventPattern("MEETING_*"), try EventPattern("USER_CREATED")]
        (hmac.timeoutMilliseconds, hmac.inFlightLimit, hmac.ratePerSecond) = (500, 3, 2.5)
        hmac.retry = try RetrySchedule(["0", "250ms", "90s", "2h", "3d"])
        return [voiso, hmac, endpoint("w", .weseedo, url: "https://w.example/", [:])]
    }

    private func outbox(_ key: OutboxKey?) throws -> VendorsBench {
        let bench = try VendorsBench(key: key)
        _ = try bench.outbox.apply(Topology(nodes: nodes, endpoints: endpoints()))
        return bench
    }

    private func topology(_ text: String) throws -> Topology { try Topology(json: Array(text.utf8)) }

    private let secrets = ["in-the-url", "bearer-of-v", "key-of-header", "secret-of-hmac"]

    @Test(.onEachStore, arguments: [true, false], [true, false])
    func applyingAnExportChangesNothing(isSealed: Bool, withSecrets: Bool) throws {
        let bench = try outbox(isSealed ? key : nil)
        let text = try bench.outbox.exportedTopology(withSecrets: withSecrets)
        for secret in secrets { #expect(text.contains(secret) == withSecrets) }
        #expect(try bench.outbox.apply(topology(text), prune: true).isEmpty)
        let second = try bench.outbox.exportedTopology(withSecrets: withSecrets)
        #expect(second == text)
    }

    @Test(.onEachStore) func withSecretsItMakesAnotherOutboxTheSame() throws {
        let first = try outbox(key)
        let text = try first.outbox.exportedTopology(withSecrets: true)
        let other = try VendorsBench()
        _ = try other.outbox.apply(topology(text))
        #expect(try other.outbox.exportedTopology(withSecrets: true) == text)
    }

    @Test(.onEachStore) func withoutSecretsAnotherOutboxRefusesIt() throws {
        let first = try outbox(nil)
        let text = try first.outbox.exportedTopology(withSecrets: false)
        let other = try VendorsBench()
        let problem = #expect(throws: InputProblem.self) { try other.outbox.apply(topology(text)) }
        #expect(problem?.field == "endpoints[0].url" && problem?.value == "***", "\(problem.map { "\($0)" } ?? "")")
    }

    @Test(.onEachStore) func withoutTheKeyCredentialsAreKeptAsAWhole() throws {
        let bench = try outbox(key)
        let keyless = try bench.place.open()
        defer { keyless.close() }
        let text = try keyless.exportedTopology(withSecrets: false)
        #expect(text.contains(#""credentials":"***""#) && text.contains(#""headers":{"x-api-key":"***","x-b":"***"}"#), "\(text)")
        for secret in secrets where secret != "in-the-url" { #expect(!text.contains(secret)) }
        #expect(throws: OutboxProblem.self) { try keyless.exportedTopology(withSecrets: true) }
        #expect(try bench.outbox.apply(topology(text), prune: true).isEmpty)
    }

    /// The file stands for what is stored when it is applied, so a rotation in between is not undone.
    @Test(.onEachStore) func anExportFromBeforeARotationKeepsTheNewSecret() throws {
        let bench = try outbox(nil)
        let text = try bench.outbox.exportedTopology(withSecrets: false)
        let made = try #require(try bench.outbox.rotate(endpoint: "h").shownOnce)
        #expect(try bench.outbox.apply(topology(text)).isEmpty)
        #expect(try bench.outbox.endpointWithCredentials("h").settings.credentials["secret"] == .string(made))
    }

    @Test(.onEachStore) func editedEndpointsChangeAndOthersAreKept() throws {
        let bench = try outbox(nil)
        let text = try bench.outbox.exportedTopology(withSecrets: false)
            .replacing("https://v.example/?token=***&x=***", with: "https://new.example/?token=***")
            .replacing(#""x-b":"***""#, with: #""x-b":"other""#)
        #expect(try bench.outbox.apply(topology(text)).map(\.detail) == ["url, headers"])
        let settings = try bench.outbox.endpointWithCredentials("v").settings
        #expect(settings.url == "https://new.example/?token=in-the-url")
        #expect(settings.headers == [.init(name: "x-api-key", value: "key-of-header"), .init(name: "x-b", value: "other")])
    }

    @Test(
        .onEachStore,
        arguments: [
            (#""credentials": {"token": "***"}"#, "credentials.token"), (#""credentials": "***""#, "credentials"),
            (#""headers": {"x-new": "***"}"#, "headers.x-new"),
        ]
    )
    func aMarkWithoutAnythingStoredIsRefused(_ member: String, _ field: String) throws {
        let bench = try VendorsBench()
        let text = """
            {"nodes": [{"id": "n1", "level": "company"}],
             "endpoints": [{"id": "c", "node": "n1", "url": "https://c.example/", "vendor": "conference", \(member)}]}
            """
        let problem = #expect(throws: InputProblem.self) { try bench.outbox.apply(topology(text)) }
        #expect(problem?.field == "endpoints[0].\(field)", "\(problem.map { "\($0)" } ?? "")")
    }

    @Test func aShortSecretOfAnEarlierReleaseIsKept() throws {
        let bench = try VendorsBench()
        try bench.apply(endpoint("c", .conference, url: "https://c.example/", ["token": "long-enough"]))
        let platform = try PlatformConnection(bench.outbox.path)
        try platform.execute(#"UPDATE posthorn_endpoint SET credentials = '{"token": "k"}'"#)
        let text = try bench.outbox.exportedTopology(withSecrets: false)
        #expect(try bench.outbox.apply(topology(text)).isEmpty)
        // The very file of then as well, but not another short one.
        let file = { (token: String) in try topology(text.replacing("***", with: token)) }
        #expect(try bench.outbox.apply(file("k")).isEmpty)
        #expect(throws: InputProblem.self) { try bench.outbox.apply(file("l")) }
    }

    @Test(.onEachStore) func anEndpointIsRemovedAndWhatWaitsIsCancelledOnlyWhenThatIsSaid() throws {
        let bench = try outbox(nil)
        _ = try bench.outbox.emit(NewEvent(type: "USER_CREATED", node: "n1", data: "{}"))
        let problem = #expect(throws: InputProblem.self) { try bench.outbox.remove(endpoint: "w") }
        #expect(problem?.reason.hasPrefix("has 1 delivery that waits") == true)
        #expect(try bench.outbox.remove(endpoint: "w", cancelsWaiting: true) == 1)
        #expect(try bench.endpoint("w").state == .removed)
        #expect(try bench.deliveries("w").map(\.state) == [.cancelled])
        #expect(try bench.deliveries("h").map(\.state) == [.pending])
        let again = #expect(throws: InputProblem.self) { try bench.outbox.remove(endpoint: "w") }
        #expect(again?.reason.hasPrefix("is not known") == true)
        // Who emits next knows.
        #expect(try bench.outbox.emit(NewEvent(type: "USER_CREATED", node: "n1", data: "{}")).deliveries == 2)
    }

    /// Events that were inserted by SQL and wait get the recipients that there were.
    @Test(.onEachStore) func eventsAcceptedBeforeAnImportKeepTheirRecipients() throws {
        let bench = try outbox(nil)
        try bench.place.insert(type: "USER_CREATED", node: "n1", at: bench.clock.now())
        #expect(throws: InputProblem.self) { try bench.outbox.remove(endpoint: "w") }
        #expect(try bench.deliveries("w").count == 1)
    }

    @Test(.onEachStore) func aNodeIsRemovedWhenNothingIsAtIt() throws {
        let bench = try VendorsBench()
        try bench.apply(endpoint("w", .weseedo, url: "https://w.example/", [:]))
        let problem = #expect(throws: InputProblem.self) { try bench.outbox.remove(node: "n1") }
        #expect(problem?.reason.hasPrefix("has the endpoint w; remove or move it first") == true)
        _ = try bench.outbox.remove(endpoint: "w")
        try bench.outbox.remove(node: "n1")
        #expect(try bench.outbox.topology().nodes.isEmpty)
        #expect(throws: InputProblem.self) { try bench.outbox.remove(node: "n1") }
        #expect(throws: InputProblem.self) { try bench.outbox.emit(NewEvent(type: "USER_CREATED", node: "n1", data: "{}")) }
    }

    @Test(.onEachStore) func aNodeWithNodesBelowStays() throws {
        let bench = try outbox(nil)
        let problem = #expect(throws: InputProblem.self) { try bench.outbox.remove(node: "r") }
        #expect(problem?.reason.hasPrefix("has the node n1; ") == true)
    }
}
