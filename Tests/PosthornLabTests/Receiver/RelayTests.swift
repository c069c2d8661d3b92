import PosthornHTTP
import PosthornModel
import PosthornSending
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

@testable import PosthornLab

@Suite struct RelayedMessageTests {
    private static func names(_ headers: [(name: String, value: String)]) -> [String] { headers.map { "\($0.name): \($0.value)" } }

    @Test func headersOfOneConnectionStayBehind() {
        let came: [(name: String, value: String)] = [
            ("Host", "a"), ("X-Sig", "v1=5"), ("Connection", "close, X-Own"), ("x-own", "1"), ("Keep-Alive", "5"), ("TE", "gzip"),
            ("Trailer", "x"), ("Transfer-Encoding", "chunked"), ("Upgrade", "h2c"), ("Proxy-Authorization", "x"),
            ("Expect", "100-continue"),
            ("Content-Length", "5"), ("X-Sig", "v1=6"), ("Via", "1.0 other"), ("Empty", ""),
        ]
        let kept = ["X-Sig: v1=5", "X-Sig: v1=6", "Via: 1.0 other", "Empty: "]
        #expect(Self.names(RelayedMessage.requestHeaders(came)) == kept + ["via: 1.1 posthorn"])
        let back = RelayedMessage.answerHeaders(came + [("Date", "x"), ("Retry-After", "5")])
        #expect(Self.names(back.map { $0 }) == kept + ["Retry-After: 5"])
    }

    @Test(arguments: [
        ("http://a:1/", "/shop?x=1", "http://a:1/shop?x=1"), ("http://a:1", "/", "http://a:1/"),
        ("http://a:1/hook", "/shop", "http://a:1/hook"),
        ("http://a:1/hook", "/shop?x=1&y", "http://a:1/hook?x=1&y"), ("http://a:1/hook?k=2", "/?x=1", "http://a:1/hook?k=2&x=1"),
        ("http://a:1/", "/a%2Fb?", "http://a:1/a%2Fb?"), ("http://a:1/", "*", "http://a:1/"),
    ])
    func requestsGoToTheTargetsPathWhereItHasOne(base: String, target: String, url: String) {
        #expect(RelayedMessage.url(base, target) == url)
    }
}

