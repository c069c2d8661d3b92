import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornAPI

/// Replays through the API: asked for, looked at, ended.
@Suite(.limited()) struct ReplayRouteTests {
    private let bench: APIBench

    init() throws {
        bench = try APIBench()
        try bench.emit("e-mine")
        try bench.emit("e-far", node: "s2")
    }

    private func create(_ body: String, key: String? = nil) -> Answer { bench.ask("POST", "/v1/replays", key: key, body: body) }

    @Test func whatIsMadeIsWhereTheServerHasIt() throws {
        var options = API.Options()
        options.basePath = "/hooks"
        let bench = try APIBench(options)
        let endpoint = #"{"id":"a b","node":"c1","url":"https://a.example/","vendor":"weseedo"}"#
        for (path, body, location) in [
            ("endpoints", endpoint, "endpoints/a%20b"), ("replays", "{}", "replays/1"), ("deliveries/retry", "{}", "replays/2"),
        ] {
            let made = bench.ask("POST", "/hooks/v1/\(path)", body: body)
            #expect(made.status == 201 && made.headers["Location"] == "/hooks/v1/\(location)", "\(path)")
            #expect(bench.ask("GET", try #require(made.headers["Location"])).status == 200, "\(path)")
        }
    }

    /// Or one tenant took them all, with a key for each node below its own.
    @Test func theKeysThatATenantsKeysHaveMadeShareItsReplays() throws {
        let own = try bench.key("c1", .retry, .keys)
        let made = bench.ask("POST", "/v1/keys", key: own, body: #"{"node":"s1","rights":["retry"]}"#)
        let below = try #require(made.json["key"]?.string)
        try bench.api.book.refresh()
        for number in 0..<Replay.openLimitEach { #expect(create("{}", key: number % 2 == 0 ? own : below).status == 201) }
        #expect(create("{}", key: own).problem == "conflict" && create("{}", key: below).problem == "conflict")
        #expect(create("{}", key: try bench.key("c2", .retry)).status == 201)
    }

    @Test func aReplayIsMadeListedShownAndEnded() throws {
        let made = create(#"{"endpoint":"mine","states":["exhausted","delivered"],"rate_per_second":20,"types":["MEETING_*"]}"#)
        #expect(made.status == 201 && made.headers["Location"] == "/v1/replays/1")
        #expect(made.json["state"] == .string("running") && made.json["left"] == .number("0") && made.json["created_by"] == .null)
        #expect(bench.ask("GET", "/v1/replays/1").text == made.text)
        _ = create(#"{"since":"2020-07-15T12:00:00.000Z","recipients":"current"}"#)
        #expect(bench.ask("GET", "/v1/replays").all("id") == ["2", "1"])
        let first = bench.ask("GET", "/v1/replays?limit=1")
        let second = bench.ask("GET", "/v1/replays?limit=1&cursor=\(first.json["next_cursor"]?.string ?? "")")
        #expect(first.all("id") == ["2"] && second.all("id") == ["1"])
        #expect(bench.ask("GET", "/v1/replays?cursor=\(second.json["previous_cursor"]?.string ?? "")").all("id") == ["2"])
        #expect(bench.ask("POST", "/v1/replays/1/cancel").json["state"] == .string("cancelled"))
        let again = bench.ask("POST", "/v1/replays/1/cancel")
        #expect(again.problem == "conflict" && again.json["detail"]?.string.contains("is cancelled") == true)
        #expect(bench.ask("POST", "/v1/replays/7/cancel").json["detail"] == .string("there is no replay 7"))
    }

    @Test func aDryRunCountsAndMakesNothing() throws {
        let dry = create(#"{"recipients":"current","dry_run":true}"#)
        // All have their deliveries, none of which is over.
        #expect(dry.status == 200 && dry.text == #"{"events":0,"deliveries":0,"endpoints":[],"complete":true}"#)
        let body = #"{"id":"late","node":"c1","url":"https://late.example/","vendor":"weseedo"}"#
        #expect(bench.ask("POST", "/v1/endpoints", body: body).status == 201)
        let late = create(#"{"recipients":"current","dry_run":true}"#)
        #expect(late.json["events"] == .number("1"))
        #expect(late.text.contains(#"{"endpoint":"late","deliveries":1,"held":0,"refused":0,"data_dropped":0}"#))
        #expect(bench.ask("GET", "/v1/replays").data.isEmpty)
    }

    @Test func problemsAreNamedByTheirPointer() throws {
        func faults(_ body: String) -> [String] { create(body).faults }
        #expect(faults(#"{"states":["pending"]}"#) == ["/states"])
        #expect(faults(#"{"states":["lost"]}"#) == ["/states/0"])
        #expect(faults(#"{"types":["A B"]}"#) == ["/types/0"])
        #expect(faults(#"{"recipients":"all"}"#) == ["/recipients"])
        #expect(faults(#"{"since":"noon"}"#) == ["/since"])
        #expect(faults(#"{"since":"2020-07-15T12:00:00Z","until":"2020-07-15T12:00:00Z"}"#) == ["/until"])
        #expect(faults(#"{"rate_per_second":0}"#) == ["/rate_per_second"])
        #expect(faults(#"{"endpoint":"none"}"#) == ["/endpoint"] && faults(#"{"node":"none"}"#) == ["/node"])
        #expect(faults(#"{"endpiont":"mine"}"#) == ["/endpiont"])
    }

    @Test func aKeyAsksForAndSeesReplaysOfItsTreeAlone() throws {
        let (own, other) = (try bench.key("c1", .retry, .readMetadata), try bench.key("c2", .retry, .readMetadata))
        let dealer = try bench.key("d1", .readMetadata)
        let made = create("{}", key: own)
        #expect(made.json["node"] == .string("c1") && made.json["created_by"] != .null)
        #expect(bench.ask("GET", "/v1/replays", key: own).all("id") == ["1"])
        #expect(bench.ask("GET", "/v1/replays", key: dealer).all("id") == ["1"])
        #expect(bench.ask("GET", "/v1/replays", key: other).data.isEmpty)
        #expect(bench.ask("GET", "/v1/replays/1", key: other).status == 404)
        #expect(bench.ask("POST", "/v1/replays/1/cancel", key: other).status == 404)
        for body in [#"{"endpoint":"far"}"#, #"{"node":"c2"}"#, #"{"endpoint":"top"}"#] {
            #expect(create(body, key: own).status == 422)
        }
    }

    @Test func tooManyAtATimeAreRefused() throws {
        for _ in 0..<Replay.openLimitEach { #expect(create("{}").status == 201) }
        #expect(create("{}").problem == "conflict")
    }
}
