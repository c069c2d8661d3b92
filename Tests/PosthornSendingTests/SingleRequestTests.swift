import PosthornModel
import PosthornSending
import PosthornSystem
import PosthornTestSupport
import Testing

@Suite(.limited()) struct SingleRequestTests {
    private func perform(
        _ url: String,
        query: String = "",
        timeout: Int = 20_000,
        limit: Int = 65_536,
        egress: EgressGuard? = nil
    ) throws -> SingleResponse {
        try SingleRequest.perform(
            try EndpointURL(url),
            query: Array(query.utf8),
            headers: Array("x-key: v\r\nx-other: w".utf8),
            timeoutMilliseconds: timeout,
            bodyLimitBytes: limit,
            guard: egress ?? EgressGuard(allow: [try CIDR("127.0.0.0/8")])
        )
    }

    private func error(_ work: () throws -> SingleResponse) -> AttemptError? {
        do {
            _ = try work()
            return nil
        } catch { return (error as? SingleRequestProblem)?.error }
    }

    @Test func theAnswerComesBackWhateverItsStatus() throws {
        let receiver = try MisbehavingReceiver { $0.target.contains("echo") ? .status(200, body: "abc") : .status(404) }
        let answer = try perform(receiver.url + "?a=1", query: "echo_string=abc")
        #expect(answer.status == 200)
        #expect(answer.body == Array("abc".utf8))
        #expect(answer.address == "127.0.0.1:\(receiver.port)")
        #expect(try perform(receiver.url).status == 404)
        #expect(receiver.requests.map(\.target) == ["/hook?a=1&echo_string=abc", "/hook"])
        #expect(receiver.requests.allSatisfy { $0.header("x-key") == "v" && $0.header("x-other") == "w" })
    }

    @Test func anOversizedAnswerIsCutAndSaysSo() throws {
        let receiver = try MisbehavingReceiver { _ in .status(200, body: String(repeating: "x", count: 5000)) }
        let answer = try perform(receiver.url, limit: 2000)
        #expect(answer.isTruncated)
        #expect(answer.body.count == 2000)
        #expect(try !perform(receiver.url, limit: 5000).isTruncated)
    }

    @Test func redirectsAreAnswersAndNotFollowed() throws {
        let elsewhere = try MisbehavingReceiver { _ in .ok }
        let receiver = try MisbehavingReceiver { _ in .status(302, headers: [("location", elsewhere.url)]) }
        #expect(try perform(receiver.url).status == 302)
        #expect(elsewhere.connectionCount == 0)
    }

    @Test func failuresHaveTheirClass() throws {
        let silent = try MisbehavingReceiver { _ in .silence }
        let closing = try MisbehavingReceiver { _ in .close }
        #expect(error { try perform(silent.url, timeout: 150) } == .timeout)
        #expect(error { try perform(closing.url) } == .closed)
        #expect(error { try perform("https://nobody.invalid/") } == .dns)
        closing.stop()
        #expect(error { try perform(closing.url) } == .connect)
    }

    @Test func theGuardIsAsked() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        for host in ["127.0.0.1", "localhost", "0"] {
            #expect(error { try perform("http://\(host):\(receiver.port)/", egress: EgressGuard()) } == .refusedAddress)
        }
        #expect(receiver.connectionCount == 0)
        #expect(try perform("http://localhost:\(receiver.port)/").status == 200)
    }
}
