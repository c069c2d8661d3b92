import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

/// What people do day by day, with the real program: look, send again, take back, export, remove.
@Suite(.limited()) struct ByHandEndToEndTests {
    private let posthorn: PosthornProcess

    init() throws { posthorn = try PosthornProcess() }

    private func apply(_ url: String) throws {
        let text = """
            { "nodes": [ {"id": "r1", "level": "reseller", "name": "Reseller"}, {"id": "c1", "level": "company", "parent": "r1"},
                         {"id": "s1", "level": "site", "parent": "c1"} ],
              "endpoints": [
                {"id": "crm", "node": "c1", "url": "\(url)?token=hunter2", "vendor": "weseedo", "retry": ["0"],
                 "headers": {"X-Api-Key": "hunter2-too"}},
                {"id": "hook", "node": "r1", "url": "\(url)", "vendor": "conference", "retry": ["0"],
                 "credentials": {"token": "hunter2-as-well"}} ] }
            """
        let applied = try posthorn.run("apply", posthorn.write(text, to: "topology.json"))
        try #require(applied.status == 0, "\(applied.errors)")
    }

    private func emit(_ lines: String...) throws {
        try #require(try posthorn.run("emit", input: lines.joined(separator: "\n")).status == 0)
    }

    private func settle() throws -> String { try posthorn.run("run", "--until-settled", "--allow", "127.0.0.0/8").output }

    private func json(_ words: String...) throws -> [JSONValue] {
        try posthorn.run(words + ["--json"]).lines.map { try JSONValue.parse(Array($0.utf8)) }
    }

    @Test func anEventIsShownWithItsDataAndDeliveries() throws {
        let receiver = try MisbehavingReceiver { request in request.target.hasPrefix("/hook?") ? .status(503) : .ok }
        try apply(receiver.url)
        try emit(#"{"id":"e1","type":"MEETING_STARTED","node":"s1","data":{ "id": "m1", "id2": "\u00e9" }}"#)
        _ = try settle()
        let event = try #require(try json("event", "e1").first)
        #expect(event["data"]?["id2"] == .string("é") && event["waits_for_fan_out"] == .bool(false))
        guard case .array(let deliveries)? = event["deliveries"] else { throw InputProblem(field: "deliveries", reason: "is missing") }
        #expect(deliveries.map { $0["state"] } == [.string("exhausted"), .string("delivered")])
        #expect(deliveries[0]["status"] == .number("503") && deliveries[0]["error"] == .string("http_status"))
        #expect(deliveries[0]["url"] == .string("\(receiver.url)?token=***") && deliveries[0]["finished_at"] != .null)
        #expect(try posthorn.run("event", "e1", "--data").output == #"{ "id": "m1", "id2": "\u00e9" }"# + "\n")
        let text = try posthorn.run("event", "e1").output
        #expect(text.contains("type     MEETING_STARTED") && text.contains("http_status 503") && !text.contains("hunter2"))
        let unknown = try posthorn.run("event", "e2")
        #expect(unknown.status == 1 && unknown.errors.contains("\"e2\" is not known"))
    }

    @Test func retryResendAndCancelChooseAndCountAlike() throws {
        let receiver = try MisbehavingReceiver { request in request.target.hasPrefix("/hook?") ? .status(503) : .ok }
        try apply(receiver.url)
        try emit(SampleTopology.event("e1"), SampleTopology.event("e2"))
        #expect(try settle().hasPrefix("0 pending, 0 held, 2 delivered, 2 exhausted"))
        let dry = try posthorn.run("retry", "--type", "MEETING_*", "--since", "1h", "--dry-run")
        #expect(dry.output == "2 deliveries would be tried again; this was a dry run\n  crm: 2 exhausted\n")
        let counts = try #require(try json("resend", "--endpoint", "hook", "--dry-run").first)
        #expect(counts["endpoint"] == .string("hook") && counts["deliveries"] == .number("2") && counts["delivered"] == .number("2"))
        #expect(try posthorn.run("resend", "--endpoint", "hook").output == "2 deliveries due now\n")
        #expect(try posthorn.run("cancel", "--state", "exhausted", "--json").output == #"{"cancelled":2,"unknown":[],"refused":[]}"# + "\n")
        #expect(try settle().hasPrefix("0 pending, 0 held, 2 delivered, 0 exhausted, 2 cancelled"))
        #expect(receiver.requests.count { $0.target == "/hook" } == 4)
        let number = try #require(try json("deliveries", "--endpoint", "crm", "--limit", "1").first?["id"]?.text)
        let refused = try posthorn.run("retry", number, "77")
        #expect(refused.status == 1 && refused.output == "0 deliveries due now\n")
        #expect(refused.errors.contains("delivery \(number) is cancelled; a cancelled delivery stays so"))
        #expect(refused.errors.contains("delivery 77 is not known"))
        #expect(try posthorn.run("retry", "--state", "delivered").errors.contains("posthorn resend sends it again"))
    }

    @Test func aListIsBoundedAndSaysHowItGoesOn() throws {
        try apply("http://127.0.0.1:1/hook")
        let events = (0..<120).map { SampleTopology.event("e\($0)") }.joined(separator: "\n")
        #expect(try posthorn.run("emit", input: events).status == 0)
        let first = try posthorn.run("deliveries", "--json")
        #expect(first.lines.count == 100 && first.errors == "posthorn: there are more; the next ones: --before 141, or all: --all\n")
        let second = try posthorn.run("deliveries", "--json", "--before", "141")
        #expect(second.lines.count == 100 && second.lines[0].hasPrefix(#"{"id":140,"#))
        let last = try posthorn.run("deliveries", "--json", "--before", "41")
        #expect(last.lines.count == 40 && last.errors.isEmpty && last.lines[39].hasPrefix(#"{"id":1,"#))
        #expect(try posthorn.run("deliveries", "--all", "--json").lines.count == 240)
        #expect(try posthorn.run("deliveries", "--all", "--limit", "3").status == 2)
    }

    @Test func topologyIsShownAndExportedWithoutSecrets() throws {
        try apply("http://127.0.0.1:1/hook")
        let topology = try posthorn.run("topology").output
        #expect(try posthorn.run("apply", "--prune", posthorn.write(topology, to: "again.json")).output == "nothing to change\n")
        var shown = topology
        for words in [["endpoint", "list"], ["endpoint", "show", "crm"], ["endpoint", "show", "hook", "--json"], ["node", "list"]] {
            let result = try posthorn.run(words)
            #expect(result.status == 0 && !result.output.isEmpty)
            shown += result.output
        }
        #expect(!shown.contains("hunter2") && shown.contains("?token=***") && shown.contains("x-api-key: ***"), "\(shown)")
        #expect(try posthorn.run("topology", "--with-secrets").output.contains("hunter2-as-well"))
        #expect(try posthorn.run("node", "list").lines.dropFirst().map { $0.prefix(6) } == ["r1    ", "  c1  ", "    s1"])
        let node = try #require(try json("node", "list").last)
        #expect(node["id"] == .string("s1") && node["parent"] == .string("c1") && node["endpoints"] == .number("0"))
    }

    @Test func oneEndpointAndOneNodeAreRemovedWithoutAFile() throws {
        try apply("http://127.0.0.1:1/hook")
        try emit(SampleTopology.event("e1"))
        let waiting = try posthorn.run("endpoint", "remove", "crm")
        #expect(waiting.status == 1 && waiting.errors.contains("1 delivery that waits; add --cancel-waiting"))
        #expect(try posthorn.run("endpoint", "remove", "crm", "--cancel-waiting").output == "removed endpoint crm; 1 delivery cancelled\n")
        #expect(try posthorn.run("node", "remove", "c1").errors.contains("has the node s1; remove or move it first"))
        #expect(try posthorn.run("node", "remove", "s1").output == "removed node s1\n")
        #expect(try posthorn.run("node", "remove", "c1", "--json").output == #"{"id":"c1","removed":true}"# + "\n")
        #expect(try json("endpoint", "list").map { $0["id"] } == [.string("hook")])
    }

    @Test func problemsOfLinesComeInTheirOrder() throws {
        try apply("http://127.0.0.1:1/hook")
        let lines = [
            #"{"type":"A","node":"nobody","data":{}}"#, "no JSON", SampleTopology.event("e1"), #"{"type":"A","node":"none","data":{}}"#,
            "{",
        ]
        let result = try posthorn.run("emit", "--keep-going", input: lines.joined(separator: "\n"))
        #expect(result.status == 1 && result.output.contains("1 event accepted") && result.output.contains("4 lines refused"))
        let numbers = result.errorLines.compactMap { $0.firstMatch(of: /posthorn: line (\d+):/).map { String($0.1) } }
        #expect(numbers == ["1", "2", "4", "5"], "\(result.errors)")
    }

    @Test func aRotationSaysWhetherTheReplacedSecretSignsOn() throws {
        try apply("http://127.0.0.1:1/hook")
        let result = try posthorn.run("endpoint", "rotate", "hook")
        #expect(result.output.contains("carries one secret alone") && result.output.contains("shown this once"), "\(result.output)")
    }

    @Test func settingsComeFromTheEnvironmentAndAFile() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        try apply(receiver.url)
        try emit(SampleTopology.event("e1"))
        let settings = posthorn.write(#"{"allow": ["127.0.0.0/8"], "log": "json"}"#, to: "settings.json")
        let run = try posthorn.run(["run", "--until-settled"], environment: ["POSTHORN_SETTINGS": settings])
        #expect(run.output.hasPrefix("0 pending, 0 held, 2 delivered") && run.errors.hasPrefix(#"{"time":"#), "\(run.errors)")
        let test = try posthorn.run(["endpoint", "test", "crm"], environment: ["POSTHORN_ALLOW": "127.0.0.0/8"])
        #expect(test.status == 0 && !test.output.contains("hunter2"), "\(test.output)")
        let wrong = try posthorn.run(["run", "--until-settled"], environment: ["POSTHORN_CA_FILE": "/nonexistent"])
        #expect(wrong.status == 2 && wrong.errors.hasPrefix("posthorn: POSTHORN_CA_FILE: /nonexistent "), "\(wrong.errors)")
    }
}
