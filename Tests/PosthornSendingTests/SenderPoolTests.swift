import PosthornModel
import PosthornSending
import PosthornSystem
import PosthornTestSupport
import Testing

@Suite struct SenderPoolTests {
    @Test func aJobReachesItsReceiverAsComposed() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try Bench()
        bench.send(to: receiver, body: "{\"a\":1}", id: 7)
        let outcome = try #require(bench.waitForResults(1).first).outcome
        #expect(outcome.succeeded, "\(outcome)")
        #expect(outcome.status == 200)
        #expect(outcome.response == Array("ok".utf8))
        #expect(outcome.address == "127.0.0.1:\(receiver.port)")
        let request = try #require(receiver.requests.first)
        #expect(request.method == "POST")
        #expect(request.target == "/hook")
        #expect(request.body == Array("{\"a\":1}".utf8))
        #expect(request.count(of: "content-type") == 1)
        #expect(request.header("x-delivery") == "1")
        #expect(request.header("expect") == nil)
    }
}
