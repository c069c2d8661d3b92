import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornAPI

/// `POST /v1/events`: one, many, again, refused.
@Suite(.limited()) struct EmitTests {
    private let bench: APIBench

    init() throws { bench = try APIBench() }

    private static func event(_ id: String, node: String = "s1", type: String = "MEETING_STARTED", data: String = #"{"id":"m1"}"#) -> String
    {
        #"{"id":"\#(id)","type":"\#(type)","node":"\#(node)","data":\#(data)}"#
    }

    private func post(_ body: String, key: String? = nil) -> Answer { bench.ask("POST", "/v1/events", key: key, body: body) }

    @Test func anEventIsOnDiskAndReadableWhenItIsAnswered() throws {
        let answer = post(Self.event("e1", data: #"{ "id": "m1", "n": 1.50 }"#))
        #expect(answer.status == 202 && answer.text == #"{"id":"e1","duplicate":false,"deliveries":2,"failed":[]}"#)
        #expect(String(decoding: try bench.outbox.event("e1").event.data, as: UTF8.self) == #"{ "id": "m1", "n": 1.50 }"#)
        #expect(bench.ask("GET", "/v1/events/e1").json["deliveries"] != nil)
    }

    @Test func headersOfAnEventAreKeptShownAndAPartOfIt() throws {
        func event(_ headers: String) -> String {
            #"{"id":"e1","type":"MEETING_STARTED","node":"s1","data":{},"headers":\#(headers)}"#
        }
        let key = try bench.key(nil, .emit)
        let headers = #"{"X-Tenant":"acme","x-api-key":"hunter2"}"#
        #expect(post(event(headers), key: key).status == 202)
        #expect(try bench.outbox.event("e1").event.headers.map(\.value) == ["acme", "hunter2"])
        let shown = bench.ask("GET", "/v1/events/e1", key: try bench.key("c1", .read))
        #expect(shown.json["headers"]?.text == #"{"x-tenant":"acme","x-api-key":"***"}"#)
        let without = bench.ask("GET", "/v1/events/e1", key: try bench.key("c1", .readMetadata))
        #expect(without.status == 200 && !without.text.contains("acme"))
        #expect(post(event(#"{"x-api-key":"hunter2","x-tenant":"acme"}"#), key: key).json["duplicate"] == .bool(true))
        #expect(post(event("{}"), key: key).status == 409)
        #expect(post(event(#"{"Authorization":"Bearer 1"}"#), key: key).faults == ["/headers/authorization"])
    }

    @Test func anEventHasItsOwnTraceOrThatOfTheRequest() throws {
        let (own, requests) = (
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        )
        func post(_ body: String, type: String = "application/json", _ headers: [String]) -> Int {
            let fields = [("Content-Type", type)] + headers.map { ("traceparent", $0) }
            return bench.ask("POST", "/v1/events", body: body, headers: fields).status
        }
        let traced = #"{"id":"own","type":"MEETING_STARTED","node":"s1","data":{},"traceparent":"\#(own)"}"#
        #expect(post("[\(traced),\(Self.event("requests"))]", [requests]) == 202)
        // What proxies and instrumentation add is passed over when it is of no use.
        #expect(post(Self.event("invalid"), ["cc-\(own)"]) == 202)
        #expect(post(Self.event("two"), [own, requests]) == 202)
        #expect(post(Self.event("none"), []) == 202)
        let found = try ["own", "requests", "invalid", "two", "none"].map { try bench.outbox.event($0).event.traceparent }
        #expect(found == [own, requests, nil, nil, nil])
        #expect(bench.ask("GET", "/v1/events/own").json["traceparent"]?.string == own)
        #expect(bench.ask("GET", "/v1/events/none").json["traceparent"] == .null)
        #expect(post(#"{"type":"MEETING_STARTED","node":"s1","data":{},"traceparent":"x"}"#, [requests]) == 422)
    }

    /// The document's pattern and the check are the same rule.
    @Test func theDocumentSaysWhatATraceIs() throws {
        let pattern = try Regex(TraceHeader.pattern)
        for text in [TraceHeader.parameter.example, "00-\(String(repeating: "0", count: 32))-00f067aa0ba902b7-01", "00-ab-cd-01", ""] {
            let isTaken = (try? TraceParent.check(text)) != nil
            #expect(try (pattern.wholeMatch(in: text) != nil) == isTaken, "\(text)")
        }
    }

    @Test func anArrayHasABoundedNumberOfEvents() throws {
        let most = post("[\((0..<NewEvents.limit).map { Self.event("e\($0)") }.joined(separator: ","))]")
        #expect(most.status == 202)
        let more = post("[\(Array(repeating: "1", count: NewEvents.limit + 1).joined(separator: ","))]")
        #expect(more.status == 413 && more.json["detail"]?.string.contains("4000") == true)
    }

    @Test func theSameAgainIsADuplicateAndOtherContentA409() throws {
        _ = post(Self.event("e1"))
        let again = post(Self.event("e1"))
        #expect(again.status == 202 && again.json["duplicate"] == .bool(true))
        let other = post(Self.event("e1", type: "MEETING_ENDED"))
        #expect(other.status == 409 && other.problem == "conflict" && other.faults == ["/id"])
        #expect(try bench.deliveries(of: "mine").count == 1)
    }

    @Test func anEventWithoutAnIDGetsOne() throws {
        let answer = post(#"{"type":"MEETING_STARTED","node":"s1","data":{}}"#)
        let id = try #require(answer.json["id"]?.string)
        #expect(answer.status == 202 && id.count == 24)
        #expect(try bench.outbox.event(id).event.type == "MEETING_STARTED")
    }

    @Test func anArrayIsAcceptedAsAWholeOrNotAtAll() throws {
        let whole = post("[\(Self.event("e1")),\(Self.event("e2"))]")
        #expect(whole.status == 202 && whole.all("id") == ["e1", "e2"])
        let refused = post("[\(Self.event("e3")),\(Self.event("e4", node: "nowhere")),\(Self.event("e1", type: "OTHER"))]")
        #expect(refused.status == 422 && refused.faults == ["/1/node", "/2/id"])
        #expect(throws: InputProblem.self) { try bench.outbox.event("e3") }
        let conflicts = post("[\(Self.event("e3")),\(Self.event("e1", type: "OTHER"))]")
        #expect(conflicts.status == 409 && conflicts.faults == ["/1/id"])
        let malformed = post(#"[{"type":"A","node":"s1"},{"typ":"A"},3]"#)
        #expect(malformed.status == 422 && malformed.faults == ["/0/data", "/1/typ", "/2"])
        #expect(post("[]").status == 422)
    }

    @Test(arguments: ["", "{", "nonsense", #"{"type":"A","type":"B"}"#, "[1,]", "\u{FEFF}{}"])
    func aBodyThatIsNoJSONIs400(_ body: String) {
        let answer = post(body)
        #expect(answer.status == 400 || answer.status == 415, "\(answer.text)")
        #expect(answer.text.contains("the body"))
    }

    @Test func aKeyHandsInEventsOfItsTreeAlone() throws {
        let key = try bench.key("c1", .emit)
        #expect(post(Self.event("e1"), key: key).text == #"{"id":"e1","duplicate":false,"deliveries":null}"#)
        let foreign = post(Self.event("e2", node: "s2"), key: key)
        let unknown = post(Self.event("e2", node: "sX"), key: key)
        #expect(foreign.status == 422 && foreign.text.replacing("s2", with: "sX") == unknown.text)
        #expect(post(Self.event("e3", node: "d1"), key: key).status == 422)
        #expect(post("[\(Self.event("e4")),\(Self.event("e5", node: "s2"))]", key: key).faults == ["/1/node"])
        #expect(throws: InputProblem.self) { try bench.outbox.event("e4") }
    }

    @Test func beyondTheBoundOfWaitingBytesIs429WithRetryAfter() throws {
        let gate = EmitGate(limitBytes: 400)
        #expect(gate.enter(90, of: "node a") && !gate.enter(20, of: "node a") && !gate.isFull("node a"))
        // One tenant takes no other's room.
        #expect(gate.enter(90, of: "node b"))
        gate.leave(90, of: "node a")
        // A tenant of which nothing waits is let in however long its body is, or it never would be.
        #expect(gate.enter(1000, of: "node a") && gate.isFull("node a") && gate.isFull("node b") && !gate.enter(1, of: "node c"))
        gate.leave(1000, of: "node a")
        gate.leave(90, of: "node b")
        #expect(gate.waitingBytes == 0)
        // The platform itself may fill most of it, so that the disk always has something to write, and leaves the tenants their part.
        #expect(gate.enter(150, of: "key") && gate.enter(150, of: "key") && !gate.enter(1, of: "key") && gate.enter(90, of: "node a"))
        let refusal = EmitGate.refusal.response(basePath: "")
        #expect(refusal.status == 429 && refusal.headers["Retry-After"] == "1")
    }

    @Test func streamsAreCountedInAllAndForEachKey() {
        let gate = EmitGate()
        for _ in 0..<EmitGate.streamLimitEach { #expect(gate.openStream("a")) }
        #expect(!gate.openStream("a"))
        gate.closeStream("a")
        #expect(gate.openStream("a"))
        for number in 0..<(EmitGate.streamLimit - EmitGate.streamLimitEach) { #expect(gate.openStream("k\(number)")) }
        #expect(!gate.openStream("z"))
    }

    @Test func aStoreThatCannotBeWrittenIs503AndNothingOfItsFilesIsTold() throws {
        bench.outbox.close()
        let answer = post(Self.event("e1"))
        #expect(answer.status == 503 && answer.headers["Retry-After"] == "5")
        #expect(!answer.text.contains(bench.directory.path))
    }
}
