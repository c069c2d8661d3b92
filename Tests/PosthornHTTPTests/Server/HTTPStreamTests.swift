import CPosthornTestSockets
import PosthornHTTP
import PosthornSystem
import PosthornTestSupport
import Testing

/// Bodies that are taken as they come, and answers that are written bit by bit.
@Suite(.limited()) struct HTTPStreamTests {
    private static let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    private static let chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"

    /// Gives out where to write.
    private func streaming(
        _ streams: Streams,
        isEndless: Bool = false,
        _ change: (inout HTTPServerConfiguration) -> Void = { _ in }
    ) throws -> HTTPServer {
        var configuration = HTTPServerConfiguration()
        configuration.drainLimitMilliseconds = 50
        change(&configuration)
        return try HTTPServer(configuration: configuration) { _, responder in
            responder.whenClientIsGone { streams.gone.raise() }
            if let stream = responder.stream(.text("first;"), isEndless: isEndless) { streams.begun.give(stream) }
        }
    }

    // MARK: Answers

    @Test func anAnswerIsWrittenBitByBitAndTheConnectionServesOn() throws {
        let streams = Streams()
        let server = try streaming(streams)
        let client = try TestClient(port: server.port)
        for _ in 0..<2 {
            client.send(Self.get)
            #expect(client.read(until: "6\r\nfirst;\r\n").hasPrefix("HTTP/1.1 200 "))
            let stream = streams.begun.next()
            #expect(stream.write(Array("second".utf8)) == .taken)
            #expect(client.read(until: "second").hasPrefix("6\r\nsecond"))
            stream.end()
            #expect(client.read(until: "0\r\n\r\n").hasSuffix("0\r\n\r\n"))
            #expect(stream.write([1]) == .gone)
        }
    }

    @Test func anOlderClientGetsTheBodyAsItIsUntilTheConnectionEnds() throws {
        let streams = Streams()
        let server = try streaming(streams)
        let client = try TestClient(port: server.port)
        client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        streams.begun.next().end()
        let answer = client.readToEnd()
        #expect(answer.hasSuffix("\r\n\r\nfirst;"))
        #expect(answer.contains("Connection: close"))
    }

    @Test func anAnswerThatIsDroppedHalfWayIsCut() throws {
        let streams = Streams()
        let server = try streaming(streams)
        let client = try TestClient(port: server.port)
        client.send(Self.get)
        _ = streams.begun.next()
        #expect(!client.readToEnd().hasSuffix("0\r\n\r\n"))
    }

    @Test func aWriterWaitsForItsClient() throws {
        let streams = Streams()
        let server = try streaming(streams) { $0.streamBufferLimitBytes = 100_000 }
        let client = try TestClient(port: server.port)
        client.readLittle()
        client.send(Self.get)
        let stream = streams.begun.next()
        let piece = [UInt8](repeating: 0x61, count: 50_000)
        while stream.write(piece) == .taken {}
        let room = Flag()
        stream.whenThereIsRoom { room.raise() }
        let reader = try WorkerThread(name: "reader") { _ = client.read(until: "end of it") }
        room.wait()
        #expect(stream.write(Array("end of it".utf8)) == .taken)
        reader.join()
    }

    @Test func aWriterLearnsThatItsClientIsGone() throws {
        let streams = Streams()
        let server = try streaming(streams)
        let client = try TestClient(port: server.port)
        client.send(Self.get)
        let stream = streams.begun.next()
        client.reset()
        streams.gone.wait()
        while stream.write([0x61]) != .gone {}
    }

    @Test func aStreamWithoutAnEndEndsWithItsClientsSide() throws {
        let streams = Streams()
        let server = try streaming(streams, isEndless: true)
        let client = try TestClient(port: server.port)
        client.send(Self.get)
        let stream = streams.begun.next()
        client.endSending()
        streams.gone.wait()
        #expect(!client.readToEnd().hasSuffix("0\r\n\r\n"))
        while stream.write([0x61]) != .gone {}
    }

    @Test func aServerThatStopsEndsStreamsWithoutAnEnd() throws {
        let streams = Streams()
        let server = try streaming(streams, isEndless: true)
        let client = try TestClient(port: server.port)
        client.send(Self.get)
        let stream = streams.begun.next()
        _ = client.read(until: "first;")
        server.stop()
        #expect(client.readToEnd().hasSuffix("0\r\n\r\n"))
        #expect(stream.write([0x61]) == .gone)
    }

    // MARK: Bodies

    /// Gives out who takes the body.
    private func taking(_ takers: Handover<Taker>, limitBytes: Int? = nil, pauses: Bool = false) throws -> HTTPServer {
        var configuration = HTTPServerConfiguration()
        configuration.drainLimitMilliseconds = 50
        return try HTTPServer(
            configuration: configuration,
            deciding: { _ in
                .stream(limitBytes: limitBytes) { _, responder in
                    let taker = Taker(responder, pauses: pauses)
                    takers.give(taker)
                    return taker
                }
            }
        )
    }

    @Test func aBodyIsTakenAsItComesWithoutALimit() throws {
        let takers = Handover<Taker>()
        let server = try taking(takers)
        let client = try TestClient(port: server.port)
        client.send(Self.chunked)
        let taker = takers.next()
        client.send("5\r\nhello\r\n")
        #expect(taker.next() == .bytes("hello"))
        client.send("1\r\n!\r\n0\r\n\r\n")
        #expect(taker.next() == .bytes("!"))
        #expect(taker.next() == .ended)
        taker.responder.respond(.text("6"))
        #expect(client.readAnswer().hasSuffix("\r\n\r\n6"))
        client.send(Self.chunked + "0\r\n\r\n")
        let second = takers.next()
        #expect(second.next() == .ended)
    }

    @Test func theAnswerMayBeginBeforeTheBodyEnds() throws {
        let takers = Handover<Taker>()
        let server = try taking(takers)
        let client = try TestClient(port: server.port)
        client.send(Self.chunked)
        let taker = takers.next()
        let stream = try #require(taker.responder.stream(HTTPResponse()))
        for line in ["one\n", "two\n"] {
            client.send("4\r\n\(line)\r\n")
            #expect(taker.next() == .bytes(line))
            #expect(stream.write(Array(line.utf8)) == .taken)
            #expect(client.read(until: line).contains("4\r\n\(line)"))
        }
        client.send("0\r\n\r\n")
        #expect(taker.next() == .ended)
        stream.end()
        #expect(client.read(until: "0\r\n\r\n").hasSuffix("0\r\n\r\n"))
        client.send(Self.chunked)
        _ = takers.next()
    }

    @Test func aTakerThatWantsNoMoreHoldsTheClientBack() throws {
        let takers = Handover<Taker>()
        let server = try taking(takers, pauses: true)
        let client = try TestClient(port: server.port)
        let length = 16 << 20
        let sender = try WorkerThread(name: "sender") {
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\r\n" + String(repeating: "a", count: length))
        }
        let taker = takers.next()
        var total = 0
        while total < length {
            guard case .bytes(let text) = taker.next() else { break }
            total += text.utf8.count
            // No more comes before it is asked for: one read at most is on its way.
            #expect(text.utf8.count <= 64 << 10)
            if total < length { #expect(taker.events.count == 0) }
            taker.responder.resumeBody()
        }
        #expect(total == length)
        #expect(taker.next() == .ended)
        sender.join()
        taker.responder.respond(.text("done"))
        #expect(client.readAnswer().hasSuffix("done"))
    }

    @Test func aBodyThatWillNotBecomeWholeIsSaidSo() throws {
        let takers = Handover<Taker>()
        let server = try taking(takers, limitBytes: 10)
        func fail(_ text: String, _ end: (TestClient) -> Void) throws -> Taker.Event {
            let client = try TestClient(port: server.port)
            client.send(text)
            let taker = takers.next()
            end(client)
            var event = taker.next()
            while case .bytes = event { event = taker.next() }
            return event
        }
        #expect(try fail(Self.chunked + "5\r\nhel") { $0.endSending() } == .failed(.gone))
        #expect(try fail(Self.chunked) { $0.reset() } == .failed(.gone))
        guard case .failed(.refused(let malformed)) = try fail(Self.chunked, { $0.send("x\r\n") }) else {
            return #expect(Bool(false), "it was not refused")
        }
        #expect(malformed.status == 400)
        guard case .failed(.refused(let tooLong)) = try fail(Self.chunked, { $0.send("B\r\nhello") }) else {
            return #expect(Bool(false), "it was not refused")
        }
        #expect(tooLong.status == 413)
    }

    @Test func anAnswerBeforeTheBodysEndEndsTheConnection() throws {
        let takers = Handover<Taker>()
        let server = try taking(takers)
        let client = try TestClient(port: server.port)
        client.send(Self.chunked + "5\r\nhello\r\n")
        let taker = takers.next()
        #expect(taker.next() == .bytes("hello"))
        taker.responder.respond(.text("enough", status: 429))
        let answer = client.readToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 429 ") && answer.hasSuffix("enough"))
        #expect(answer.contains("\r\nConnection: close\r\n"))
        #expect(taker.next() == .failed(.answered))
    }

    @Test func aWaitingHandlerLearnsThatItsClientIsGone() throws {
        let waiting = Handover<HTTPResponder>()
        let server = try HTTPServer { _, responder in waiting.give(responder) }
        let client = try TestClient(port: server.port)
        client.send(Self.get)
        let responder = waiting.next()
        let gone = Flag()
        responder.whenClientIsGone { gone.raise() }
        client.reset()
        gone.wait()
        let late = Flag()
        responder.whenClientIsGone { late.raise() }
        late.wait()
        responder.respond(.text("to nobody"))
    }
}

/// Streams that have been begun, and whether their client is gone.
private final class Streams: Sendable {
    let begun = Handover<HTTPResponseStream>()
    let gone = Flag()
}

/// Takes a body as it comes, and hands over what came.
private final class Taker: HTTPBodyConsumer {
    enum Event: Equatable {
        case bytes(String)
        case ended
        case failed(HTTPBodyFailure)
    }

    let responder: HTTPResponder
    let events = Handover<Event>()
    private let pauses: Bool

    init(_ responder: HTTPResponder, pauses: Bool) {
        self.responder = responder
        self.pauses = pauses
    }

    func received(_ bytes: Span<UInt8>) -> Bool {
        events.give(.bytes(bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }))
        return !pauses
    }

    func ended() { events.give(.ended) }

    func failed(_ failure: HTTPBodyFailure) { events.give(.failed(failure)) }

    func next() -> Event { events.next() }
}
