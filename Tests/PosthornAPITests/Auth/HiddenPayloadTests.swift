import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornAPI

/// `run --hide-payloads`: nobody sees the data of events, whatever the key.
@Suite(.limited()) struct HiddenPayloadTests {
    @Test func theDataOfEventsIsShownToNobody() throws {
        var options = API.Options()
        options.hidesPayloads = true
        let hidden = try APIBench(options)
        let open = try APIBench()
        for bench in [hidden, open] {
            _ = try bench.outbox.emit(NewEvent(id: "e1", type: "MEETING_STARTED", node: "s1", data: #"{"id":"payload-word"}"#))
        }
        let paths = [
            "/v1/events/e1", "/v1/events", "/v1/deliveries", "/v1/deliveries/\(try hidden.deliveries(of: "mine")[0])",
            "/v1/deliveries/\(try hidden.deliveries(of: "mine")[0])/attempts",
        ]
        let (admin, own) = (try hidden.key(nil, .admin), try hidden.key("c1", .read))
        let visitor = try hidden.visitor("c1", [.read])
        for path in paths {
            for answer in [
                hidden.ask("GET", path, key: admin), hidden.ask("GET", path, key: own), hidden.ask("GET", path, headers: visitor.headers),
            ] { #expect(answer.status == 200 && !answer.text.contains("payload-word"), "\(path)") }
        }
        #expect(open.ask("GET", "/v1/events/e1", key: try open.key(nil, .admin)).text.contains("payload-word"))
        let rights = hidden.ask("GET", "/v1/whoami", key: own).json["rights"]?.text ?? ""
        #expect(rights == #"["read_metadata"]"#)
        // What a key lacks it cannot give.
        #expect(hidden.ask("POST", "/v1/keys", key: admin, body: #"{"rights":["read"],"node":"c1"}"#).problem == "forbidden")
    }
}
