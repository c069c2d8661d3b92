import PosthornModel
import PosthornSending
import PosthornTestSupport
import Testing

@testable import Posthorn

/// Webio's custom value request over real sockets.
@Suite(.limited(), .onEachStore) struct ValueRequestTests {
    private func bench(_ url: String, timeoutMilliseconds: Int = 15_000) throws -> VendorsBench {
        let bench = try VendorsBench()
        var settings = endpoint(
            "w",
            .webio,
            url: url,
            ["api_key": "pk_live_9f3", "secret": "0123456789abcdef0123456789abcdef", "organisation_id": "4711"]
        )
        settings.timeoutMilliseconds = timeoutMilliseconds
        try bench.apply(settings, endpoint("other", .diio, url: url, ["signing_secret": "s3cr3t-of-diio"]))
        return bench
    }

    private func ask(_ bench: VendorsBench, _ text: String, _ guard: EgressGuard = VendorsBench.loopback) throws -> String {
        try bench.outbox.ask(endpoint: "w", text: text, customer: "123456", channel: "44777777777", guard: `guard`)
    }

    @Test func fillsTheTextFromTheReply() throws {
        let receiver = try MisbehavingReceiver { _ in .status(200, body: #"{"balance":"12.50 €","ID":7}"#) }
        let bench = try bench(receiver.url)
        #expect(try ask(bench, "<<ID>>: your balance is <<balance>>.") == "7: your balance is 12.50 €.")
        let request = try #require(receiver.requests.first)
        #expect(request.method == "GET")
        #expect(request.target == "/hook?customerUID=123456&outboundChannelAddress=44777777777&param1=ID&param2=balance")
        #expect(request.header("x-webio-token")?.split(separator: ".").count == 3)
        _ = try bench.outbox.ask(endpoint: "w", text: "<<ID>>", channel: "1", guard: VendorsBench.loopback)
        #expect(receiver.requests.last?.target.hasPrefix("/hook?customerUID=null&") == true)
    }

    private static let failures: [(reply: Reply, named: String)] = [
        (.status(200, body: #"{"balance":"1"}"#), "ID"), (.status(200, body: #"{"balance":"1","ID":null}"#), "ID"),
        (.status(200, body: "<html>"), "reply"), (.status(500, body: #"{"balance":"1","ID":"2"}"#), "500"),
        (.status(302, headers: [("location", "/other")]), "302"), (.silence, "deadline"), (.reset, "not filled: ID, balance"),
        (.status(200, body: "{\"balance\":\"\(String(repeating: "a", count: 100_000))\",\"ID\":1}"), "larger than 65536 bytes"),
    ]

    @Test(arguments: 0..<8)
    func aFailureIsNamedAndNothingIsHalfFilled(index: Int) throws {
        let (reply, named) = Self.failures[index]
        let receiver = try MisbehavingReceiver { _ in reply }
        let bench = try bench(receiver.url, timeoutMilliseconds: 400)
        let problem = #expect(throws: InputProblem.self) { try ask(bench, "<<ID>> and <<balance>>") }
        #expect(problem?.description.contains(named) == true, "\(problem?.description ?? "")")
        #expect(receiver.requests.count == 1)
    }

    @Test func unusableValueRequestsAreRefusedBeforeAnythingIsSent() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try bench(receiver.url)
        #expect(throws: InputProblem.self) { try ask(bench, "no field") }
        #expect(throws: InputProblem.self) { try ask(bench, "<<a>>", EgressGuard()) }
        #expect(throws: InputProblem.self) {
            try bench.outbox.ask(endpoint: "other", text: "<<a>>", channel: "1", guard: VendorsBench.loopback)
        }
        #expect(throws: InputProblem.self) {
            try bench.outbox.ask(endpoint: "nobody", text: "<<a>>", channel: "1", guard: VendorsBench.loopback)
        }
        #expect(receiver.connectionCount == 0)
    }
}
