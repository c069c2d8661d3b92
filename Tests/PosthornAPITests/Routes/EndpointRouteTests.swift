import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornSending
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornAPI

/// Endpoints: made, changed, removed, and what happens to their secrets.
@Suite(.limited()) struct EndpointRouteTests {
    private let bench: APIBench

    init() throws { bench = try APIBench() }

    private static let new = #"{"id":"new","node":"c1","url":"https://new.example/","vendor":"weseedo"}"#

    @Test func anEndpointIsMadeOnce() throws {
        let made = bench.ask("POST", "/v1/endpoints", body: Self.new)
        #expect(made.status == 201 && made.headers["Location"] == "/v1/endpoints/new" && made.headers["ETag"] != nil)
        #expect(made.json["state"] == .string("active") && made.json["vendor"] == .string("weseedo"))
        #expect(bench.ask("POST", "/v1/endpoints", body: Self.new).problem == "conflict")
        let unnamed = bench.ask("POST", "/v1/endpoints", body: #"{"node":"c1","url":"https://n.example/","vendor":"weseedo"}"#)
        #expect(unnamed.status == 201 && unnamed.json["id"]?.string.hasPrefix("ep_") == true)
    }

    @Test func problemsAreNamedByTheirPointer() throws {
        func faults(_ body: String) -> [String] { bench.ask("POST", "/v1/endpoints", body: body).faults }
        #expect(faults(#"{"id":"n","node":"c1","url":"ftp://x/","vendor":"weseedo"}"#) == ["/url"])
        #expect(faults(#"{"id":"n","node":"nowhere","url":"https://x.example/","vendor":"weseedo"}"#) == ["/node"])
        #expect(faults(#"{"id":"n","node":"c1","url":"https://x.example/","vendor":"weseedo","timeout_ms":0}"#) == ["/timeout_ms"])
        #expect(
            faults(#"{"id":"n","node":"c1","url":"https://x.example/","vendor":"weseedo","retry":["soon"]}"#).first?.hasPrefix("/retry")
                == true
        )
        #expect(faults("[]") == [""])
    }

    @Test func anEndpointAsReadCanBeSentBackAndChangesNothing() throws {
        let read = bench.ask("GET", "/v1/endpoints/mine")
        #expect(!read.text.contains("hunter2") && read.json["headers"]?["x-api-key"] == .string("***"))
        let sent = bench.ask("PUT", "/v1/endpoints/mine", body: read.text)
        #expect(sent.status == 200 && sent.headers["ETag"] == read.headers["ETag"])
        let secrets = try bench.outbox.scoped(to: nil).endpointWithSecrets("mine")
        #expect(secrets.url.hasSuffix("token=hunter2") && secrets.headers.first?.value == "hunter2")
    }

    /// A vendor's file says what is signed in every request, so it is the operator's, who applies a topology.
    @Test func aVendorsFileIsShownAndStaysAndIsNotTakenFromOutside() throws {
        let document = #"""
            {"openapi":"3.1.0","info":{"title":"Acme","version":"1"},"x-webhook-sender":{"signatures":[{"algorithm":"hmac-sha256",
            "content":"{body}","place":{"header":"X-Acme"}}],"vectors":[{"credentials":{"secret":"k"},"body":"{}",
            "headers":{"X-Acme":"add853b103fbcc936a194f9eb15e29c4ff08af6e47d5d1bca4f20218e31e4fff"}}]},
            "webhooks":{"a.made":{"post":{"requestBody":{"content":{"application/json":{"example":{"id":"1"}}}}}}}}
            """#
        let endpoint =
            #"{"id":"acme","node":"c1","url":"https://acme.example/","vendor":\#(document),"credentials":{"secret":"hunter2-of-acme"}}"#
        let made = bench.ask("POST", "/v1/endpoints", body: endpoint)
        #expect(made.status == 422 && made.faults == ["/vendor"], "\(made.text)")
        let file = bench.ask("POST", "/v1/endpoints", body: Self.new.replacing("weseedo", with: "file:/etc/passwd"))
        #expect(file.status == 422 && file.faults == ["/vendor"], "\(file.text)")
        _ = try bench.outbox.apply(Topology(json: Array("{\"endpoints\":[\(endpoint)]}".utf8)))
        let read = bench.ask("GET", "/v1/endpoints/acme")
        #expect(read.json["vendor"]?["info"]?["title"] == .string("Acme") && !read.text.contains("hunter2"), "\(read.text)")
        #expect(read.json["credentials"] == .object([.init("secret", .string("***"))]))
        let sent = bench.ask("PUT", "/v1/endpoints/acme", body: read.text)
        #expect(sent.status == 200 && sent.headers["ETag"] == read.headers["ETag"], "\(sent.text)")
        let patched = bench.ask("PATCH", "/v1/endpoints/acme", body: #"{"max_in_flight":7,"credentials":{"secret":"hunter2-anew"}}"#)
        #expect(patched.status == 200 && patched.json["vendor"] == read.json["vendor"], "\(patched.text)")
        let other = bench.ask("PATCH", "/v1/endpoints/acme", body: #"{"vendor":{"x-webhook-sender":{"timeout_ms":9}}}"#)
        #expect(other.status == 422 && other.faults == ["/vendor"], "\(other.text)")
        let plain = bench.ask("PATCH", "/v1/endpoints/acme", body: #"{"vendor":"weseedo","credentials":null}"#)
        #expect(plain.status == 200 && plain.json["vendor"] == .string("weseedo"), "\(plain.text)")
    }

    @Test func twoWhoEditDoNotOverwriteEachOther() throws {
        let tag = try #require(bench.ask("GET", "/v1/endpoints/mine").headers["ETag"])
        let first = bench.ask("PATCH", "/v1/endpoints/mine", body: #"{"max_in_flight":7}"#, headers: [("If-Match", tag)])
        #expect(first.status == 200 && first.json["max_in_flight"] == .number("7") && first.headers["ETag"] != tag)
        let second = bench.ask("PATCH", "/v1/endpoints/mine", body: #"{"max_in_flight":8}"#, headers: [("If-Match", tag)])
        #expect(second.status == 412 && second.problem == "changed")
        #expect(
            bench.ask("PUT", "/v1/endpoints/mine", body: "\(Self.new.replacing("new", with: "mine"))", headers: [("If-Match", tag)]).status
                == 412
        )
        #expect(bench.ask("PATCH", "/v1/endpoints/mine", body: #"{"max_in_flight":8}"#, headers: [("If-Match", "*")]).status == 200)
        // A secret shows in no answer, and its change in the tag.
        let now = try #require(bench.ask("GET", "/v1/endpoints/mine").headers["ETag"])
        let secret = bench.ask("PATCH", "/v1/endpoints/mine", body: #"{"headers":{"x-api-key":"other"}}"#)
        #expect(secret.status == 200 && !secret.text.contains("other") && secret.headers["ETag"] != now)
    }

    @Test func anEndpointIsRemovedAsItWasReadOrNotAtAll() throws {
        try bench.emit("e1")
        let old = try #require(bench.ask("GET", "/v1/endpoints/mine").headers["ETag"])
        #expect(bench.ask("PATCH", "/v1/endpoints/mine", body: #"{"max_in_flight":7}"#).status == 200)
        let late = bench.ask("DELETE", "/v1/endpoints/mine?waiting=cancel", headers: [("If-Match", old)])
        #expect(late.status == 412 && late.problem == "changed")
        // What waits for it was left alone too.
        #expect(bench.ask("GET", "/v1/deliveries?endpoint=mine&state=pending").data.count == 1)
        let now = try #require(bench.ask("GET", "/v1/endpoints/mine").headers["ETag"])
        #expect(bench.ask("DELETE", "/v1/endpoints/mine?waiting=cancel", headers: [("If-Match", now)]).status == 200)
        #expect(bench.ask("DELETE", "/v1/endpoints/mine", headers: [("If-Match", now)]).status == 404)
    }

    @Test func storedSecretsDoNotGoAlongToAnotherHost() throws {
        let key = try bench.key("c1", .endpoints, .read)
        let stolen = bench.ask("PATCH", "/v1/endpoints/mine", key: key, body: #"{"url":"https://thief.example/"}"#)
        #expect(stolen.status == 422 && stolen.faults == ["/url"])
        #expect(bench.ask("PATCH", "/v1/endpoints/mine", key: key, body: #"{"url":"http://mine.example/"}"#).status == 422)
        #expect(bench.ask("PATCH", "/v1/endpoints/mine", key: key, body: #"{"url":"https://mine.example:8443/"}"#).status == 422)
        #expect(bench.ask("PATCH", "/v1/endpoints/mine", key: key, body: #"{"url":"https://mine.example/elsewhere"}"#).status == 200)
        let own = bench.ask("PATCH", "/v1/endpoints/mine", key: key, body: #"{"url":"https://thief.example/","headers":null}"#)
        #expect(own.status == 200)
        let trusted = try bench.key("c1", .endpoints, .secrets)
        let moved = bench.ask("PATCH", "/v1/endpoints/mine", key: trusted, body: #"{"url":"https://mine.example/","headers":{"a":"b"}}"#)
        #expect(moved.status == 403 || moved.status == 200)
    }

    @Test func aRemovedEndpointOfAnotherTreeDoesNotComeBackWithItsSecrets() throws {
        _ = try bench.outbox.remove(endpoint: "far")
        let key = try bench.key("c1", .endpoints, .secrets, .read)
        let body = #"{"id":"far","node":"c1","url":"https://thief.example/","vendor":"weseedo","headers":{"x-api-key":"***"}}"#
        #expect(bench.ask("POST", "/v1/endpoints", key: key, body: body).problem == "conflict")
        #expect(try bench.outbox.topology().endpoints.first { $0.settings.id == "far" }?.state == .removed)
    }

    @Test func secretsAreForKeysThatMaySeeThem() throws {
        #expect(bench.ask("GET", "/v1/endpoints/mine/secret", key: try bench.key("c1", .read, .endpoints)).status == 403)
        let seen = bench.ask("GET", "/v1/endpoints/mine/secret", key: try bench.key("c1", .secrets))
        #expect(seen.json["headers"]?["x-api-key"] == .string("hunter2") && seen.headers["Cache-Control"] == "no-store")
    }

    @Test func aMadeSecretIsShownToThoseWhoMaySeeSecrets() throws {
        let body =
            #"{"id":"std","node":"c1","url":"https://std.example/","vendor":"standard","credentials":{"secret":"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDI="}}"#
        #expect(bench.ask("POST", "/v1/endpoints", body: body).status == 201)
        let key = try bench.key("c1", .endpoints)
        #expect(bench.ask("POST", "/v1/endpoints/std/rotate", key: key).status == 403)
        let given = bench.ask(
            "POST",
            "/v1/endpoints/std/rotate",
            key: key,
            body: #"{"secret":"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}"#
        )
        #expect(given.status == 200 && given.json["secret"] == .null)
        let made = bench.ask("POST", "/v1/endpoints/std/rotate", key: try bench.key("c1", .endpoints, .secrets))
        #expect(made.json["secret"]?.string.hasPrefix("whsec_") == true && made.headers["Cache-Control"] == "no-store")
    }

    @Test func theReplacedSecretSignsForAsLongAsIsAskedFor() throws {
        let body =
            #"{"id":"std","node":"c1","url":"https://std.example/","vendor":"standard","credentials":{"secret":"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDI="}}"#
        #expect(bench.ask("POST", "/v1/endpoints", body: body).status == 201)
        func rotate(_ body: String, _ id: String = "std") -> Answer { bench.ask("POST", "/v1/endpoints/\(id)/rotate", body: body) }
        let hour = bench.clock.now().advanced(byMilliseconds: 3_600_000)
        #expect(rotate(#"{"grace_seconds":3600}"#).json["replaced_signs_until"] == .string("\(hour)"))
        #expect(rotate(#"{"grace_seconds":0}"#).json["replaced_signs_until"] == .null)
        #expect(rotate(#"{"grace_seconds":2592001}"#).faults == ["/grace_seconds"])
        let token =
            #"{"id":"conf","node":"c1","url":"https://conf.example/","vendor":"conference","credentials":{"token":"token-number-one"}}"#
        #expect(bench.ask("POST", "/v1/endpoints", body: token).status == 201)
        #expect(rotate(#"{"grace_seconds":60}"#, "conf").faults == ["/grace_seconds"])
        #expect(rotate(#"{"grace_seconds":0}"#, "conf").status == 200)
    }

    @Test func aWebioReceiverFillsATextOrSaysWhyNot() throws {
        var options = API.Options()
        options.guard = EgressGuard(allow: [try CIDR("127.0.0.0/8")])
        let receiver = try MisbehavingReceiver { request in
            request.target.contains("param1=balance") ? .status(200, body: #"{"balance":"12.50"}"#) : .status(500)
        }
        let bench = try APIBench(options)
        let body =
            #"{"id":"w","node":"c1","url":"\#(receiver.url)","vendor":"webio","credentials":{"api_key":"pk_live_9f3","secret":"0123456789abcdef0123456789abcdef","organisation_id":"4711"}}"#
        #expect(bench.ask("POST", "/v1/endpoints", body: body).status == 201)
        let question = #"{"text":"You owe <<balance>>.","channel":"447700900123"}"#
        for right in [AccessRight.read, .emit] {
            let refused = bench.ask("POST", "/v1/endpoints/w/ask", key: try bench.key("c1", right), body: question)
            #expect(refused.problem == "forbidden" && receiver.requests.isEmpty, "\(right)")
        }
        let key = try bench.key("c1", .emit, .read)
        let filled = bench.ask("POST", "/v1/endpoints/w/ask", key: key, body: question)
        #expect(filled.json["text"] == .string("You owe 12.50.") && filled.json["error_text"] == .null)
        #expect(receiver.requests.last?.target.contains("customerUID=null") == true)
        let failed = bench.ask("POST", "/v1/endpoints/w/ask", key: key, body: #"{"text":"<<other>>","customer":"7"}"#)
        #expect(failed.status == 200 && failed.json["text"] == .null && failed.json["error_text"]?.string.contains("500") == true)
        #expect(bench.ask("POST", "/v1/endpoints/w/ask", key: key, body: "{}").faults == ["/text"])
        #expect(bench.ask("POST", "/v1/endpoints/w/ask", key: key, body: #"{"text":"no field"}"#).faults == ["/text"])
        #expect(bench.ask("POST", "/v1/endpoints/mine/ask", key: key, body: #"{"text":"<<a>>"}"#).faults == ["/endpoint"])
    }

    @Test func anEndpointIsSwitchedOffAndOn() throws {
        let off = bench.ask("POST", "/v1/endpoints/mine/disable", body: #"{"reason":"holiday"}"#)
        #expect(off.json["state"] == .string("disabled") && off.json["reason"] == .string("holiday"))
        try bench.emit("e1")
        #expect(bench.ask("GET", "/v1/deliveries?endpoint=mine&state=held").data.count == 1)
        #expect(bench.ask("POST", "/v1/endpoints/mine/enable").json["state"] == .string("active"))
        #expect(bench.ask("GET", "/v1/deliveries?endpoint=mine&state=held").data.isEmpty)
        #expect(bench.ask("POST", "/v1/endpoints/mine/disable", body: "{\"reason\":\"a\\nb\"}").faults == ["/reason"])
    }

    @Test func anEndpointWithWaitingDeliveriesIsRemovedOnlyWhenTheyMayBeCancelled() throws {
        try bench.emit("e1")
        let refused = bench.ask("DELETE", "/v1/endpoints/mine")
        #expect(refused.problem == "conflict" && refused.json["detail"]?.string.contains("waiting=cancel") == true)
        #expect(bench.ask("DELETE", "/v1/endpoints/mine?waiting=cancel").text == #"{"cancelled":1}"#)
        #expect(bench.ask("GET", "/v1/endpoints/mine").status == 404)
        #expect(bench.ask("DELETE", "/v1/endpoints/mine").status == 404)
    }

    @Test func aTestGoesNowhereThatTheGuardForbids() throws {
        // As it was before a range was closed, or by the operator.
        _ = try bench.outbox.apply(Topology(nodes: [], endpoints: [EndpointSettings(id: "inner", node: "c1", url: "http://127.0.0.1:1/")]))
        let test = bench.ask("POST", "/v1/endpoints/inner/test", body: #"{"type":"MEETING_ENDED","data":{"id":"m1"}}"#)
        #expect(test.status == 200 && test.json["error"] == .string("refused_address"))
        #expect(test.json["error_text"] == .string("127.0.0.1 is in a range that the egress guard forbids"))
        // A tenant chooses the name, and would learn how the operator's network is laid out.
        let tenant = bench.ask("POST", "/v1/endpoints/inner/test", key: try bench.key("c1", .endpoints), body: "{}")
        #expect(tenant.json["error_text"] == .string("the name leads to an address that no request goes to"))
        #expect(!tenant.json["error_text"].debugDescription.contains("127"))
    }

    @Test(arguments: [
        "https://10.0.0.1/", "https://169.254.169.254/latest", "https://[::1]/", "https://[fd00::1]:8443/", "https://localhost/",
        "https://127.0.0.1:9/", "http://8.8.8.8/",
    ])
    func anAddressThatNoRequestGoesToIsNotSaved(_ url: String) throws {
        let made = bench.ask("POST", "/v1/endpoints", body: Self.new.replacing("https://new.example/", with: url))
        #expect(made.status == 422 && made.faults == ["/url"], "\(made.text)")
        let changed = bench.ask("PATCH", "/v1/endpoints/mine", body: #"{"url":"\#(url)","headers":{}}"#)
        #expect(changed.faults == ["/url"], "\(changed.text)")
        #expect(bench.ask("GET", "/v1/endpoints/mine").json["url"]?.string.hasPrefix("https://mine.example/") == true)
    }

    @Test func anEndpointsStatisticsAreAnsweredInSteps() throws {
        let none = bench.ask("GET", "/v1/endpoints/mine/stats", key: try bench.key("c1", .readMetadata))
        #expect(none.status == 200 && none.data.isEmpty && none.json["total"]?["attempts"] == .number("0"))
        #expect(none.json["total"]?["schedule_lag_ms"]?["p99"] == .null && none.json["total"]?["latency_ms"]?["p99"] == .null)
        #expect(none.json["since"] == .string("2020-07-14T12:00:00.000Z") && none.json["until"] == .string("2020-07-15T13:00:00.000Z"))
        let key = try bench.key("c1", .readMetadata)
        func faults(_ query: String) -> [String] { bench.ask("GET", "/v1/endpoints/mine/stats?\(query)", key: key).faults }
        #expect(faults("step=2h") == ["step"] && faults("since=noon") == ["since"])
        #expect(faults("step=5m&since=2020-01-01T00:00:00Z") == ["since"])
        // However long ago or far ahead.
        #expect(faults("since=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59Z") == ["since"])
        #expect(bench.ask("GET", "/v1/endpoints/far/stats", key: key).status == 404)
        let tree = bench.ask("GET", "/v1/stats?step=5m", key: key)
        #expect(tree.status == 200 && tree.data.isEmpty && tree.json["known_since"] == .null && tree.json["step_seconds"] == .number("300"))
        #expect(bench.ask("GET", "/v1/stats?step=5m&since=2020-01-01T00:00:00Z", key: key).faults == ["since"])
    }

    @Test func nodesAndTheTopologyAreForKeysOfTheWholeOutbox() throws {
        let key = try bench.key("d1", .read, .endpoints, .keys, .secrets, .retry, .emit)
        #expect(bench.ask("PUT", "/v1/nodes/c9", key: key, body: #"{"level":"company","parent":"d1"}"#).status == 403)
        let admin = try bench.key(nil, .admin)
        let made = bench.ask("PUT", "/v1/nodes/c9", key: admin, body: #"{"level":"company","parent":"d1","name":"New"}"#)
        #expect(made.status == 200 && made.json["parent"] == .string("d1"))
        #expect(bench.ask("PUT", "/v1/nodes/c9", key: admin, body: #"{"level":"planet"}"#).faults == ["/level"])
        // Limits are of those who may change nodes; a key of the node sees them.
        let limited = #"{"level":"company","parent":"d1","limits":{"max_in_flight":5}}"#
        #expect(bench.ask("PUT", "/v1/nodes/c1", key: key, body: limited).status == 403)
        let changed = bench.ask("PUT", "/v1/nodes/c1", key: admin, body: limited)
        #expect(changed.json["limits"] == .object([.init("max_in_flight", .number("5"))]))
        #expect(bench.ask("GET", "/v1/nodes/c1", key: key).json["limits"]?["max_in_flight"] == .number("5"))
        let wrong = #"{"level":"company","parent":"d1","limits":{"max_in_flight":0}}"#
        #expect(bench.ask("PUT", "/v1/nodes/c1", key: admin, body: wrong).faults == ["/limits/max_in_flight"])
        #expect(bench.ask("DELETE", "/v1/nodes/c1", key: admin).problem == "conflict")
        #expect(bench.ask("DELETE", "/v1/nodes/c9", key: admin).status == 204)
        let topology = bench.ask("GET", "/v1/topology", key: admin)
        #expect(topology.status == 200 && !topology.text.contains("hunter2"))
        #expect(bench.ask("PUT", "/v1/topology", key: admin, body: topology.text).text == #"{"dry_run":false,"changes":[]}"#)
    }

    @Test func aDryRunSaysWhatWouldChangeAndChangesNothing() throws {
        let body =
            #"{"nodes":[{"id":"r1","level":"reseller"}],"endpoints":[{"id":"n","node":"r1","url":"https://n.example/","vendor":"weseedo"}]}"#
        let dry = bench.ask("PUT", "/v1/topology?dry_run=true&prune=true", body: body)
        guard case .array(let changes)? = dry.json["changes"] else { throw InputProblem(field: "changes", reason: "is missing") }
        #expect(changes.count == 10 && dry.json["dry_run"] == .bool(true))
        #expect(bench.ask("GET", "/v1/endpoints").all("id") == ["far", "mine", "top"])
        let tag = try #require(bench.ask("GET", "/v1/topology").headers["ETag"])
        #expect(bench.ask("PUT", "/v1/topology", body: body, headers: [("If-Match", tag)]).status == 200)
        #expect(bench.ask("PUT", "/v1/topology", body: body, headers: [("If-Match", tag)]).status == 412)
        #expect(bench.ask("PUT", "/v1/topology?prune=true", body: "{}").status == 422)
    }

    @Test(arguments: [
        // The examples of RFC 7396, appendix A.
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
        (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
        (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#), (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
        (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#), (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"a":"foo"}"#, "null", "null"),
        (#"{"a":"foo"}"#, #""bar""#, #""bar""#), (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
        // What is left keeps its order.
        (#"{"a":1,"b":2,"c":3}"#, #"{"b":null,"d":4,"a":5}"#, #"{"a":5,"c":3,"d":4}"#),
        ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#), ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ])
    func aMergePatchIsThatOfTheRFC(_ target: String, _ patch: String, _ result: String) throws {
        func parse(_ text: String) throws -> JSONValue { try JSONValue.parse(Array(text.utf8)) }
        #expect(MergePatch.apply(try parse(patch), to: try parse(target)).text == result)
    }
}
