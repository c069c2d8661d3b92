import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornAPI

/// What is refused before any handler is asked.
@Suite(.limited()) struct GateTests {
    private let bench: APIBench

    init() throws { bench = try APIBench() }

    @Test func pathsThatThereAreNotAre404AndOtherMethods405WithAllow() throws {
        #expect(bench.ask("GET", "/v1/nothing").problem == "not-found")
        #expect(bench.ask("GET", "/v1/events/").status == 404)
        let wrong = bench.ask("DELETE", "/v1/events")
        #expect(wrong.status == 405 && wrong.headers["Allow"] == "GET, HEAD, POST")
        #expect(bench.ask("HEAD", "/v1/nodes").status == 200)
    }

    @Test func aSlashThatIsEncodedIsPartOfAnID() throws {
        let answer = bench.ask("GET", "/v1/nodes/a%2Fb")
        #expect(answer.status == 404 && answer.json["detail"]?.string == "there is no node a/b")
    }

    @Test func withoutAKeyOnlyProgramsOfThisMachineAreLetIn() throws {
        #expect(bench.ask("GET", "/v1/nodes").status == 200)
        let strangers = [
            ("Origin", "http://evil.example"), ("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.1"), ("Via", "1.1 a"),
            ("Sec-Fetch-Site", "cross-site"),
        ]
        for sign in strangers { #expect(bench.ask("GET", "/v1/nodes", headers: [sign]).status == 401, "\(sign)") }
    }

    /// A name of another site that leads to this machine (DNS rebinding).
    @Test(arguments: [
        ("localhost", true), ("localhost:8080", true), ("127.0.0.1:8080", true), ("[::1]:8080", true), ("127.9.9.9", true),
        ("evil.example", false), ("evil.example:8080", false), ("", false), ("127.0.0.1.evil.example", false), ("[2001:db8::1]:80", false),
    ])
    func hostsOfThisMachineAreTold(_ host: String, _ isLoopback: Bool) {
        #expect(Gate.isLoopback(host: host) == isLoopback)
    }

    @Test func fromTheFirstKeyOnOnlyKeysAreLetInAlsoWhenItIsRevoked() throws {
        let key = try bench.key(nil, .admin)
        #expect(bench.ask("GET", "/v1/nodes").status == 401)
        #expect(bench.ask("GET", "/v1/nodes", key: key).status == 200)
        let refused = bench.ask("GET", "/v1/nodes", key: "phk_0123456789ab_0000000000000000000000000000000000000000000")
        #expect(refused.problem == "no-key" && refused.headers["WWW-Authenticate"] == "Bearer realm=\"posthorn\"")
        try bench.outbox.revokeAccessKey(try bench.outbox.accessKeys()[0].id)
        try bench.api.book.refresh()
        #expect(bench.ask("GET", "/v1/nodes", key: key).status == 401)
        #expect(bench.ask("GET", "/v1/nodes").status == 401)
    }

    @Test func aKeyOpensNothingFromTheMomentOnThatItExpires() throws {
        let key = try bench.key(nil, .read, lifetimeMilliseconds: 1000)
        bench.clock.advance(by: 999)
        #expect(bench.ask("GET", "/v1/nodes", key: key).status == 200)
        bench.clock.advance(by: 1)
        #expect(bench.ask("GET", "/v1/nodes", key: key).status == 401)
    }

    @Test func aRightThatAKeyLacksIs403() throws {
        let key = try bench.key("c1", .emit)
        #expect(bench.ask("GET", "/v1/nodes", key: key).problem == "forbidden")
        #expect(bench.ask("POST", "/v1/events", key: key, body: "{}").problem == "invalid-body")
    }

    @Test func twoKeysOrAnotherSchemeAreNone() throws {
        let key = try bench.key(nil, .read)
        #expect(bench.ask("GET", "/v1/nodes", key: key, headers: [("Authorization", "Bearer \(key)")]).status == 401)
        #expect(bench.ask("GET", "/v1/nodes", headers: [("Authorization", "Basic \(key)")]).status == 401)
        #expect(bench.ask("GET", "/v1/nodes", headers: [("Authorization", "bearer \(key)")]).status == 200)
    }

    @Test func formsThatAreNotAcceptableAre406And415() throws {
        #expect(bench.ask("GET", "/v1/nodes", headers: [("Accept", "text/html")]).status == 406)
        #expect(bench.ask("GET", "/v1/nodes", headers: [("Accept", "text/html, application/*;q=0.5")]).status == 200)
        #expect(bench.ask("GET", "/v1/nodes", headers: [("Accept", "application/json;q=0")]).status == 406)
        #expect(bench.ask("POST", "/v1/events", body: "{}", type: "text/plain").status == 415)
        #expect(bench.ask("POST", "/v1/events", body: "{}", type: "application/json; charset=latin1").status == 415)
        #expect(bench.ask("POST", "/v1/events", body: "{}", headers: [("Content-Encoding", "gzip")]).status == 415)
    }

    @Test func aBodyThatIsTooLongIsRefusedByItsHead() throws {
        let long = #"{"type":"\#(String(repeating: "a", count: 5000))","node":"c1"}"#
        let answer = bench.ask("POST", "/v1/recipients", body: long)
        #expect(answer.status == 413 && answer.json["detail"]?.string.contains("4096 bytes") == true)
    }

    @Test func everyParameterThatIsWrongIsNamed() throws {
        let answer = bench.ask("GET", "/v1/deliveries?state=lost&limit=0&stat=held&event=a&event=b&cursor=0&after=noon")
        #expect(answer.status == 400)
        #expect(answer.faults == ["state", "limit", "stat", "event", "cursor", "after"])
        #expect(answer.text.contains("did you mean state") || answer.text.contains("\\\"state\\\"") || answer.text.contains("state"))
    }
}