@Suite(.limited()) struct RelayTests {
    /// A HEAD is passed on as one, and its answer says how long the body would be, or nothing where the target does not say.
    @Test func aHEADIsPassedOn() throws {
        let log = Log()
        let target = try Self.target(log) { request in
            request.path == "/long" ? .text(String(repeating: "x", count: 70_000)) : HTTPResponse(status: 204)
        }
        let receiver = try Self.receiver(target.port, log)
        for (path, status, length) in [("/long", 200, "70000"), ("/none", 204, nil), ("/long", 200, "70000")] as [(String, Int, String?)] {
            let answer = try Self.send(receiver, "HEAD", path, [], [])
            #expect(answer.status == status && answer.body.isEmpty)
            #expect(answer.headers.first { $0.name.lowercased() == "content-length" }?.value == length, "\(path)")
        }
        // A connection on which a HEAD went takes a POST and its body afterwards.
        let posted = try Self.send(receiver)
        #expect(posted.status == 204)
        receiver.stop()
        target.stop()
        #expect(log.requests.withLock { $0.map(\.method) } == ["HEAD", "HEAD", "HEAD", "POST"])
        #expect(log.requests.withLock { $0.last?.body.isEmpty } == false)
    }

    @Test func aLengthThatTheTargetDoesNotTellIsNotTold() {
        #expect(RelayedMessage.absentBody([("Content-Length", "5")]) == .length(5))
        #expect(RelayedMessage.absentBody([("Transfer-Encoding", "chunked")]) == .unknown)
    }

    /// What the target got, in order.
    private final class Log: Sendable {
        let requests = Mutex<[HTTPRequest]>([])
        let arrivals = Mutex<[PosthornLab.ReceivedRequest]>([])
        let failures = Mutex<[String]>([])
    }

    private static func target(_ log: Log, _ answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse) throws -> HTTPServer {
        try HTTPServer(
            configuration: HTTPServerConfiguration(),
            handler: { request in
                log.requests.withLock { $0.append(request) }
                return answer(request)
            }
        )
    }

    private static func receiver(
        _ port: Int,
        path: String = "/",
        _ log: Log,
        atOnce: Bool = false,
        timeoutMilliseconds: Int = 15_000,
        _ change: (inout ReceiverConfiguration) -> Void = { _ in }
    ) throws -> Receiver {
        var configuration = ReceiverConfiguration()
        configuration.relay = try Relay(
            to: try EndpointURL("http://127.0.0.1:\(port)\(path)"),
            timeoutMilliseconds: timeoutMilliseconds,
            answersAtOnce: atOnce,
            guard: OwnedHostGuard.make(isOwned: false),
            failed: { line in log.failures.withLock { $0.append(line) } }
        )
        change(&configuration)
        return try Receiver(
            server: HTTPServerConfiguration(),
            configuration: configuration,
            observe: { arrival, _ in log.arrivals.withLock { $0.append(arrival) } }
        )
    }

    private static func send(
        _ receiver: Receiver,
        _ method: String = "POST",
        _ target: String = "/shop?x=1",
        _ headers: [(name: String, value: String)] = [("x-sig", "v1=5"), ("content-type", "text/plain")],
        _ body: [UInt8] = Array("{ \"id\" : \"e1\" }\n".utf8)
    ) throws -> SerialRequests.Answer {
        let requests = SerialRequests(
            to: [],
            timeoutMilliseconds: 30_000,
            bodyLimitBytes: 1 << 20,
            guard: OwnedHostGuard.make(isOwned: false),
            caFile: nil
        )
        return try requests.perform(
            try EndpointURL("http://127.0.0.1:\(receiver.port)\(target)"),
            method: method,
            headers: headers,
            body: body
        )
    }

    @Test func bodyHeadersAndAnswerArePassedOnAsTheyCame() throws {
        let log = Log()
        let server = try Self.target(log) { _ in
            HTTPResponse(status: 202, headers: ["X-Answer": "yes", "Content-Type": "text/x"], body: [0, 255, 10])
        }
        let receiver = try Self.receiver(server.port, log)
        // Bytes that are no text, and blanks that a parser would leave out.
        let body = Array("{ \"id\" : \"e1\",\r\n".utf8) + [0, 0xFF, 0xFE] + Array(" }".utf8)
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            let answer = try Self.send(
                receiver,
                method,
                "/a%2Fb/../c?x=%20&y",
                [("x-sig", "v1=5"), ("X-Sig", "v1=6"), ("x-empty", "")],
                body
            )
            #expect(answer.status == 202 && answer.body == [0, 255, 10])
            #expect(answer.headers.contains { $0 == ("X-Answer", "yes") } && answer.headers.contains { $0 == ("Content-Type", "text/x") })
        }
        let got = log.requests.withLock { $0 }
        #expect(got.map(\.method) == ["POST", "PUT", "DELETE", "PATCH"])
        for request in got {
            #expect(request.body == body && request.target.hasSuffix("?x=%20&y"))
            let headers = request.headers.filter { !["host", "content-length"].contains($0.name.lowercased()) }.map {
                "\($0.name): \($0.value)"
            }
            #expect(headers == ["x-sig: v1=5", "X-Sig: v1=6", "x-empty: ", "via: 1.1 posthorn"])
        }
        receiver.stop()
        server.stop()
        #expect(log.arrivals.withLock { $0.map(\.status) } == [202, 202, 202, 202])
    }

    @Test func aGetIsPassedOnAndAHeadIsAnsweredHere() throws {
        let log = Log()
        let server = try Self.target(log) { .text($0.queryValue("echo_string") ?? "none") }
        let receiver = try Self.receiver(server.port, path: "/hook", log)
        #expect(try Self.send(receiver, "GET", "/?echo_string=abc", [], []).body == Array("abc".utf8))
        #expect(log.requests.withLock { $0.map(\.target) } == ["/hook?echo_string=abc"])
        receiver.stop()
        server.stop()
    }

    /// The second coming of an event is a duplicate only where the target took the first one.
    @Test func whatTheTargetAnsweredIsWhatIsWrittenDown() throws {
        let log = Log()
        let server = try Self.target(log) { [log] _ in
            .text("x", status: log.requests.withLock { $0.count } == 1 ? 503 : 200)
        }
        let receiver = try Self.receiver(server.port, log)
        #expect(try (0..<3).map { _ in try Self.send(receiver).status } == [503, 200, 200])
        receiver.stop()
        server.stop()
        let arrivals = log.arrivals.withLock { $0 }
        #expect(arrivals.map(\.timesProcessed) == [0, 1, 0] && arrivals.map(\.isDuplicate) == [false, false, true])
        #expect(arrivals.map(\.times) == [1, 2, 3] && receiver.counts.duplicates == 1)
    }

    @Test func whatThisReceiverRefusesIsNotPassedOn() throws {
        let log = Log()
        let server = try Self.target(log) { _ in .text("x", status: 201) }
        let receiver = try Self.receiver(server.port, log) { $0.misbehaviour.failFirst = 1 }
        #expect(try (0..<2).map { _ in try Self.send(receiver).status } == [500, 201])
        #expect(log.requests.withLock { $0.count } == 1)
        receiver.stop()
        server.stop()
    }

    @Test func aTargetThatIsNotThereIsABadGateway() throws {
        let log = Log()
        let server = try Self.target(log) { _ in .text("x") }
        let port = server.port
        server.stop()
        let receiver = try Self.receiver(port, log)
        #expect(try Self.send(receiver).status == 502)
        #expect(log.failures.withLock { $0.first?.hasPrefix("POST /shop?x=1 was not passed on: ") } == true)
        receiver.stop()
        #expect(log.arrivals.withLock { $0.map(\.timesProcessed) } == [0])
    }

    /// The target answers when the sender has its answer, and not before.
    @Test func whoIsAnsweredAtOnceDoesNotWaitForTheTarget() throws {
        let log = Log()
        let gate = try Waker()
        let server = try Self.target(log) { _ in
            gate.wait(milliseconds: nil)
            return .text("late", status: 500)
        }
        let receiver = try Self.receiver(server.port, log, atOnce: true)
        #expect(try Self.send(receiver).status == 200)
        #expect(log.arrivals.withLock { $0.map(\.timesProcessed) } == [1])
        gate.signal()
        // Passes on what waits before it ends.
        receiver.stop()
        #expect(log.requests.withLock { $0.map(\.body) } == [Array("{ \"id\" : \"e1\" }\n".utf8)])
        server.stop()
    }

    /// More at once than are passed on at once: each gets its own answer.
    @Test func manyAtOnceWaitForTheirTurn() throws {
        let log = Log()
        let server = try Self.target(log) { HTTPResponse(status: 200, body: $0.body) }
        let receiver = try Self.receiver(server.port, log)
        let wrong = Atomic(0)
        let threads = try (0..<64).map { number in
            try WorkerThread(name: "sender") {
                for turn in 0..<5 {
                    let body = Array("{\"id\":\"\(number)-\(turn)\"}".utf8)
                    if (try? Self.send(receiver, "POST", "/", [], body))?.body != body { wrong.add(1, ordering: .relaxed) }
                }
            }
        }
        for thread in threads { thread.join() }
        receiver.stop()
        server.stop()
        #expect(wrong.load(ordering: .relaxed) == 0 && log.requests.withLock { $0.count } == 320)
    }
}
