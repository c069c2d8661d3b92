import PosthornTestSupport
import Testing

@testable import Posthorn

/// What an app's own page does to endpoints: one at a time, without the secrets that are stored.
@Suite(.limited()) struct EndpointChangeTests {
    private let bench: VendorsBench
    private let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    init() throws { bench = try VendorsBench() }

    private func endpoint(_ url: String = "https://crm.example/hooks?token=abc", _ secret: String? = nil) -> EndpointSettings {
        EndpointSettings(
            id: "crm",
            node: "n1",
            url: url,
            vendor: .standard,
            credentials: secret.map { ["secret": .string($0)] } ?? [:],
            headers: [.init(name: "x-key", value: "header-secret")]
        )
    }

    private func stored() throws -> EndpointSettings { try bench.outbox.endpointWithCredentials("crm").settings }

    @Test func aNodeAndAnEndpointAreAddedAndChangedAlone() async throws {
        let outbox = bench.outbox
        #expect(try await outbox.put(Node(id: "n1", level: .company)).map(\.kind) == [.added])
        #expect(try await outbox.put(Node(id: "n1", level: .company, name: "Acme")).map(\.kind) == [.changed])
        #expect(try await outbox.put(endpoint("https://crm.example/hooks", secret)).map(\.kind) == [.added])
        #expect(try await outbox.put(endpoint("https://crm.example/hooks", secret)).isEmpty)
        // The credentials are stored already.
        #expect(try await outbox.put(endpoint("https://crm.example/other")).map(\.detail) == ["url"])
        #expect(try stored().credentials["secret"] == .string(secret))
        #expect(try await outbox.removeEndpoint("crm") == 0)
        try await outbox.removeNode("n1")
        #expect(try await outbox.topology().nodes.isEmpty)
    }

    @Test func aChangeSeesNoSecretAndKeepsThem() async throws {
        let outbox = bench.outbox
        try bench.apply(endpoint(secret: secret))
        let shown = try await outbox.endpoint("crm").settings
        #expect(shown.credentials["secret"] == .string("***") && shown.url.hasSuffix("?token=***"))
        let changes = try await outbox.updateEndpoint("crm") {
            $0.inFlightLimit = 3
            // What the change is given shows nothing either.
            if $0.credentials["secret"] != .string("***") { $0.events = [] }
        }
        #expect(changes.map(\.detail) == ["max_in_flight"])
        let kept = try stored()
        #expect(kept.inFlightLimit == 3 && kept.credentials["secret"] == .string(secret) && kept.url.hasSuffix("?token=abc"))
        #expect(kept.headers == [.init(name: "x-key", value: "header-secret")])
    }

    /// It would wait for the change that it is called from.
    @Test func aBlockingCallFromInsideOfAChangeIsAnErrorAndTheChangeIsMade() async throws {
        let outbox = bench.outbox
        try bench.apply(endpoint(secret: secret))
        let changes = try await outbox.updateEndpoint("crm") { settings in
            do throws(OutboxError) { _ = try outbox.blocking.put(Node(id: "n9", level: .company)) } catch {
                settings.inFlightLimit = error.code == "refused" ? 3 : 4
            }
        }
        #expect(changes.count == 1)
        #expect(try stored().inFlightLimit == 3)
    }

    private func endpoint(secret: String) -> EndpointSettings { endpoint("https://crm.example/hooks?token=abc", secret) }

    @Test func aRefusedChangeNamesTheFieldAlone() async throws {
        let outbox = bench.outbox
        try bench.apply(endpoint(secret: secret))
        func problem(_ change: @escaping @Sendable (inout EndpointSettings) -> Void) async -> InputProblem? {
            do throws(OutboxError) { _ = try await outbox.updateEndpoint("crm", change) } catch { return error.inputProblem }
            return nil
        }
        let limit = await problem { $0.inFlightLimit = 0 }
        #expect(limit?.field == "max_in_flight" && limit?.code == .outOfRange)
        let node = await problem { $0.node = "nowhere" }
        #expect(node?.field == "node" && node?.code == .notFound)
        let id = await problem { $0.id = "other" }
        #expect(id?.field == "id" && id?.code == .notAllowed)
        let url = await problem { $0.url = "ftp://crm.example/" }
        #expect(url?.field == "url" && url?.code == .malformed)
        await #expect { try await outbox.updateEndpoint("none") { _ in } } throws: { OutboxError($0)?.code == "not_found" }
        // A new one has no credentials that could be kept.
        var other = endpoint("https://other.example/")
        other.id = "other"
        let missing = other
        await #expect { try await outbox.put(missing) } throws: { OutboxError($0)?.code == "missing" }
    }
}
