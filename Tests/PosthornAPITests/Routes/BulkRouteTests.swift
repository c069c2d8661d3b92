import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornAPI

/// Many deliveries tried again or taken back through the API.
@Suite(.limited()) struct BulkRouteTests {
    private let bench: APIBench

    init() throws {
        bench = try APIBench()
        for id in ["e1", "e2"] { try bench.emit(id) }
        try bench.emit("e-far", node: "s2")
    }

    private func post(_ action: String, _ body: String, key: String? = nil) -> Answer {
        bench.ask("POST", "/v1/deliveries/\(action)", key: key, body: body)
    }

    @Test func aDryRunCountsByEndpointAndTheJobIsAsAReplayIs() throws {
        let dry = post("cancel", #"{"endpoint":"mine","dry_run":true}"#)
        #expect(dry.status == 200 && dry.json["deliveries"] == .number("2"))
        let endpoint = #"{"endpoint":"mine","deliveries":2,"held":0,"refused":0,"data_dropped":0}"#
        #expect(dry.text.contains(#""endpoints":[\#(endpoint)],"complete":true"#))
        #expect(bench.ask("GET", "/v1/replays").data.isEmpty)
        let made = post("cancel", #"{"endpoint":"mine"}"#)
        #expect(made.status == 201 && made.headers["Location"] == "/v1/replays/1")
        #expect(made.json["action"] == .string("cancel") && made.json["left"] == .number("2"))
        #expect(made.json["states"] == .array(["exhausted", "held", "pending"].map { .string($0) }))
        let retry = post("retry", #"{"states":["exhausted"],"errors":["timeout"],"whole_round":true,"rate_per_second":7}"#)
        #expect(retry.json["action"] == .string("retry") && retry.json["whole_round"] == .bool(true))
        #expect(retry.json["current_url"] == .bool(false) && retry.json["rate_per_second"] == .number("7"))
        #expect(retry.json["errors"] == .array([.string("timeout")]))
        let chosen = post("retry", #"{"event":"e1","status_classes":[5],"attempts_min":2,"dry_run":true}"#)
        #expect(chosen.status == 200 && chosen.json["deliveries"] == .number("0"))
        #expect(bench.ask("GET", "/v1/replays").all("action") == ["retry", "cancel"])
        #expect(bench.ask("POST", "/v1/replays/1/cancel").json["state"] == .string("cancelled"))
        let notes = bench.ask("GET", "/v1/changes")
        #expect(notes.all("action").contains("bulk retry") && notes.all("action").count { $0 == "bulk cancel" } == 1)
    }

    @Test func problemsAreNamedByTheirPointer() throws {
        #expect(post("retry", #"{"states":["delivered"]}"#).faults == ["/states"])
        #expect(post("retry", #"{"states":["held"]}"#).faults == ["/states"])
        #expect(post("retry", #"{"states":["held"],"current_url":true,"dry_run":true}"#).status == 200)
        #expect(post("cancel", #"{"errors":["timeuot"]}"#).faults == ["/errors/0"])
        #expect(post("cancel", #"{"status_classes":[5,"4"]}"#).faults == ["/status_classes/1"])
        #expect(post("cancel", #"{"attempts_min":-1}"#).faults == ["/attempts_min"])
        #expect(post("cancel", #"{"whole_round":true}"#).faults == ["/whole_round"])
        #expect(post("retry", #"{"rate_per_second":0}"#).faults == ["/rate_per_second"])
        #expect(post("retry", #"{"endpoint":"none"}"#).faults == ["/endpoint"])
    }

    /// Each type is compared with every row, so that thousands of them would hold a thread for minutes.
    @Test func typesAreBounded() throws {
        func types(_ count: Int) -> String { (0..<count).map { #""A\#($0)*""# }.joined(separator: ",") }
        let (most, more) = (types(Parameter.repeatLimit), types(Parameter.repeatLimit + 1))
        for (path, name) in [("/v1/replays", "replay"), ("/v1/deliveries/retry", "retry"), ("/v1/deliveries/cancel", "cancel")] {
            #expect(bench.ask("POST", path, body: #"{"types":[\#(most)],"dry_run":true}"#).status == 200, "\(name)")
            let refused = bench.ask("POST", path, body: #"{"types":[\#(more)],"dry_run":true}"#)
            #expect(refused.faults == ["/types"] && refused.text.contains("names 51 types or patterns; 50 may be named at most"), "\(name)")
        }
        func query(_ count: Int) -> String { (0..<count).map { "type=A\($0)*" }.joined(separator: "&") }
        for path in ["/v1/deliveries", "/v1/events"] {
            #expect(bench.ask("GET", "\(path)?\(query(Parameter.repeatLimit))").status == 200, "\(path)")
            let refused = bench.ask("GET", "\(path)?\(query(Parameter.repeatLimit + 20))")
            #expect(refused.faults == ["type"] && refused.text.contains("may be there 50 times at most"), "\(path)")
        }
    }

    @Test func aKeysJobTouchesNothingOutsideOfItsTree() throws {
        let (own, other) = (try bench.key("c1", .retry, .readMetadata), try bench.key("c2", .retry, .readMetadata))
        let dry = post("cancel", #"{"dry_run":true}"#, key: own)
        #expect(dry.json["deliveries"] == .number("2") && !dry.text.contains("far") && !dry.text.contains("top"))
        #expect(post("cancel", "{}", key: own).json["node"] == .string("c1"))
        #expect(bench.ask("GET", "/v1/replays/1", key: other).status == 404)
        for body in [#"{"endpoint":"far"}"#, #"{"node":"c2"}"#, #"{"endpoint":"top"}"#] {
            #expect(post("retry", body, key: own).status == 422 && post("cancel", body, key: own).status == 422)
        }
        #expect(post("retry", "{}", key: try bench.key("c1", .read)).status == 403)
    }
}
