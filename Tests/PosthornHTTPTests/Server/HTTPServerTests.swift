import Glibc
import PosthornHTTP
import PosthornSystem
import Synchronization
import CPosthornTestSockets
import PosthornTestSupport
import Testing

@Suite(.limited()) struct HTTPServerTests {
    /// Says what it understood of the request.
    private static func echo(_ request: HTTPRequest) -> HTTPResponse {
        let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: ";")
        let body = String(decoding: request.body, as: UTF8.self)
        return .text("\(request.method) \(request.path) [\(query)] \(request.headers["X-Test"] ?? "-") \(body)")
    }

    private func server(_ change: (inout HTTPServerConfiguration) -> Void = { _ in }) throws -> HTTPServer {
        var configuration = HTTPServerConfiguration()
        change(&configuration)
        return try HTTPServer(configuration: configuration, handler: Self.echo)
    }

    @Test func aRequestBecomesAResponse() throws {
        let server = try server()
        let client = try TestClient(port: server.port)
        client.send("POST /a%20b?x=1+2&y=%C3%A9&z HTTP/1.1\r\nHost: h\r\nx-TEST: yes\r\nContent-Length: 5\r\n\r\nhello")
        let answer = client.readAnswer()
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.contains("Content-Type: text/plain; charset=utf-8\r\n"))
        #expect(answer.hasSuffix("POST /a b [x=1 2;y=é;z=] yes hello"))
    }

    @Test func aConnectionServesManyRequests() throws {
        let server = try server()
        let client = try TestClient(port: server.port)
        for number in 1...50 {
            client.send("GET /\(number) HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.readAnswer().hasSuffix("GET /\(number) [] - "))
        }
    }

    @Test func chunksAreTakenOff() throws {
        let server = try server()
        let client = try TestClient(port: server.port)
        client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n")
        #expect(client.readAnswer().hasSuffix("POST / [] - abcdefg"))
    }

    @Test func aMegabyteArrivesWhole() throws {
        let server = try HTTPServer { .text("\($0.body.count) \($0.body.allSatisfy { $0 == 0x61 })") }
        let client = try TestClient(port: server.port)
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1048576\r\n\r\n" + String(repeating: "a", count: 1 << 20))
        #expect(client.readAnswer().hasSuffix("1048576 true"))
    }

    @Test(arguments: [
        "Content-Length: 5\r\nTransfer-Encoding: chunked", "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\ncontent-length: 6", "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Content-Length: 5, 5", "Content-Length: -1",
    ])
    func aBodyWithTwoReadingsIsRefusedAndTheConnectionClosed(_ headers: String) throws {
        let server = try server()
        let client = try TestClient(port: server.port)
        client.send("POST / HTTP/1.1\r\nHost: h\r\n\(headers)\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
        let answer = client.readToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        #expect(!answer.contains("smuggled"))
    }

    @Test(arguments: ["Content-Length: 11\r\n\r\n12345678901", "Transfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n5\r\n78901\r\n0\r\n\r\n"])
    func aBodyOverTheLimitIsAnswered413(_ rest: String) throws {
        let server = try server { $0.bodyLimitBytes = 10 }
        let client = try TestClient(port: server.port)
        client.send("POST / HTTP/1.1\r\nHost: h\r\n\(rest)")
        #expect(client.readToEnd().hasPrefix("HTTP/1.1 413 "))
    }

    @Test func headersOverTheLimitAreRefused() throws {
        let server = try server { $0.headLimitBytes = 4096 }
        let client = try TestClient(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost: h\r\nX-Long: " + String(repeating: "a", count: 20_000) + "\r\n\r\n")
        #expect(client.readToEnd().hasPrefix("HTTP/1.1 431 "))
    }

    @Test(arguments: ["", "POST / HTTP/1.1\r\nHo", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"])
    func aByteNowAndThenDoesNotKeepAConnectionOpen(_ start: String) throws {
        let server = try server {
            $0.headDeadlineMilliseconds = 200
            $0.bodyDeadlineMilliseconds = 200
            $0.idleLimitMilliseconds = 200
        }
        let client = try TestClient(port: server.port)
        client.send(start)
        var pause = timespec(tv_sec: 0, tv_nsec: 20_000_000)
        // Ends when the server has closed: a write to a closed connection fails.
        while client.send("a") { nanosleep(&pause, nil) }
        #expect(!client.readToEnd().contains("200 OK"))
    }

    @Test func anIdleConnectionIsClosed() throws {
        let server = try server { $0.idleLimitMilliseconds = 100 }
        let client = try TestClient(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.readToEnd().hasPrefix("HTTP/1.1 200 OK"))
    }

    @Test func anAnswerMayComeLaterAndHoldsUpNobody() throws {
        let waiting = Mutex<[HTTPResponder]>([])
        var configuration = HTTPServerConfiguration()
        configuration.threads = 1
        let server = try HTTPServer(configuration: configuration) { request, responder in
            if request.path == "/slow" { return waiting.withLock { $0.append(responder) } }
            responder.respond(.text("fast"))
        }
        let slow = try TestClient(port: server.port)
        slow.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
        let fast = try TestClient(port: server.port)
        repeat {
            fast.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(fast.readAnswer().hasSuffix("fast"))
        } while waiting.withLock(\.isEmpty)
        waiting.withLock { $0.removeFirst() }.respond(.text("slow", status: 429))
        let answer = slow.readAnswer()
        #expect(answer.hasPrefix("HTTP/1.1 429 "))
        #expect(answer.hasSuffix("slow"))
        slow.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(slow.readAnswer().hasSuffix("fast"))
    }

    @Test func aForgottenResponderAnswers500() throws {
        let server = try HTTPServer { _, _ in }
        let client = try TestClient(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.readToEnd().hasPrefix("HTTP/1.1 500 "))
    }

    @Test func hangingUpSendsNothing() throws {
        let server = try HTTPServer { _ in .hangUp }
        let client = try TestClient(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.readToEnd() == "")
    }

    @Test func onlyTheFirstAnswerCounts() throws {
        let server = try HTTPServer { _, responder in
            responder.respond(.text("one"))
            responder.respond(.text("two"))
        }
        let client = try TestClient(port: server.port)
        for _ in 0..<3 {
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.readAnswer().hasSuffix("one"))
        }
    }

    @Test func stopLetsRequestsThatWaitBeAnswered() throws {
        let waiting = Mutex<HTTPResponder?>(nil)
        let arrived = Flag()
        let server = try HTTPServer { _, responder in
            waiting.withLock { $0 = responder }
            arrived.raise()
        }
        let client = try TestClient(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        arrived.wait()
        let stopped = Flag()
        let stopper = try WorkerThread(name: "stopper") {
            server.stop()
            stopped.raise()
        }
        while (try? TestClient(port: server.port)) != nil {}
        #expect(!stopped.isRaised)
        waiting.withLock { $0.take() }?.respond(.text("after all"))
        #expect(client.readToEnd().hasSuffix("after all"))
        stopped.wait()
        stopper.join()
    }

    @Test func stopDoesNotWaitForEver() throws {
        let waiting = Mutex<HTTPResponder?>(nil)
        let arrived = Flag()
        var configuration = HTTPServerConfiguration()
        configuration.drainLimitMilliseconds = 20
        let server = try HTTPServer(configuration: configuration) { _, responder in
            waiting.withLock { $0 = responder }
            arrived.raise()
        }
        let client = try TestClient(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        arrived.wait()
        server.stop()
        #expect(client.readToEnd().hasPrefix("HTTP/1.1 503 "))
        waiting.withLock { $0.take() }?.respond(.text("too late"))
    }

    @Test func stoppingUnderLoadEndsEveryConnectionAndLosesNoAnswer() throws {
        for _ in 0..<30 {
            let waiting = Mutex<[HTTPResponder]>([])
            let isOver = Flag()
            let server = try HTTPServer { request, responder in
                if request.path == "/now" { return responder.respond(.text("now")) }
                waiting.withLock { $0.append(responder) }
            }
            let answerer = try WorkerThread(name: "answerer") {
                while !isOver.isRaised { waiting.withLock { $0.removeAll() } }
            }
            let busy = Flag()
            let port = server.port
            let callers = try (0..<4).map { number in
                try WorkerThread(name: "caller") {
                    guard let client = try? TestClient(port: port) else { return }
                    // An answer that has begun comes whole: each has a status line and a body, or the connection has ended.
                    while client.send("GET /\(number % 2 == 0 ? "now" : "later") HTTP/1.1\r\nHost: h\r\n\r\n") {
                        let answer = client.readAnswer()
                        if answer.isEmpty { return }
                        #expect(answer.hasPrefix("HTTP/1.1 ") && !answer.hasSuffix("\r\n\r\n"))
                        busy.raise()
                        if answer.contains("Connection: close") { return }
                    }
                }
            }
            busy.wait()
            server.stop()
            for caller in callers { caller.join() }
            isOver.raise()
            answerer.join()
        }
    }

    @Test func ipv6IsServedToo() throws {
        let seen = Mutex("")
        let server = try HTTPServer(configuration: HTTPServerConfiguration(host: "::1")) { request in
            seen.withLock { $0 = request.remoteAddress }
            return .text("six")
        }
        let client = try TestClient(port: server.port, ipv6: true)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.readAnswer().hasSuffix("six"))
        #expect(seen.withLock { $0 } == "::1")
    }

    @Test func aPortInUseIsSaidInOneLine() throws {
        let server = try server()
        let problem = #expect(throws: HTTPServerProblem.self) {
            _ = try self.server { $0.address = .tcp(host: "127.0.0.1", port: server.port) }
        }
        #expect(problem?.code == .portInUse)
        #expect(problem?.description.contains("127.0.0.1:\(server.port): another program uses this port") == true)
        #expect(problem?.description.contains("\n") == false)
    }

    @Test func addressesThatCannotBeHadAreSaidInOneLine() {
        func code(_ host: String, _ port: Int = 0) -> HTTPServerProblem.Code? {
            do throws(HTTPServerProblem) {
                _ = try HTTPServer(configuration: HTTPServerConfiguration(host: host, port: port), handler: Self.echo)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code("192.0.2.1") == .addressNotAvailable)
        #expect(code("no such host") == .unknownHost)
        #expect(code("127.0.0.1", 70_000) == .invalidConfiguration)
    }

    @Test func aFieldThatHTTPCannotCarryIsLeftOut() throws {
        let server = try HTTPServer { _ in
            HTTPResponse(headers: ["X-Bad": "a\r\nX-Injected: b", "X-Good": "c"], body: Array("ok".utf8))
        }
        let client = try TestClient(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        let answer = client.readAnswer()
        #expect(!answer.contains("Injected"))
        #expect(answer.contains("X-Good: c"))
    }
}
