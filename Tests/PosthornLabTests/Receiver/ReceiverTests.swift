import PosthornHTTP
import PosthornLab
import PosthornSystem
import Synchronization
import CPosthornTestSockets
import PosthornTestSupport
import Testing

@Suite(.limited()) struct ReceiverTests {
    private func post(_ body: String) -> String {
        "POST /hook HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test func receiverReportsAnswersAndCountsEachRequest() throws {
        let seen = Mutex<[String]>([])
        let receiver = try Receiver(
            server: HTTPServerConfiguration(),
            check: { $0.headers["x-sign"] == "right" ? .valid : .unchecked },
            observe: { arrival, request in seen.withLock { $0.append("\(arrival.identity?.id ?? "-") \(request.body.count)") } }
        )
        let client = try TestClient(port: receiver.port)
        client.send(post(#"{"id":"a","type":"T"}"#))
        #expect(client.readAnswer().hasPrefix("HTTP/1.1 200 OK\r\n"))
        client.send(post(#"{"id":"a","type":"T"}"#))
        #expect(client.readAnswer().hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(seen.withLock { $0 } == ["a 21", "a 21"])
        #expect(receiver.counts.events == 2)
        #expect(receiver.counts.duplicates == 1)
    }

    @Test func aDelayedAnswerHoldsUpNobodyElse() throws {
        var configuration = ReceiverConfiguration()
        configuration.misbehaviour.delayMilliseconds = 3_600_000
        var server = HTTPServerConfiguration()
        server.threads = 1
        let arrived = try Waker()
        let receiver = try Receiver(server: server, configuration: configuration, observe: { _, _ in arrived.signal() })
        let slow = try TestClient(port: receiver.port)
        slow.send(post(#"{"id":"a"}"#))
        arrived.wait(milliseconds: nil)
        let browser = try TestClient(port: receiver.port)
        browser.send("GET / HTTP/1.1\r\nHost: h\r\nAccept: text/html\r\n\r\n")
        #expect(browser.readAnswer().hasPrefix("HTTP/1.1 200 OK\r\n"))
        // Stopping answers at once what would have been answered in an hour.
        receiver.stop()
        #expect(slow.readToEnd().hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    /// The sender that has given up on an answer comes again, and that is a retry.
    @Test func aDelayedAnswerThatNobodyWaitedForMakesNoDuplicate() throws {
        var configuration = ReceiverConfiguration()
        configuration.misbehaviour.delayMilliseconds = 3_600_000
        let arrivals = Mutex<[PosthornLab.ReceivedRequest]>([])
        let arrived = try Waker()
        let receiver = try Receiver(
            server: HTTPServerConfiguration(),
            configuration: configuration,
            observe: { arrival, _ in
                arrivals.withLock { $0.append(arrival) }
                arrived.signal()
            }
        )
        let first = try TestClient(port: receiver.port)
        first.send(post(#"{"id":"a"}"#))
        while arrivals.withLock({ $0.count }) < 1 { arrived.wait(milliseconds: nil) }
        first.reset()
        let second = try TestClient(port: receiver.port)
        second.send(post(#"{"id":"a"}"#))
        while arrivals.withLock({ $0.count }) < 2 { arrived.wait(milliseconds: nil) }
        let seen = arrivals.withLock { $0 }
        #expect(seen[0].isNew && seen[0].timesProcessed == 1)
        #expect(!seen[1].isDuplicate && !seen[1].isNew && seen[1].timesProcessed == 0 && seen[1].times == 2)
        receiver.stop()
        #expect(second.readToEnd().hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test func shortDelaysEnd() throws {
        var configuration = ReceiverConfiguration()
        configuration.misbehaviour.delayMilliseconds = 5
        let receiver = try Receiver(server: HTTPServerConfiguration(), configuration: configuration)
        let clients = try (0..<20).map { _ in try TestClient(port: receiver.port) }
        for (i, client) in clients.enumerated() { client.send(post(#"{"id":"\#(i)"}"#)) }
        for client in clients { #expect(client.readAnswer().hasPrefix("HTTP/1.1 200 OK\r\n")) }
    }

    @Test func hangingUpIsWhatTheSenderSees() throws {
        var configuration = ReceiverConfiguration()
        configuration.misbehaviour.faults = [Misbehaviour.Fault(.hangUp, probability: 1)]
        let receiver = try Receiver(server: HTTPServerConfiguration(), configuration: configuration)
        let client = try TestClient(port: receiver.port)
        client.send(post(#"{"id":"a"}"#))
        #expect(client.readToEnd() == "")
        #expect(receiver.counts.hangUps == 1)
    }
}
