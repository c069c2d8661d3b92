import CPosthornTestSockets
import PosthornHTTP
import PosthornSystem
import PosthornTestSupport
import Testing

/// Decisions over requests whose bodies have not come.
@Suite(.limited()) struct HTTPDecisionTests {
    /// Wants a key, and echoes bodies of 100 bytes at most.
    private static func decide(_ head: HTTPRequestHead) -> HTTPDecision {
        if head.headers["X-Key"] != "right" { return .answer(.text("no key", status: 401)) }
        return .collect(limitBytes: 100, .immediate { .text(String(decoding: $0.body, as: UTF8.self)) })
    }

    private func server(_ change: (inout HTTPServerConfiguration) -> Void = { _ in }) throws -> HTTPServer {
        var configuration = HTTPServerConfiguration()
        change(&configuration)
        return try HTTPServer(configuration: configuration, deciding: Self.decide)
    }

    @Test func aWrongKeyIsRefusedBeforeTheBodyAndWithoutAskingForIt() throws {
        let server = try server()
        let client = try TestClient(port: server.port)
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n")
        let answer = client.readToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 401 "))
        #expect(answer.contains("\r\nConnection: close\r\n"))
    }

    @Test func theBodyOfAClientThatWaitsIsAskedForWhenItIsWanted() throws {
        let server = try server()
        let client = try TestClient(port: server.port)
        client.send("POST / HTTP/1.1\r\nHost: h\r\nX-Key: right\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        #expect(client.readAnswer() == "HTTP/1.1 100 Continue\r\n\r\n")
        client.send("hello")
        let answer = client.readAnswer()
        #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.hasSuffix("hello"))
    }

    @Test func theConnectionServesOnAfterARefusal() throws {
        let server = try server()
        let client = try TestClient(port: server.port)
        for _ in 0..<3 {
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
            #expect(client.readAnswer().hasPrefix("HTTP/1.1 401 "))
        }
        client.send("POST / HTTP/1.1\r\nHost: h\r\nX-Key: right\r\nContent-Length: 5\r\n\r\nhello")
        #expect(client.readAnswer().hasSuffix("hello"))
    }

    @Test func theLimitOfABodyIsTheDecisions() throws {
        let server = try server()
        let client = try TestClient(port: server.port)
        client.send("POST / HTTP/1.1\r\nHost: h\r\nX-Key: right\r\nContent-Length: 101\r\n\r\n")
        #expect(client.readToEnd().hasPrefix("HTTP/1.1 413 "))
    }

    @Test func headIsAnsweredAsGetWithoutTheBody() throws {
        let server = try HTTPServer { _ in .text("four") }
        let client = try TestClient(port: server.port)
        client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        let answers = client.readToEnd()
        #expect(answers.components(of: "\r\nContent-Length: 4\r\n") == 2)
        #expect(answers.components(of: "four") == 1)
        #expect(answers.hasSuffix("four"))
    }

    @Test(arguments: [204, 304]) func aStatusWithoutABodyHasNone(_ status: Int) throws {
        let server = try HTTPServer { _ in .text("nothing", status: status) }
        let client = try TestClient(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        let answer = client.readToEnd()
        #expect(answer.hasSuffix("\r\n\r\n"))
        #expect(!answer.contains("Content-Length"))
    }

    @Test func refusalsMayLookLikeTheHandlersOwnAnswers() throws {
        let server = try server { $0.refusalResponse = { .json(Array("{\"reason\":\"\($0.reason)\"}".utf8)) } }
        let client = try TestClient(port: server.port)
        client.send("GET / HTTP/1.1\r\n\r\n")
        let answer = client.readToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        #expect(answer.hasSuffix("{\"reason\":\"there is no Host field\"}"))
    }

    @Test func everyRequestIsLoggedWithTheIdOfItsAnswer() throws {
        let log = Handover<HTTPAccess>()
        let server = try server {
            $0.sendsRequestID = true
            $0.accessLog = { log.give($0) }
        }
        let client = try TestClient(port: server.port)
        client.send("POST /a?b HTTP/1.1\r\nHost: h\r\nX-Key: right\r\nContent-Length: 5\r\n\r\nhello")
        let answer = client.readAnswer()
        let record = log.next()
        #expect(answer.contains("\r\nX-Request-Id: \(record.id)\r\n"))
        #expect(record.head?.target == "/a?b")
        #expect(record.status == 200)
        #expect(record.outcome == .answered)
        #expect(record.bodyBytes == 5)
        #expect(record.answerBytes == answer.utf8.count)
        #expect(record.remoteAddress == "127.0.0.1")
        client.send("nonsense\r\n")
        _ = client.readToEnd()
        let refused = log.next()
        #expect(refused.outcome == .refused)
        #expect(refused.status == 400)
        #expect(refused.head == nil)
        #expect(refused.id != record.id)
    }

    @Test func aProxysWordAboutTheClientCountsOnlyWhereTheProxyIsNamed() throws {
        let request = "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n\r\n"
        for (range, address) in [("127.0.0.0/8", "203.0.113.9 true"), ("10.0.0.0/8", "127.0.0.1 false")] {
            var configuration = HTTPServerConfiguration()
            configuration.proxies = ProxyTrust(ranges: [try CIDR(range)])
            let server = try HTTPServer(configuration: configuration) { .text("\($0.remoteAddress) \($0.head.isSecure)") }
            let client = try TestClient(port: server.port)
            client.send(request)
            #expect(client.readAnswer().hasSuffix("\r\n\r\n\(address)"))
        }
    }

    @Test func aLimitThatNothingCanBeServedWithIsSaidInOneLine() {
        var configuration = HTTPServerConfiguration()
        configuration.headLimitBytes = 100
        let problem = #expect(throws: HTTPServerProblem.self) {
            _ = try HTTPServer(configuration: configuration) { _ in .text("") }
        }
        #expect(problem?.code == .invalidConfiguration)
        #expect(problem?.description == "cannot start the HTTP server: headLimitBytes is 100 and must be 1024 at least")
    }
}

extension String {
    /// How often a text is in it.
    func components(of text: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: text) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
