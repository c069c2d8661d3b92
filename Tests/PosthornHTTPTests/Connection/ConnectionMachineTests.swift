import Testing

@testable import PosthornHTTP

/// What a connection decides, without a socket.
@Suite struct ConnectionMachineTests {
    /// A reference, so that expectations can be about what changes it.
    private final class Connection {
        private(set) var machine = ConnectionMachine(RequestParser.Limits())

        func next(_ bytes: Span<UInt8>, _ position: inout Int) -> ConnectionMachine.Step { machine.next(bytes, &position) }
        func accept(limit: Int?, isStreamed: Bool) -> ConnectionMachine.Acceptance {
            machine.accept(limit: limit, isStreamed: isStreamed)
        }
        func decline() { machine.decline() }
        func beginAnswer(isWhole: Bool = true) -> Bool { machine.beginAnswer(closes: false, isWhole: isWhole) }
        func endAnswer() -> ConnectionMachine.Aftermath { machine.endAnswer() }
        func endClient() -> Bool { machine.endClient() }
        func endInput() -> Bool { machine.endInput() }
        func stop() -> Bool { machine.stop() }
    }

    private let connection = Connection()

    /// Feeds text, and gives the first step that asks for something.
    private func step(_ text: String) -> ConnectionMachine.Step {
        let bytes = Array(text.utf8)
        var position = 0
        return connection.next(bytes.span, &position)
    }

    private func begin(_ fields: String, limit: Int? = 1 << 20, isStreamed: Bool = false) -> ConnectionMachine.Acceptance {
        _ = step("POST /one HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        return connection.accept(limit: limit, isStreamed: isStreamed)
    }

    @Test func theDecisionIsAskedForBeforeAByteOfTheBody() {
        let bytes = Array("POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi".utf8)
        var position = 0
        guard case .decide(let head) = connection.next(bytes.span, &position) else {
            return #expect(Bool(false), "no decision is asked for")
        }
        #expect(head.target == "/one")
        #expect(position == bytes.count - 2)
    }

    @Test func continueIsSaidOnlyToWhoWaitsForIt() {
        #expect(begin("Content-Length: 2\r\nExpect: 100-continue\r\n") == .proceed(sendsContinue: true))
    }

    @Test func continueIsNotSaidWithoutABodyOrAWish() {
        #expect(begin("Expect: 100-continue\r\n") == .proceed(sendsContinue: false))
    }

    @Test func aBodyThatIsAnnouncedTooLongIsRefusedWithoutContinue() {
        guard case .refuse(let refusal) = begin("Content-Length: 3\r\nExpect: 100-continue\r\n", limit: 2) else {
            return #expect(Bool(false), "it was accepted")
        }
        #expect(refusal.status == 413)
        #expect(connection.beginAnswer())
        #expect(connection.endAnswer() == .linger)
    }

    @Test func shortUnwantedBodiesAreDrained() {
        _ = step("POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
        connection.decline()
        #expect(!connection.beginAnswer())
        #expect(connection.endAnswer() == .next)
        guard case .decide(let head) = step("helloGET /two HTTP/1.1\r\nHost: a\r\n\r\n") else {
            return #expect(Bool(false), "the next request was not read")
        }
        #expect(head.target == "/two")
    }

    @Test(arguments: ["Content-Length: 65537\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\nExpect: 100-continue\r\n"])
    func anUnwantedBodyEndsTheConnectionWhenItsEndIsFarOrUnknown(_ fields: String) {
        _ = step("POST /one HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        connection.decline()
        #expect(connection.beginAnswer())
        #expect(connection.endAnswer() == .linger)
    }

    @Test func furtherRequestsWaitForTheAnswer() {
        #expect(begin("") == .proceed(sendsContinue: false))
        guard case .bodyEnded = step("") else { return #expect(Bool(false), "the request is not whole") }
        guard case .held = step("GET /two HTTP/1.1\r\nHost: a\r\n\r\n") else { return #expect(Bool(false), "the second was read") }
        #expect(!connection.machine.wantsInput)
        _ = connection.beginAnswer()
        #expect(connection.endAnswer() == .next)
        guard case .decide = step("GET /two HTTP/1.1\r\nHost: a\r\n\r\n") else { return #expect(Bool(false), "the second was not read") }
    }

    @Test func anAnswerBeforeTheBodysEndEndsTheConnection() {
        _ = begin("Content-Length: 9\r\n", isStreamed: true)
        #expect(connection.beginAnswer())
        #expect(connection.endAnswer() == .linger)
    }

    @Test func aStreamedAnswerMayBeginBeforeTheBodysEnd() {
        _ = begin("Content-Length: 2\r\n", isStreamed: true)
        #expect(!connection.beginAnswer(isWhole: false))
        guard case .body = step("hi") else { return #expect(Bool(false), "the body was not read on") }
        guard case .bodyEnded = step("") else { return #expect(Bool(false), "the body did not end") }
        #expect(connection.endAnswer() == .next)
    }

    @Test func aBodyThatBreaksAfterItsAnswerHasBegunIsCut() {
        _ = begin("Transfer-Encoding: chunked\r\n", isStreamed: true)
        _ = connection.beginAnswer(isWhole: false)
        guard case .abort = step("x\r\n") else { return #expect(Bool(false), "there can be no second answer") }
    }

    @Test func aClientThatHasEndedItsSideStillGetsItsAnswer() {
        _ = begin("")
        _ = step("")
        #expect(connection.endClient())
        #expect(!connection.endClient(), "it is said once")
        #expect(!connection.endInput())
        #expect(connection.machine.timer == .halfClosed)
        #expect(!connection.beginAnswer())
        #expect(connection.endAnswer() == .next)
        #expect(connection.endInput())
    }

    @Test func everyPhaseHasItsLimitOfTime() {
        #expect(connection.machine.timer == .idle)
        _ = step("\r\n")
        #expect(connection.machine.timer == .idle, "an empty line is not the beginning of a request")
        _ = step("G")
        #expect(connection.machine.timer == .head)
        _ = step("ET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n")
        #expect(connection.machine.timer == .body)
        _ = connection.accept(limit: nil, isStreamed: true)
        #expect(connection.machine.timer == .bodyProgress)
        _ = step("hi")
        _ = step("")
        #expect(connection.machine.timer == .handler)
        _ = connection.beginAnswer(isWhole: false)
        #expect(connection.machine.timer == .none)
        _ = connection.endAnswer()
        #expect(connection.machine.timer == .idle)
    }

    @Test func aServerThatStopsClosesWhatIsIdleAndEndsTheRestWithItsAnswer() {
        let idle = Connection()
        #expect(idle.stop())
        _ = begin("")
        _ = step("")
        #expect(!connection.stop())
        #expect(connection.beginAnswer())
        #expect(connection.endAnswer() == .close)
    }
}
