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

    /// A stream has no length: it is over when its last chunk, which is empty, has come.
    private static let end = "0\r\n\r\n"

    @Test func aStreamEndsWhenItsKeyIsRevoked() throws {
        let made = try outbox.makeAccessKey(node: "c1", rights: [.read])
        let server = try server()
        defer { server.stop() }
        let client = try open(server, made.token.text)
        #expect(client.read(until: "event: figures\n").contains("HTTP/1.1 200 "))
        try outbox.revokeAccessKey(made.key.id)
        #expect(client.read(until: Self.end).hasSuffix(Self.end))
        // The connection is as good as before.
        client.send("GET /v1/nodes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(made.token.text)\r\n\r\n")
        #expect(client.readAnswer().hasPrefix("HTTP/1.1 401 "))
    }

    @Test func aStreamEndsWhenItsKeyExpires() throws {
        let clock = TestClock()
        let outbox = try Outbox(path: directory.file("other.db"), clock: clock)
        defer { outbox.close() }
        _ = try outbox.apply(Topology(nodes: APIBench.nodes, endpoints: []))
        let key = try outbox.makeAccessKey(node: "c1", rights: [.read], lifetimeMilliseconds: 1000).token.text
        let server = try APIServer(outbox, listen: try ListenAddress("127.0.0.1:0"))
        defer { server.stop() }
        let client = try open(server, key)
        #expect(client.read(until: "event: figures\n").contains("HTTP/1.1 200 "))
        clock.advance(by: 1000)
        #expect(client.read(until: Self.end).hasSuffix(Self.end))
    }

    @Test func aStreamEndsWithItsPortalSession() throws {
        let made = try outbox.makePortalSession(node: "c1", rights: [.read], lifetimeMilliseconds: 3_600_000)
        let token = try #require(try outbox.openPortalSession(made.code))
        let server = try server()
        defer { server.stop() }
        let client = try TestClient(port: server.port)
        client.send("GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nCookie: posthorn=\(token.text)\r\n\r\n")
        #expect(client.read(until: "event: figures\n").contains("HTTP/1.1 200 "))
        try outbox.revokePortalSession(made.session.id)
        #expect(client.read(until: Self.end).hasSuffix(Self.end))
    }

    @Test func streamsOfATenantAndInAllAreBounded() throws {
        var keys: [String] = []
        for node in ["c1", "c2"] { keys.append(try outbox.makeAccessKey(node: node, rights: [.read]).token.text) }
        // Keys of the whole outbox are shares of their own.
        let others = StreamHub.listenerLimit / StreamHub.listenerLimitEach
        for _ in 0..<others { keys.append(try outbox.makeAccessKey(rights: [.read]).token.text) }
        let server = try server()
        defer { server.stop() }
        var clients: [TestClient] = []
        func status(_ key: String) throws -> String {
            let client = try open(server, key)
            // An answer that is refused has a length; one that is not begins with figures.
            let answer = client.read(until: "}")
            #expect(answer.contains(" 429 ") ? answer.contains("Retry-After: 5\r\n") : answer.contains("event: figures"), "\(answer)")
            if !answer.contains(" 429 ") { clients.append(client) }
            return String(answer.dropFirst(9).prefix(3))
        }
        for _ in 0..<StreamHub.listenerLimitEach { #expect(try status(keys[0]) == "200") }
        #expect(try status(keys[0]) == "429")
        for key in keys[1..<others] { for _ in 0..<StreamHub.listenerLimitEach { #expect(try status(key) == "200") } }
        // The tenth share has none open, and all of them together have what there is.
        #expect(try status(keys[others]) == "429")
        // One that has gone makes room, once that is noticed.
        clients[0].reset()
        var last = ""
        repeat { last = try status(keys[0]) } while last == "429"
        #expect(last == "200")
    }
}
