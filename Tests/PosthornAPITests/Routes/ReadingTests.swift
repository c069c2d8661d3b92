import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornAPI

/// Lists and single things.
@Suite(.limited()) struct ReadingTests {
    private let bench: APIBench

    init() throws { bench = try APIBench() }

    @Test func listsComeInPartsThatStayRightWhileRowsArrive() throws {
        for number in 0..<5 { try bench.emit("e\(number)") }
        let first = bench.ask("GET", "/v1/events?limit=2")
        #expect(first.all("id") == ["e4", "e3"])
        try bench.emit("e5")
        let second = bench.ask("GET", "/v1/events?limit=2&cursor=\(first.json["next_cursor"]?.string ?? "")")
        #expect(second.all("id") == ["e2", "e1"])
        let third = bench.ask("GET", "/v1/events?limit=2&cursor=\(second.json["next_cursor"]?.string ?? "")")
        #expect(third.all("id") == ["e0"] && third.json["next_cursor"] == .null)
    }

    @Test func listsGoBackTheWayTheyCame() throws {
        for number in 0..<5 { try bench.emit("e\(number)") }
        for (path, member) in [("/v1/events", "id"), ("/v1/deliveries?endpoint=mine", "event")] {
            let mark = path.contains("?") ? "&" : "?"
            func part(_ cursor: JSONValue?) -> Answer {
                bench.ask("GET", "\(path)\(mark)limit=2" + (cursor.map { "&cursor=\($0.string)" } ?? ""))
            }
            let first = part(nil)
            #expect(first.json["previous_cursor"] == .null)
            let second = part(first.json["next_cursor"])
            let third = part(second.json["next_cursor"])
            #expect(third.all(member) == ["e0"])
            let back = part(third.json["previous_cursor"])
            #expect(back.all(member) == second.all(member) && back.json["next_cursor"] == second.json["next_cursor"])
            let start = part(back.json["previous_cursor"])
            #expect(start.all(member) == first.all(member))
            let newer = part(start.json["previous_cursor"])
            #expect(newer.data.isEmpty && newer.json["previous_cursor"] == .null)
            #expect(part(newer.json["next_cursor"]).all(member) == first.all(member))
        }
        // What has arrived since is newer than where the list began.
        let first = bench.ask("GET", "/v1/events?limit=2")
        let second = bench.ask("GET", "/v1/events?limit=2&cursor=\(first.json["next_cursor"]?.string ?? "")")
        try bench.emit("e5")
        let back = bench.ask("GET", "/v1/events?limit=2&cursor=\(second.json["previous_cursor"]?.string ?? "")")
        #expect(back.all("id") == ["e4", "e3"])
        #expect(bench.ask("GET", "/v1/events?cursor=\(back.json["previous_cursor"]?.string ?? "")").all("id") == ["e5"])
    }

    @Test func listsByNameGoBothWays() throws {
        let first = bench.ask("GET", "/v1/nodes?limit=3")
        #expect(first.all("id") == ["c1", "c2", "d1"] && first.json["previous_cursor"] == .null)
        let second = bench.ask("GET", "/v1/nodes?limit=3&cursor=\(first.json["next_cursor"]?.string ?? "")")
        #expect(second.all("id") == ["d2", "r1", "s1"])
        let back = bench.ask("GET", "/v1/nodes?limit=3&cursor=\(second.json["previous_cursor"]?.string ?? "")")
        #expect(back.text == first.text)
        for wrong in ["480112", "x.1", "n.", "p.x", "n.-1"] {
            #expect(bench.ask("GET", "/v1/events?cursor=\(wrong)").faults == ["cursor"], "\(wrong)")
        }
        // At the ends of what numbers can be.
        #expect(bench.ask("GET", "/v1/events?cursor=p.9223372036854775807").data.isEmpty)
        #expect(bench.ask("GET", "/v1/events?cursor=p.0").status == 200)
    }

    @Test func aDeliverysRequestIsShownWithoutItsSecrets() throws {
        try bench.emit("e1")
        let number = try bench.deliveries(of: "mine")[0]
        let shown = bench.ask("GET", "/v1/deliveries/\(number)", key: try bench.key("c1", .read))
        let request = shown.json["request"]
        #expect(request?["attempt"] == .number("1") && request?["method"] == .string("POST"))
        #expect(request?["url"] == .string("https://mine.example/hook?token=***"))
        #expect(request?["body"]?.string.contains(#""id":"e1""#) == true && request?["body"]?.string.contains(#""attempt":1"#) == true)
        #expect(shown.text.contains("x-api-key") && !shown.text.contains("hunter2"))
        let without = bench.ask("GET", "/v1/deliveries/\(number)", key: try bench.key("c1", .readMetadata))
        #expect(without.status == 200 && without.json["request"] == nil)
    }

    @Test func aDeliverysRequestShowsTheHeadersOfItsEvent() throws {
        let headers = [("x-tenant", "acme"), ("x-session", "hunter2"), ("x-api-key", "event's")].map { EventHeader(name: $0, value: $1) }
        _ = try bench.outbox.emit(NewEvent(id: "e1", type: "MEETING_STARTED", node: "s1", data: "{}", headers: headers))
        let shown = bench.ask("GET", "/v1/deliveries/\(try bench.deliveries(of: "mine")[0])").json["request"]?["headers"]?.text ?? ""
        #expect(shown.contains(#"{"name":"x-tenant","value":"acme"},{"name":"x-session","value":"***"}"#), "\(shown)")
        // That one is the endpoint's own.
        #expect(!shown.contains("event's") && shown.contains(#"{"name":"x-api-key","value":"***"}"#))
    }

    @Test func aRequestThatCannotBeMadeSaysWhy() throws {
        let body =
            #"{"id":"di","node":"c1","url":"https://di.example/","vendor":"diio","credentials":{"signing_secret":"0123456789abcdef"}}"#
        #expect(bench.ask("POST", "/v1/endpoints", body: body).status == 201)
        _ = try bench.outbox.emit(NewEvent(id: "e1", type: "meeting.finished", node: "s1", data: "{}"))
        let shown = bench.ask("GET", "/v1/deliveries/\(try bench.deliveries(of: "di")[0])")
        #expect(shown.json["request"] == .null && shown.json["request_problem"]?.string.contains("object's id") == true, "\(shown.text)")
    }

    @Test func eventTypesAreListedByVendor() throws {
        let key = try bench.key("s1", .emit)
        #expect(bench.ask("GET", "/v1/event-types", key: key).data.count == KnownEventType.all.count + OwnEventType.allCases.count)
        let own = bench.ask("GET", "/v1/event-types?vendor=posthorn", key: key)
        #expect(own.all("type") == OwnEventType.allCases.map(\.rawValue) && own.all("lowest_level").allSatisfy { $0 == "site" })
        let some = bench.ask("GET", "/v1/event-types?vendor=webio&vendor=diio", key: key)
        #expect(Set(some.all("vendor")) == ["webio", "diio"] && some.all("type").contains("inboundMessage"))
        #expect(bench.ask("GET", "/v1/event-types?vendor=webbio", key: key).faults == ["vendor"])
    }

    @Test func deliveriesAreFiltered() throws {
        try bench.emit("e1")
        try bench.emit("e2", node: "s2", type: "MEETING_ENDED")
        func events(_ query: String) -> [String] { bench.ask("GET", "/v1/deliveries?\(query)").all("event") }
        #expect(events("") == ["e2", "e2", "e1", "e1"])
        #expect(events("endpoint=mine") == ["e1"])
        #expect(events("node=d2") == ["e2", "e2"])
        #expect(events("type=*_ENDED") == ["e2", "e2"])
        #expect(events("type=*_ENDED&type=MEETING_STARTED").count == 4)
        #expect(events("event=e1") == ["e1", "e1"])
        #expect(events("state=exhausted") == [])
        #expect(events("state=pending&state=held&endpoint=far") == ["e2"])
        #expect(events("attempts_min=1") == [])
        #expect(events("error=timeout") == [] && events("status_class=5") == [])
        #expect(events("before=2020-07-15T12:33:14.000Z") == [])
        #expect(events("after=2020-07-15T12:33:14.000Z").count == 4)
        #expect(bench.ask("GET", "/v1/deliveries?endpoint=none").problem == "not-found")
    }

    @Test func theWorkOfOneListIsBounded() throws {
        let count = ScopedOutbox.rowLimit + 10
        try bench.emit("wanted", type: "RARE")
        _ = try bench.outbox.emit((0..<count).map { NewEvent(id: "e\($0)", type: "COMMON", node: "s1", data: "{}") })
        let first = bench.ask("GET", "/v1/events?type=RARE")
        #expect(first.data.isEmpty && first.json["searched_until"]?.string == bench.clock.now().description)
        let second = bench.ask("GET", "/v1/events?type=RARE&cursor=\(first.json["next_cursor"]?.string ?? "")")
        #expect(second.all("id") == ["wanted"] && second.json["next_cursor"] == .null && second.json["searched_until"] == nil)
        let deliveries = bench.ask("GET", "/v1/deliveries?type=RARE")
        #expect(deliveries.data.isEmpty && deliveries.json["searched_until"] != nil)
        // By an index that has the rows of one event alone.
        #expect(bench.ask("GET", "/v1/deliveries?event=wanted").data.count == 2)
    }

    @Test func aDeliverysNumberIsAStringAndItsURLIsMasked() throws {
        try bench.emit("e1")
        let number = try bench.deliveries(of: "mine")[0]
        let answer = bench.ask("GET", "/v1/deliveries/\(number)")
        #expect(answer.json["id"] == .string("\(number)") && answer.json["url"] == .string("https://mine.example/hook?token=***"))
        #expect(bench.ask("GET", "/v1/deliveries/\(number)/attempts").text == #"{"data":[],"next_cursor":null,"previous_cursor":null}"#)
        for wrong in ["0", "x", "99999", "007", "99999999999999999999"] {
            #expect(bench.ask("GET", "/v1/deliveries/\(wrong)").json["detail"]?.string == "there is no delivery \(wrong)")
        }
    }

    @Test func dataIsForKeysThatMayReadIt() throws {
        try bench.emit("e1")
        let (reader, watcher) = (try bench.key("c1", .read), try bench.key("c1", .readMetadata))
        #expect(bench.ask("GET", "/v1/events/e1", key: reader).json["data"]?["id"] == .string("m1"))
        let without = bench.ask("GET", "/v1/events/e1", key: watcher)
        #expect(without.status == 200 && without.json["data"] == nil)
    }

    @Test func deliveriesMoveByHandAsFarAsTheirStateAllows() throws {
        try bench.emit("e1")
        let number = try bench.deliveries(of: "mine")[0]
        #expect(bench.ask("POST", "/v1/deliveries/\(number)/retry").json["state"] == .string("pending"))
        #expect(bench.ask("POST", "/v1/deliveries/\(number)/resend").status == 409)
        #expect(bench.ask("POST", "/v1/deliveries/\(number)/cancel").json["state"] == .string("cancelled"))
        let refused = bench.ask("POST", "/v1/deliveries/\(number)/retry", body: #"{"whole_round":true}"#)
        #expect(refused.status == 409 && refused.json["detail"]?.string.contains("is cancelled") == true)
        #expect(bench.ask("POST", "/v1/deliveries/\(number)/retry", body: #"{"whole_round":1}"#).faults == ["/whole_round"])
        #expect(bench.ask("POST", "/v1/deliveries/\(number)/retry", body: #"{"whole":true}"#).faults == ["/whole"])
    }

    @Test func aListSaysWhyEachEndpointGetsAnEventOrDoesNot() throws {
        _ = try bench.outbox.apply(
            Topology(
                nodes: [],
                endpoints: [
                    EndpointSettings(id: "users", node: "c1", url: "https://u.example/", events: [try EventPattern("USER_*")]),
                    EndpointSettings(id: "low", node: "s1", url: "https://l.example/"),
                ]
            )
        )
        try bench.emit("e1", type: "MEETING_STARTED")
        try bench.emit("e2", type: "DEALER_CREATED")
        _ = try bench.outbox.apply(Topology(nodes: [], endpoints: [EndpointSettings(id: "late", node: "c1", url: "https://x.example/")]))
        func verdicts(_ target: String) -> [String: String] {
            let answer = bench.ask("GET", target)
            return Dictionary(zip(answer.all("endpoint"), answer.all("verdict")), uniquingKeysWith: { $1 })
        }
        #expect(
            verdicts("/v1/events/e1/recipients")
                == ["low": "sent", "mine": "sent", "users": "pattern", "late": "changed", "top": "sent"]
        )
        #expect(
            verdicts("/v1/events/e2/recipients") == ["low": "level", "mine": "level", "users": "level", "late": "level", "top": "sent"]
        )
        #expect(verdicts("/v1/events/e1/recipients?endpoint=users") == ["users": "pattern"])
        let imagined = bench.ask("POST", "/v1/recipients", body: #"{"type":"USER_CREATED","node":"s2"}"#)
        #expect(imagined.all("endpoint") == ["far", "top"] && imagined.all("verdict") == ["wanted", "wanted"])
        let key = try bench.key("c1", .read)
        let seen = bench.ask("GET", "/v1/events/e1/recipients", key: key).all("endpoint")
        #expect(Set(seen) == ["low", "mine", "users", "late"])
    }

    @Test func theFiguresOfANodesKeyAreThoseOfItsTree() throws {
        let whole = bench.ask("GET", "/v1/status")
        #expect(whole.json["nodes"] == .number("7") && whole.json["deliveries"]?["pending"] == .number("0"))
        let part = bench.ask("GET", "/v1/status", key: try bench.key("c1", .readMetadata))
        #expect(part.json["nodes"] == .number("2") && part.json["endpoints"]?["active"] == .number("1") && part.json["events"] == nil)
    }

    @Test func healthIsAnsweredWithoutAKey() throws {
        _ = try bench.key(nil, .read)
        #expect(bench.ask("GET", "/healthz").text == "ok\n")
        #expect(bench.ask("GET", "/readyz").text == "ok\n")
        bench.outbox.close()
        #expect(bench.ask("GET", "/healthz").status == 200)
    }

    @Test func kindsOfRefusalsHaveAPage() throws {
        #expect(bench.ask("GET", "/problems").data.count == ProblemCode.allCases.count)
        #expect(bench.ask("GET", "/problems/not-found").json["status"] == .number("404"))
        #expect(bench.ask("GET", "/problems/nonsense").status == 404)
    }
}
