import CPosthornTestSockets
import PosthornHTTP
import PosthornSystem
import PosthornTestSupport
import Testing

/// What a server puts up with.
@Suite(.limited()) struct HTTPLimitTests {
    private static let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

    private func server(_ change: (inout HTTPServerConfiguration) -> Void) throws -> HTTPServer {
        var configuration = HTTPServerConfiguration()
        configuration.drainLimitMilliseconds = 50
        change(&configuration)
        return try HTTPServer(configuration: configuration) { .text("\($0.body.count)") }
    }

    /// A server whose requests wait until they are answered by hand.
    private func waitingServer(
        _ waiting: Handover<HTTPResponder>,
        _ change: (inout HTTPServerConfiguration) -> Void = { _ in }
    ) throws -> HTTPServer {
        var configuration = HTTPServerConfiguration()
        configuration.drainLimitMilliseconds = 50
        change(&configuration)
        return try HTTPServer(configuration: configuration, respondingLater: { waiting.give($1) })
    }

    // MARK: Connections

    @Test(arguments: [1, 2]) func idleConnectionsMakeRoomForNewOnes(_ threads: Int) throws {
        let server = try server {
            $0.threads = threads
            $0.connectionLimit = 4
        }
        let idle = try (0..<20).map { _ in try TestClient(port: server.port) }
        for _ in 0..<3 {
            let client = try TestClient(port: server.port)
            client.send(Self.get)
            #expect(client.readAnswer().hasPrefix("HTTP/1.1 200 "))
        }
        // Which of several threads makes room depends on which is awake; a single one closes the oldest.
        if threads == 1 { for client in idle.prefix(16) { #expect(client.readToEnd() == "") } }
    }

    @Test func aClientThatHasBegunAHeadAndGoesNoFurtherMakesRoomToo() throws {
        let server = try server {
            $0.threads = 1
            $0.connectionLimit = 2
        }
        let slow = try (0..<2).map { _ in try TestClient(port: server.port) }
        for client in slow { client.send("GET / HT") }
        let client = try TestClient(port: server.port)
        client.send(Self.get)
        #expect(client.readAnswer().hasPrefix("HTTP/1.1 200 "))
        #expect(slow[0].readToEnd() == "")
    }

    @Test func whoHasTheMostConnectionsMakesRoomFirst() throws {
        let server = try server {
            $0.threads = 1
            $0.connectionLimit = 4
        }
        let modest = try TestClient(port: server.port, from: "127.0.0.2")
        modest.send(Self.get)
        #expect(modest.readAnswer().hasPrefix("HTTP/1.1 200 "))
        for _ in 0..<20 {
            let client = try TestClient(port: server.port)
            client.send(Self.get)
            #expect(client.readAnswer().hasPrefix("HTTP/1.1 200 "))
        }
        // The oldest of all, and still there.
        modest.send(Self.get)
        #expect(modest.readAnswer().hasPrefix("HTTP/1.1 200 "))
    }

    @Test func whileAllConnectionsAreAtWorkNewOnesWait() throws {
        let waiting = Handover<HTTPResponder>()
        let server = try waitingServer(waiting) {
            $0.threads = 1
            $0.connectionLimit = 1
        }
        let first = try TestClient(port: server.port)
        first.send(Self.get)
        let responder = waiting.next()
        let second = try TestClient(port: server.port)
        second.send(Self.get)
        responder.respond(.text("first"))
        #expect(first.readAnswer().hasSuffix("first"))
        // The first connection is idle now, and makes room.
        waiting.next().respond(.text("second"))
        #expect(second.readAnswer().hasSuffix("second"))
        #expect(first.readToEnd() == "")
    }

    @Test func oneClientsConnectionsHaveALimitOfTheirOwn() throws {
        let server = try server { $0.connectionLimitPerAddress = 2 }
        let first = try TestClient(port: server.port)
        first.send(Self.get)
        #expect(first.readAnswer().hasPrefix("HTTP/1.1 200 "))
        var second: TestClient? = try TestClient(port: server.port)
        second?.send(Self.get)
        #expect(second?.readAnswer().hasPrefix("HTTP/1.1 200 ") == true)
        #expect(try TestClient(port: server.port).readToEnd() == "")
        let other = try TestClient(port: server.port, from: "127.0.0.2")
        other.send(Self.get)
        #expect(other.readAnswer().hasPrefix("HTTP/1.1 200 "))
        second = nil
        // As soon as the server has seen that one is gone, there is room again.
        var answer = ""
        while answer.isEmpty {
            let third = try TestClient(port: server.port)
            third.send(Self.get)
            answer = third.readAnswer()
        }
        #expect(answer.hasPrefix("HTTP/1.1 200 "))
    }

    // MARK: Memory

    @Test func anAnnouncedLengthTakesNoMemory() throws {
        let server = try server { $0.bodyMemoryLimitBytes = 1000 }
        let clients = try (0..<20).map { _ in try TestClient(port: server.port) }
        for client in clients { client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8000000\r\n\r\n") }
        let client = try TestClient(port: server.port)
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
        #expect(client.readAnswer().hasSuffix("\r\n\r\n5"))
    }

    @Test func allBodiesTogetherHaveALimitAndItIsGivenBack() throws {
        let server = try server { $0.bodyMemoryLimitBytes = 100_000 }
        let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 90000\r\n\r\n"
        let body = String(repeating: "a", count: 90_000)
        var held: TestClient? = try TestClient(port: server.port)
        held?.send(head + body.dropLast())
        // Refused as soon as the first one's bytes have come, and served again when that one is gone.
        var answer = ""
        repeat { answer = try post(head + body, server) } while answer.hasPrefix("HTTP/1.1 200 ")
        #expect(answer.hasPrefix("HTTP/1.1 503 "))
        held = nil
        repeat { answer = try post(head + body, server) } while answer.hasPrefix("HTTP/1.1 503 ")
        #expect(answer.hasSuffix("\r\n\r\n90000"))
    }

    @Test func oneClientsBodiesHaveALimitOfTheirOwn() throws {
        let server = try server { $0.bodyMemoryLimitPerAddressBytes = 1000 }
        let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        let text = "\(head)3E9\r\n\(String(repeating: "a", count: 1001))\r\n0\r\n\r\n"
        #expect(try post(text, server).hasPrefix("HTTP/1.1 503 "))
        #expect(try post(text.replacing("3E9\r\na", with: "3E8\r\n"), server).hasSuffix("\r\n\r\n1000"))
    }

    private func post(_ text: String, _ server: HTTPServer) throws -> String {
        let client = try TestClient(port: server.port)
        client.send(text)
        return client.readAnswer()
    }

    // MARK: Time

    @Test func aClientThatDoesNotReadItsAnswerIsCut() throws {
        let log = Handover<HTTPAccess>()
        var configuration = HTTPServerConfiguration()
        configuration.progressDeadlineMilliseconds = 100
        configuration.accessLog = { log.give($0) }
        let length = 64 << 20
        let server = try HTTPServer(configuration: configuration) { _ in
            HTTPResponse(body: [UInt8](repeating: 0x61, count: length))
        }
        let client = try TestClient(port: server.port)
        client.readLittle()
        client.send(Self.get)
        #expect(log.next().outcome == .late)
        #expect(client.readToEnd().utf8.count < length)
    }

    @Test func aHandlerThatTakesTooLongIsAnsweredFor() throws {
        let waiting = Handover<HTTPResponder>()
        let server = try waitingServer(waiting) { $0.handlerDeadlineMilliseconds = 50 }
        let client = try TestClient(port: server.port)
        client.send(Self.get)
        let responder = waiting.next()
        #expect(client.readToEnd().hasPrefix("HTTP/1.1 503 "))
        responder.respond(.text("too late"))
    }

    @Test(arguments: ["GET / HTTP/1.1\r\nHo", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf", ""])
    func dataAndItsEndTogetherHoldNoConnection(_ text: String) throws {
        let server = try server { $0.threads = 1 }
        let client = try TestClient(port: server.port)
        client.send(text)
        client.endSending()
        #expect(client.readToEnd() == "")
    }

    @Test func aClientThatEndsItsSideGetsItsAnswer() throws {
        let waiting = Handover<HTTPResponder>()
        let server = try waitingServer(waiting)
        let client = try TestClient(port: server.port)
        client.send(Self.get + Self.get)
        client.endSending()
        waiting.next().respond(.text("one"))
        waiting.next().respond(.text("two"))
        let answers = client.readToEnd()
        #expect(answers.contains("one"))
        #expect(answers.hasSuffix("two"))
    }

    @Test func whoNeverAnswersAClientThatMayBeGoneKeepsNoConnection() throws {
        let log = Handover<HTTPAccess>()
        let waiting = Handover<HTTPResponder>()
        let server = try waitingServer(waiting) {
            $0.halfClosedDeadlineMilliseconds = 50
            $0.accessLog = { log.give($0) }
        }
        let client = try TestClient(port: server.port)
        client.send(Self.get)
        let responder = waiting.next()
        client.endSending()
        #expect(client.readToEnd() == "")
        #expect(log.next().outcome == .late)
        responder.respond(.text("too late"))
    }

    @Test func aClientThatReadsLateGetsEveryAnswer() throws {
        let server = try HTTPServer { _ in .text(String(repeating: "a", count: 20_000)) }
        let client = try TestClient(port: server.port)
        let sender = try WorkerThread(name: "sender") {
            client.send(String(repeating: Self.get, count: 2000) + "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        }
        // All requests are under way, and more answers than the system takes, before the first one is read.
        sender.join()
        #expect(client.readToEnd().components(of: "HTTP/1.1 200 OK\r\n") == 2001)
    }

    @Test func aClientThatSendsWithoutReadingIsNotReadOn() throws {
        let server = try HTTPServer { _ in .text(String(repeating: "a", count: 4000)) }
        let client = try TestClient(port: server.port)
        client.readLittle()
        let over = Flag()
        // Ends when nobody takes any more of it: the client is closed.
        let sender = try WorkerThread(name: "sender") {
            while client.send(String(repeating: Self.get, count: 1000)) { continue }
            over.raise()
        }
        let other = try TestClient(port: server.port)
        for _ in 0..<100 {
            other.send(Self.get)
            #expect(other.readAnswer().hasPrefix("HTTP/1.1 200 "))
        }
        server.stop()
        over.wait()
        sender.join()
    }
}
