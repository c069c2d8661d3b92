import CPosthornTestSockets
import Dispatch
import PosthornHTTP
import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

@testable import Posthorn
@testable import PosthornAPI

/// The API over real sockets.
@Suite(.limited()) struct APIServerTests {
    private let directory: TemporaryDirectory
    private let outbox: Outbox

    init() throws {
        directory = try TemporaryDirectory()
        outbox = try Outbox(path: directory.file("outbox.db"))
        _ = try outbox.apply(Topology(nodes: APIBench.nodes, endpoints: APIBench.endpoints))
    }

    private func server(_ listen: String = "127.0.0.1:0", log: (@Sendable (APIAccess) -> Void)? = nil) throws -> APIServer {
        try APIServer(outbox, listen: try ListenAddress(listen), log: log)
    }

    private func request(_ line: String, _ more: String = "", body: String = "") -> String {
        let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\nContent-Type: application/json\r\n"
        return "\(line) HTTP/1.1\r\nHost: localhost\r\n\(length)\(more)\r\n\(body)"
    }

    private static let event = #"{"id":"e1","type":"MEETING_STARTED","node":"s1","data":{"id":"m1"}}"#

    @Test func anEventGoesInAndComesOut() throws {
        let server = try server()
        defer { server.stop() }
        let client = try TestClient(port: server.port)
        client.send(request("POST /v1/events", body: Self.event))
        let accepted = client.readAnswer()
        #expect(accepted.hasPrefix("HTTP/1.1 202 Accepted\r\n") && accepted.contains("X-Request-Id: "))
        client.send(request("GET /v1/events/e1"))
        #expect(client.readAnswer().contains(#""deliveries":[{"id":""#))
        client.send(request("HEAD /v1/events/e1"))
        #expect(client.read(until: "\r\n\r\n").contains("Content-Length: "))
    }

    @Test func requestsOfOneKeyThatWaitLeaveAThreadForOthers() throws {
        let busy = try outbox.makeAccessKey(node: "c1", rights: [.endpoints])
        let other = try outbox.makeAccessKey(node: "c2", rights: [.read])
        let server = try server()
        defer { server.stop() }
        let (begun, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        outbox.writer.submit(isolated: false) { (_) throws(OutboxProblem) in
            begun.signal()
            gate.wait()
        } done: { _ in
        }
        begun.wait()
        let waiting = try (0...API.workThreads).map { _ in try TestClient(port: server.port) }
        let change = request("POST /v1/endpoints/mine/disable", "Authorization: Bearer \(busy.token.text)\r\n", body: "{}")
        for client in waiting { client.send(change) }
        let client = try TestClient(port: server.port)
        client.send(request("GET /healthz"))
        _ = client.readAnswer()
        client.send(request("GET /v1/nodes", "Authorization: Bearer \(other.token.text)\r\n"))
        #expect(client.readAnswer().hasPrefix("HTTP/1.1 200 "))
        gate.signal()
        for client in waiting { #expect(client.readAnswer().hasPrefix("HTTP/1.1 200 ")) }
    }

    /// Many clients send an empty object with whatever they POST.
    @Test func whereNoBodyIsTakenAnEmptyObjectIsNone() throws {
        _ = try outbox.emit(NewEvent(id: "e1", type: "MEETING_STARTED", node: "s1", data: "{}"))
        let server = try server()
        defer { server.stop() }
        let client = try TestClient(port: server.port)
        let path = "POST /v1/deliveries/1/cancel"
        client.send(request(path, body: #"{"reason":1}"#))
        let refused = client.readAnswer()
        #expect(refused.hasPrefix("HTTP/1.1 413 ") && refused.contains("the path takes no body; leave it out, or send {}"))
        client.send(request(path, body: " { }\r\n"))
        #expect(client.readAnswer().hasPrefix("HTTP/1.1 200 "))
        // It is cancelled now, and the connection serves on.
        client.send(request(path, "Transfer-Encoding: chunked\r\n") + "2\r\n{}\r\n0\r\n\r\n")
        #expect(client.readAnswer().hasPrefix("HTTP/1.1 409 "))
        client.send(request(path))
        #expect(client.readAnswer().hasPrefix("HTTP/1.1 409 "))
        client.send(request(path, body: String(repeating: "x", count: Route.noBodyLimitBytes + 1)))
        let long = client.readAnswer()
        #expect(long.hasPrefix("HTTP/1.1 413 ") && long.contains("the path takes no body"))
    }

    @Test func refusalsOfTheServerAreProblemsOfTheAPI() throws {
        let server = try server()
        defer { server.stop() }
        let client = try TestClient(port: server.port)
        client.send("GET /v1/nodes HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        let answer = client.readAnswer()
        #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("application/problem+json") && answer.contains("/problems/malformed"))
    }

    @Test func aKeyThatIsWrongIsRefusedBeforeAByteOfTheBody() throws {
        _ = try outbox.makeAccessKey(rights: [.emit])
        let server = try server()
        defer { server.stop() }
        let client = try TestClient(port: server.port)
        client.send(
            "POST /v1/events HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 8000000\r\nExpect: 100-continue\r\n\r\n"
        )
        #expect(client.readAnswer().hasPrefix("HTTP/1.1 401 "))
    }

    @Test func strangersAreNotListenedForWithoutAKey() throws {
        let problem = #expect(throws: InputProblem.self) { try server("0.0.0.0:0") }
        #expect(problem?.reason.contains("posthorn key create") == true)
        _ = try outbox.makeAccessKey(rights: [.read])
        try server("0.0.0.0:0").stop()
    }

    @Test func aUnixSocketServesWithoutAKey() throws {
        let path = directory.file("api.sock")
        let server = try server("unix:\(path)")
        defer { server.stop() }
        let client = try TestClient(path: path)
        client.send(request("GET /v1/nodes"))
        #expect(client.readAnswer().hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test func eachRequestIsLoggedByItsRouteAndKeyAndNoIDOrSecret() throws {
        let made = try outbox.makeAccessKey(rights: [.read])
        let lines = Lines()
        let server = try server { lines.add($0) }
        let client = try TestClient(port: server.port)
        client.send(request("GET /healthz"))
        _ = client.readAnswer()
        client.send(request("GET /v1/events/secret-id?x=hunter2", "Authorization: Bearer \(made.token.text)\r\n"))
        _ = client.readAnswer()
        client.send(request("GET /v1/nodes", "Authorization: Bearer \(made.token.text.replacing("phk_", with: "phx_"))\r\n"))
        _ = client.readAnswer()
        client.send(request("GET /nothing"))
        _ = client.readAnswer()
        client.send(request("GET /metrics", "Authorization: Bearer \(made.token.text)\r\n"))
        _ = client.read(until: "posthorn_build_info")
        let visit = try outbox.makePortalSession(node: "s1", rights: [.read], lifetimeMilliseconds: 60_000)
        let browser = try TestClient(port: server.port)
        browser.send(request("GET /portal/\(visit.code.text)"))
        let opened = browser.readAnswer()
        let cookie = try #require(opened.firstMatch(of: /Set-Cookie: ([^;]+);/)?.1)
        browser.send(request("GET /v1/whoami", "Cookie: \(cookie)\r\n"))
        _ = browser.readAnswer()
        browser.send(request("GET /"))
        _ = browser.readAnswer()
        server.stop()
        let seen = lines.all
        #expect(seen.map(\.route) == ["/v1/events/{id}", "/v1/nodes", nil, "/metrics", "/portal/{code}", "/v1/whoami", "/"])
        #expect(seen.map(\.keyID) == [made.key.id, nil, nil, made.key.id, nil, visit.session.id, nil])
        #expect(seen.map(\.access.status) == [400, 401, 404, 200, 303, 200, 200])
        #expect(seen.map(\.isScrape) == [false, false, false, true, false, false, false])
    }

    private final class Lines: Sendable {
        private let lines = Mutex<[APIAccess]>([])

        var all: [APIAccess] { lines.withLock { $0 } }

        func add(_ line: APIAccess) { lines.withLock { $0.append(line) } }
    }

    // MARK: Lines

    private static func chunk(_ text: String) -> String { "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n" }

    private static let linesHead =
        "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n"

    private static func line(_ id: String, node: String = "s1") -> String {
        #"{"id":"\#(id)","type":"MEETING_STARTED","node":"\#(node)","data":{"id":"m1"}}"# + "\n"
    }

    @Test func linesAreAnsweredInTheirOrderEachForItself() throws {
        let server = try server()
        defer { server.stop() }
        let client = try TestClient(port: server.port)
        client.send(Self.linesHead + "\r\n")
        client.send(Self.chunk(Self.line("a") + "\n" + Self.line("b", node: "nowhere") + "nonsense\n" + Self.line("a").dropLast()))
        client.send("0\r\n\r\n")
        let answer = client.read(until: "0\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 202 Accepted\r\n") && answer.contains("application/x-ndjson"))
        // In bytes: CR LF is one character.
        let lines = answer.utf8.split { $0 == 0x0A || $0 == 0x0D }.map { String(decoding: $0, as: UTF8.self) }.filter { $0.hasPrefix("{") }
        let values = try lines.map { try JSONValue.parse(Array($0.utf8)) }
        #expect(values.map { $0["line"]?.string } == ["1", "3", "4", "5"])
        #expect(values.map { ($0["duplicate"] ?? $0["status"])?.string } == ["false", "422", "422", "true"])
    }

    @Test func aStreamIsAnsweredWhileItGoesOn() throws {
        let server = try server()
        defer { server.stop() }
        let client = try TestClient(port: server.port)
        client.send(Self.linesHead + "\r\n")
        for number in 0..<20 {
            client.send(Self.chunk(Self.line("e\(number)")))
            #expect(client.read(until: #""line":\#(number + 1)}"#).contains(#""id":"e\#(number)""#))
        }
        client.send("0\r\n\r\n")
        #expect(client.read(until: "0\r\n\r\n").hasSuffix("0\r\n\r\n"))
        #expect(try outbox.status().events == 20)
    }

    /// Many more than any buffer has room for, to a client that reads nothing until it has sent all.
    @Test func whoWantsNoAnswersCanSendWithoutReadingThem() throws {
        let server = try server()
        defer { server.stop() }
        let client = try TestClient(port: server.port)
        client.send(Self.linesHead + "Prefer: return=minimal\r\n\r\n")
        let count = 20_000
        for start in stride(from: 0, to: count, by: 100) {
            client.send(Self.chunk((start..<start + 100).map { Self.line("e\($0)") }.joined()))
        }
        client.send(Self.chunk(Self.line("x", node: "nowhere")) + "0\r\n\r\n")
        let answer = client.read(until: "0\r\n\r\n")
        #expect(answer.contains(#""line":20001"#) && !answer.contains(#""id":"e0""#))
        #expect(try outbox.status().events == Int64(count))
    }

    @Test func aLineThatIsTooLongIsRefusedAndTheNextOnesCount() throws {
        let server = try server()
        defer { server.stop() }
        let client = try TestClient(port: server.port)
        client.send(Self.linesHead + "\r\n")
        client.send(Self.chunk(Self.line("a")))
        #expect(client.read(until: #""line":1}"#).contains(#""id":"a""#))
        let piece = Self.chunk(String(repeating: "x", count: 1 << 20))
        for _ in 0..<5 { client.send(piece) }
        #expect(client.read(until: #""line":2}"#).contains("is longer than"))
        client.send(Self.chunk("xx\n" + Self.line("b")) + "0\r\n\r\n")
        #expect(client.read(until: "0\r\n\r\n").contains(#""line":3}"#))
        #expect(try outbox.status().events == 2)
    }

    @Test func aKeyThatIsRevokedMeanwhileEndsItsStream() throws {
        let made = try outbox.makeAccessKey(rights: [.emit])
        let server = try server()
        defer { server.stop() }
        let client = try TestClient(port: server.port)
        client.send(Self.linesHead + "Authorization: Bearer \(made.token.text)\r\n\r\n")
        client.send(Self.chunk(Self.line("a")))
        #expect(client.read(until: #""line":1}"#).contains(#""id":"a""#))
        try outbox.revokeAccessKey(made.key.id)
        var number = 0
        // Within a second of the revocation; until then lines are taken.
        while true {
            number += 1
            guard client.send(Self.chunk(Self.line("b\(number)"))) else { break }
            let answer = client.read(until: "}\n")
            if answer.contains("/problems/no-key") || answer.isEmpty { break }
        }
        #expect(try outbox.status().events == Int64(number))
    }
}
