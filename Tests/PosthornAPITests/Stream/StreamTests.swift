import CPosthornTestSockets
import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornSending
import PosthornStore
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornAPI

/// Streams of what becomes of deliveries, over real sockets and with a running engine.
@Suite(.limited()) struct StreamTests {
    private let directory: TemporaryDirectory
    private let receiver: MisbehavingReceiver
    private let outbox: Outbox
    private let engine: Engine

    init() throws {
        directory = try TemporaryDirectory()
        let receiver = try MisbehavingReceiver { _ in .ok }
        let outbox = try Outbox(path: directory.file("outbox.db"))
        (self.receiver, self.outbox) = (receiver, outbox)
        let endpoints = [("mine", "c1"), ("far", "c2")].map { EndpointSettings(id: $0.0, node: $0.1, url: receiver.url) }
        _ = try outbox.apply(Topology(nodes: APIBench.nodes, endpoints: endpoints))
        var sender = SenderConfiguration()
        sender.guard = EgressGuard(allow: [try CIDR("127.0.0.0/8")])
        engine = try Engine(outbox: outbox, configuration: EngineConfiguration(sender: sender))
    }

    private func server() throws -> APIServer {
        var options = API.Options()
        options.updates = { [engine] in engine.updates() }
        return try APIServer(outbox, listen: try ListenAddress("127.0.0.1:0"), options: options)
    }

    private func open(_ server: APIServer, _ key: String, _ more: String = "") throws -> TestClient {
        let client = try TestClient(port: server.port)
        client.send("GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(key)\r\n\(more)\r\n")
        return client
    }

    private func emit(_ id: String, _ node: String) throws {
        _ = try outbox.emit(NewEvent(id: id, type: "MEETING_ENDED", node: node, data: "{}"))
    }

    @Test func aKeySeesWhatIsSettledInItsTreeAndGoesOnWhereItWas() throws {
        let key = try outbox.makeAccessKey(node: "c1", rights: [.read]).token.text
        let server = try server()
        defer { server.stop() }
        try engine.start()
        defer { try? engine.stop() }
        let client = try open(server, key)
        // The first figures come when it is listened to.
        #expect(client.read(until: "event: figures\n").contains("Content-Type: text/event-stream"))
        try emit("e-far", "s2")
        try emit("e-mine", "s1")
        let seen = client.read(until: #""error":null}"#)
        #expect(seen.contains(#""event":"e-mine","type":"MEETING_ENDED","node":"s1","endpoint":"mine","state":"delivered""#), "\(seen)")
        #expect(!seen.contains("e-far"))
        let id = try #require(seen.split(whereSeparator: \.isNewline).last { $0.hasPrefix("id: ") }).dropFirst(4)
        try emit("e-next", "s1")
        #expect(client.read(until: #""error":null}"#).contains("e-next"))
        let again = try open(server, key, "Last-Event-ID: \(id)\r\n")
        let rest = again.read(until: #""error":null}"#)
        #expect(rest.contains("e-next") && !rest.contains("e-mine") && !rest.contains("event: reset"), "\(rest)")
        let other = try open(server, key, "Last-Event-ID: ffffffffffff-7\r\n")
        #expect(other.read(until: "event: figures\n").contains("event: reset"))
    }
}
