import Glibc
import PosthornFormats
import PosthornModel
import PosthornSending
import PosthornStore
import PosthornTestSupport
import Testing

@testable import Posthorn

/// However a value of the library is shown, no secret is in it.
@Suite(.limited()) struct SecretCanaryTests {
    private static let canary = "c4n4ry-MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    private static var settings: EndpointSettings {
        EndpointSettings(
            id: "crm",
            node: "n1",
            url: "https://user:\(canary)@crm.example/hooks?token=\(canary)",
            envelope: .raw,
            signature: .hmac,
            credentials: [
                "secret": .string(canary), "header": .string("x-signature"),
                "nested": .array([.object([.init("secret", .string(canary))])]),
            ],
            headers: [.init(name: "authorization", value: canary)]
        )
    }

    /// One value of each type that may hold a secret, or holds one that does.
    private static func values() throws -> [Any] {
        let settings = settings
        let topology = try Topology(nodes: [Node(id: "n1", level: .company)], endpoints: [settings])
        let endpoint = StoredEndpoint(key: 1, revision: 1, settings: settings, state: .active, stateReason: nil)
        let stored = StoredTopology(generation: 1, nodes: topology.nodes, endpoints: [endpoint])
        let revision = StoredRevision(key: 1, endpoint: 1, url: settings.url, method: .post, envelope: .raw)
        let delivery = Delivery(
            id: 1,
            event: "e",
            type: "T",
            node: "n1",
            endpoint: "crm",
            url: settings.url,
            state: .pending,
            attempts: 0,
            created: Timestamp(milliseconds: 0),
            nextAttemptAt: nil,
            last: nil
        )
        let server = try MailServer("smtp://user@mail.example", password: canary)
        let mail = MailConfiguration(from: try MailAddress("a@b.example"), server: server)
        let key = try OutboxKey(text: String(repeating: "5a", count: 32))
        let header = EventHeader(name: "x-api-key", value: canary)
        let event = Event(id: "e", type: "T", node: "n1", created: Timestamp(milliseconds: 0), data: [], headers: [header])
        return [
            header, event, NewEvent(type: "T", node: "n1", data: "{}", headers: [header]),
            settings, settings.headers[0], topology, endpoint, stored, revision, delivery, Page(elements: [delivery], next: nil),
            SecretRotation(shownOnce: canary, signature: .hmac, replacedSignsUntil: nil), server, mail,
            EngineConfiguration(mail: mail), key, Optional(settings) as Any, [settings], ["crm": settings], (settings, delivery),
        ]
    }

    /// Every way in which Swift shows a value.
    private static func shown(_ value: Any) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        return ["\(value)", String(describing: value), String(reflecting: value), dumped, mirrored(value, depth: 0)]
    }

    private static func mirrored(_ value: Any, depth: Int) -> String {
        if depth == 12 { return "" }
        return Mirror(reflecting: value).children.map { "\($0.label ?? ""): \($0.value) \(mirrored($0.value, depth: depth + 1))" }.joined()
    }

    @Test func noValueShowsASecretHoweverItIsShown() throws {
        for value in try Self.values() {
            for text in Self.shown(value) {
                #expect(!text.contains(Self.canary) && !text.contains(String(repeating: "5a", count: 32)), "\(type(of: value)): \(text)")
            }
        }
        // What is meant to be seen is.
        #expect("\(Self.settings)".contains("crm.example/hooks?token=***") && "\(Self.settings)".contains("secret: ***"))
        #expect("\(Self.settings.headers)" == "[authorization: ***]")
    }

    /// An outbox and an engine hold the key, credentials and signers of all endpoints.
    @Test func anOutboxAndItsEngineShowNoSecret() throws {
        let bench = try VendorsBench(key: OutboxKey(text: String(repeating: "5a", count: 32)))
        var settings = Self.settings
        settings.url = "https://crm.example/hooks?token=\(Self.canary)"
        settings.credentials["nested"] = nil
        try bench.apply(settings)
        _ = try bench.outbox.emit(NewEvent(type: "T", node: "n1", data: "{}"))
        let engine = try Engine(outbox: bench.outbox)
        for value in [bench.outbox as Any, bench.outbox.blocking, engine, engine.blocking] {
            for text in Self.shown(value) { #expect(!text.contains(Self.canary), "\(text)") }
        }
    }

    @Test func noErrorShowsASecret() throws {
        let bench = try VendorsBench()
        try bench.apply(EndpointSettings(id: "crm", node: "n1", url: "https://crm.example/", vendor: .weseedo))
        var url = Self.settings
        url.url = "ftp://user:\(Self.canary)@crm.example/?token=\(Self.canary)"
        var header = Self.settings
        (header.url, header.headers) = ("https://crm.example/", [.init(name: "host", value: Self.canary)])
        var unknown = Self.settings
        unknown.url = "https://crm.example/"
        for bad in [url, header, unknown, Self.settings] {
            do throws(OutboxError) {
                _ = try bench.outbox.blocking.put(bad)
                Issue.record("\(bad) is accepted")
            } catch {
                for text in Self.shown(error) { #expect(!text.contains(Self.canary), "\(text)") }
            }
        }
    }
}
