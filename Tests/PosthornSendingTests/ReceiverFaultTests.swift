import PosthornModel
import PosthornSending
import PosthornSystem
import PosthornTestSupport
import Testing

/// What misbehaving receivers do, and what is recorded for it. Real sockets throughout.
@Suite(.limited()) struct ReceiverFaultTests {
    private func outcome(
        timeout: Int = 20_000,
        options: MisbehavingReceiver.Options = .init(),
        body: String = "{}",
        _ behaviour: @escaping MisbehavingReceiver.Behaviour
    ) throws -> AttemptOutcome {
        let receiver = try MisbehavingReceiver(options, behaviour)
        return try #require(try Bench().outcome(of: receiver.url, body: body, timeout: timeout))
    }

    @Test(arguments: [201, 202, 204, 206, 400, 401, 404, 410, 500, 503])
    func everyStatusBut200IsAFailure(_ status: Int) throws {
        let outcome = try outcome { _ in status == 204 ? .raw(Reply.head(204, [])) : .status(status, body: "no") }
        #expect(outcome.status == status)
        #expect(outcome.error == .status)
        #expect(!outcome.succeeded)
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func redirectsAreNeverFollowed(_ status: Int) throws {
        let elsewhere = try MisbehavingReceiver { _ in .ok }
        let outcome = try outcome { _ in .status(status, headers: [("location", elsewhere.url)]) }
        #expect(outcome.status == status)
        #expect(outcome.error == .status)
        #expect(elsewhere.connectionCount == 0)
    }

    @Test func aReceiverThatNeverAnswersFailsAtTheDeadline() throws {
        let outcome = try outcome(timeout: 150) { _ in .silence }
        #expect(outcome.error == .timeout)
        #expect(outcome.status == nil)
        #expect(outcome.durationMicroseconds >= 150_000)
    }

    @Test func theDeadlineCoversHeadersThatTrickle() throws {
        let outcome = try outcome(timeout: 200) { _ in Reply([.drip(Array(Reply.head(200, []).utf8), everyMilliseconds: 50)]) }
        #expect(outcome.error == .timeout)
        #expect(outcome.status == nil)
    }

    @Test func theDeadlineCoversABodyThatTrickles() throws {
        let outcome = try outcome(timeout: 200) { _ in
            Reply.raw(Reply.head(200, [("content-length", "1000")])).then(
                .drip([UInt8](repeating: 0x61, count: 1000), everyMilliseconds: 50)
            )
        }
        #expect(outcome.error == .timeout)
        #expect(!outcome.succeeded)
    }

    @Test(arguments: [Reply.close, .reset])
    func aConnectionThatEndsBeforeTheAnswerIsClosed(_ reply: Reply) throws {
        #expect(try outcome { _ in reply }.error == .closed)
    }

    @Test(arguments: [Reply.close, .reset])
    func aConnectionThatEndsBeforeTheRequestIsClosed(_ reply: Reply) throws {
        var options = MisbehavingReceiver.Options()
        options.greeting = reply
        let outcome = try outcome(options: options) { _ in .ok }
        #expect(outcome.error == .closed || outcome.error == .connect, "\(outcome)")
    }

    @Test(arguments: [Reply.Step.reset, .close])
    func aWholeHeadWith200IsASuccessWhateverHappensToTheBody(_ step: Reply.Step) throws {
        let outcome = try outcome { _ in
            Reply.raw(Reply.head(200, [("content-length", "1000")]) + "part").then(.wait(milliseconds: 20), step)
        }
        #expect(outcome.succeeded, "\(outcome)")
        #expect(outcome.response == Array("part".utf8))
    }

    @Test(arguments: ["HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n", "HTTP/1.1 200 OK\r\ncontent-le", "HTTP/1.1 200 O"])
    func aHeadThatIsCutIsNoSuccess(_ text: String) throws {
        let outcome = try outcome { _ in Reply.raw(text).then(.close) }
        #expect(outcome.error == .closed, "\(outcome)")
        #expect(outcome.status == nil)
    }

    @Test func anEndlessBodyIsReadToTheCapAndTheStatusDecides() throws {
        let block = [UInt8](repeating: 0x62, count: 50_000)
        let good = try outcome { _ in Reply.raw(Reply.head(200, [])).then(.repeatForEver(block)) }
        #expect(good.succeeded, "\(good)")
        #expect(good.response.count == AttemptOutcome.excerptLimitBytes)
        let bad = try outcome { _ in Reply.raw(Reply.head(500, [])).then(.repeatForEver(block)) }
        #expect(bad.status == 500)
        #expect(bad.error == .status)
    }

    /// Compression is never asked for and never undone: what counts is what came over the wire.
    @Test(arguments: [40 << 20, 200 << 20]) func aGzipBombIsReadAsTheBytesItIs(_ inflatedBytes: Int) throws {
        let bomb = try GzipBomb(inflatedBytes: inflatedBytes)
        let receiver = try MisbehavingReceiver { request in bomb.reply(request.method == "GET" ? 200 : 500) }
        let bench = try Bench()
        let bad = try #require(try bench.outcome(of: receiver.url))
        #expect(bad.status == 500 && bad.error == .status, "\(bad)")
        let good = try #require(try bench.outcome(of: receiver.url, body: "q=1", method: .get))
        #expect(good.succeeded, "\(good)")
        #expect(good.response == Array(bomb.bytes.prefix(AttemptOutcome.excerptLimitBytes)))
        let single = try SingleRequest.perform(
            EndpointURL(receiver.url),
            timeoutMilliseconds: 20_000,
            guard: EgressGuard(allow: [try CIDR("127.0.0.0/8")])
        )
        #expect(single.body == Array(bomb.bytes.prefix(65_536)))
        #expect(single.isTruncated == (bomb.bytes.count > 65_536))
        #expect(receiver.requests.allSatisfy { $0.header("accept-encoding") == nil && $0.header("te") == nil })
    }

    @Test(arguments: [
        Reply.raw("HTTP/1.1 200 OK\r\nx: ").then(.repeatForEver([UInt8](repeating: 0x61, count: 50_000))),
        Reply.raw("HTTP/1.1 200 OK\r\n").then(.repeatForEver(Array("x-header: some value or other\r\n".utf8))),
        Reply([.repeatForEver(Array("HTTP/1.1 103 Early\r\nlink: x\r\n\r\n".utf8))]),
        Reply.raw("HTTP/1.1 200 OK\r\nx: \(String(repeating: "a", count: 200_000))\r\n\r\n"),
    ])
    func headsLargerThanAnyRealOneAreTheReceiversFault(_ reply: Reply) throws {
        let outcome = try outcome { _ in reply }
        #expect(outcome.error == .headersTooLarge)
        #expect(outcome.errorText == "the answer's head is larger than 65536 bytes")
    }

    @Test(arguments: ["HTTP/1.1 200x\r\n", "HTTP/1.1 200,\r\n", "HTTP/1.1 500 No\r\nHTTP/1.1 200 OK\r\n"])
    func anAnswerThatOnlyLooksLikeSuccessIsAFailure(_ start: String) throws {
        let outcome = try outcome { _ in Reply.raw(start + "Content-Length: 2\r\n\r\nok") }
        #expect(outcome.error == .badResponse && outcome.status == nil, "\(outcome)")
    }

    @Test func aSwitchOfProtocolsFailsAtOnce() throws {
        let outcome = try outcome { _ in Reply.raw(Reply.head(101, [("upgrade", "websocket")])).then(.stall) }
        #expect(outcome.status == 101)
        #expect(outcome.error == .status)
    }

    @Test(arguments: [
        "hello\r\n\r\n", "ICY 200 OK\r\n\r\n", "HTTP/1.1 0200 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n",
    ])
    func anAnswerThatIsNotHTTPIsABadResponse(_ text: String) throws {
        let outcome = try outcome { _ in Reply.raw(text).then(.close) }
        #expect(outcome.error == .badResponse, "\(outcome)")
    }

    @Test func aLargeBodyIsSentWithoutWaitingForPermission() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let body = "\"" + String(repeating: "x", count: 2_000_000) + "\""
        let outcome = try #require(try Bench().outcome(of: receiver.url, body: body))
        #expect(outcome.succeeded, "\(outcome)")
        let request = try #require(receiver.requests.first)
        #expect(request.header("expect") == nil)
        #expect(request.body == Array(body.utf8))
    }

    @Test func anAnswerBeforeTheEndOfTheUploadIsRecordedAsSeen() throws {
        var options = MisbehavingReceiver.Options()
        options.onHead = Reply.status(200, body: "early").then(.wait(milliseconds: 20), .close)
        let outcome = try outcome(options: options, body: String(repeating: "y", count: 3_000_000)) { _ in .ok }
        #expect(outcome.status == 200 || outcome.error == .closed, "\(outcome)")
    }

    @Test func aRefusedConnectionFailsAtOnce() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        receiver.stop()
        let outcome = try #require(try Bench().outcome(of: receiver.url))
        #expect(outcome.error == .connect)
        #expect(outcome.address.isEmpty)
    }

    @Test(arguments: [429, 503])
    func theReceiversWishToWaitIsRecorded(_ status: Int) throws {
        #expect(try outcome { _ in .status(status, headers: [("Retry-After", "120")]) }.retryAfterMilliseconds == 120_000)
        #expect(try outcome { _ in .status(status, headers: [("retry-after", "soon")]) }.retryAfterMilliseconds == nil)
    }

    @Test func anEventThatCannotBeBuiltIsAnOutcome() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let outcome = try #require(try Bench().outcome(of: receiver.url, body: "unbuildable"))
        #expect(outcome.error == .unbuildable)
        #expect(outcome.errorText.contains("data.id"))
        #expect(receiver.connectionCount == 0)
    }

    @Test func aGetCarriesItsPayloadInTheQuery() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try Bench()
        let first = try bench.outcome(of: receiver.url + "?k=1", body: "a=b%20c&d=%26", method: .get)
        #expect(first?.succeeded == true)
        let second = try bench.outcome(of: receiver.url, body: "z=1", method: .get)
        #expect(second?.succeeded == true)
        #expect(receiver.requests.map(\.target) == ["/hook?k=1&a=b%20c&d=%26", "/hook?z=1"])
        #expect(receiver.requests.allSatisfy { $0.method == "GET" && $0.body.isEmpty && $0.header("content-type") == nil })
    }
}
