import CPosthornTestSockets
import PosthornHTTP
import PosthornTestSupport
import Synchronization
import Testing

/// How a loop divides its time between connections.
@Suite(.limited()) struct HTTPTurnTests {
    /// Bytes of bodies that have been handed over.
    private final class Total: Sendable { let bytes = Atomic(0) }

    private final class Counting: HTTPBodyConsumer {
        private let total: Total
        init(_ total: Total) { self.total = total }

        func received(_ bytes: Span<UInt8>) -> Bool {
            total.bytes.add(bytes.count, ordering: .relaxed)
            return true
        }

        func ended() {}
        func failed(_ failure: HTTPBodyFailure) {}
    }

    /// All of them could hand over a megabyte each before it is the next one's turn, and a small request waits behind them.
    @Test func aSmallRequestDoesNotWaitForAllOfTheBodiesThatHaveCome() throws {
        let (clients, bodyBytes) = (40, 512 << 10)
        let total = Total()
        let (begun, asked, isBlocked) = (Handover<Void>(), Handover<Int>(), Flag())
        let mayGoOn = Flag()
        var configuration = HTTPServerConfiguration()
        configuration.threads = 1
        configuration.drainLimitMilliseconds = 50
        let server = try HTTPServer(configuration: configuration) { head in
            switch head.target.path {
            case "/body":
                begun.give(())
                return .stream(limitBytes: nil) { _, _ in Counting(total) }
            case "/block":
                isBlocked.raise()
                mayGoOn.wait()
            case "/ask": asked.give(total.bytes.load(ordering: .relaxed))
            default: break
            }
            return .answer(.text("here"))
        }
        let senders = try (0..<clients).map { _ in try TestClient(port: server.port) }
        for sender in senders {
            sender.send("POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: \(8 << 20)\r\n\r\n")
            begun.next()
        }
        let small = try TestClient(port: server.port)
        small.send("GET /first HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(small.readAnswer().hasSuffix("here"))
        let blocking = try TestClient(port: server.port)
        blocking.send("GET /block HTTP/1.1\r\nHost: h\r\n\r\n")
        isBlocked.wait()
        let body = [UInt8](repeating: 0x61, count: bodyBytes)
        for sender in senders { sender.send(bytes: body) }
        small.send("GET /ask HTTP/1.1\r\nHost: h\r\n\r\n")
        mayGoOn.raise()
        let before = asked.next()
        // One read of each, and what a turn has beside that.
        #expect(before <= clients * (64 << 10) + (1 << 20) + (64 << 10))
        #expect(before < clients * bodyBytes / 2)
    }
}
