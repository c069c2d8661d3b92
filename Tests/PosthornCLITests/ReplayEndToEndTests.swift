import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

/// Replays with the real program.
@Suite(.limited()) struct ReplayEndToEndTests {
    private let posthorn: PosthornProcess

    init() throws { posthorn = try PosthornProcess() }

    private func apply(_ url: String) throws {
        let text = """
            { "nodes": [ {"id": "r1", "level": "reseller"}, {"id": "c1", "level": "company", "parent": "r1"},
                         {"id": "s1", "level": "site", "parent": "c1"} ],
              "endpoints": [ {"id": "crm", "node": "c1", "url": "\(url)", "vendor": "weseedo", "retry": ["0"]} ] }
            """
        let applied = try posthorn.run("apply", posthorn.write(text, to: "topology.json"))
        try #require(applied.status == 0, "\(applied.errors)")
    }

    @Test func eventsThatABrokenReceiverMissedAreSentAgain() throws {
        let (broken, mended) = (try MisbehavingReceiver { _ in .status(503) }, try MisbehavingReceiver { _ in .ok })
        try apply(broken.url)
        let lines = (0..<5).map { SampleTopology.event("e\($0)") }.joined(separator: "\n")
        try #require(try posthorn.run("emit", input: lines).status == 0)
        #expect(
            try posthorn.run("run", "--until-settled", "--allow", "127.0.0.0/8").output.hasPrefix(
                "0 pending, 0 held, 0 delivered, 5 exhausted"
            )
        )
        try apply(mended.url)
        let dry = try posthorn.run("replay", "create", "--endpoint", "crm", "--since", "1h", "--dry-run")
        #expect(dry.output == "5 deliveries of 5 events would be sent; this was a dry run\n  crm: 5\n", "\(dry.errors)")
        func count(_ words: String...) throws -> String { try posthorn.run(["replay", "create", "--dry-run"] + words).lines[0] }
        #expect(try count("--error", "http_status", "--status-class", "5", "--attempts-min", "1").hasPrefix("5 deliveries of 5 events"))
        #expect(try count("--error", "timeout").hasPrefix("0 ") && count("--status-class", "4").hasPrefix("0 "))
        #expect(try count("--event", "e3").hasPrefix("1 delivery of 1 event") && count("--attempts-min", "2").hasPrefix("0 "))
        let made = try posthorn.run("replay", "create", "--endpoint", "crm", "--rate", "500")
        #expect(made.output.hasPrefix("replay 1: 5 deliveries at 500 a second"), "\(made.errors)")
        #expect(
            try posthorn.run("run", "--until-settled", "--allow", "127.0.0.0/8").output.hasPrefix(
                "0 pending, 0 held, 5 delivered, 0 exhausted"
            )
        )
        #expect(mended.requests.count == 5)
        let shown = try JSONValue.parse(Array(try posthorn.run("replay", "show", "1", "--json").output.utf8))
        #expect(shown["state"] == .string("done") && shown["done"] == .number("5") && shown["left"] == .number("0"))
        let text = try posthorn.run("replay", "show", "1").output
        #expect(text.contains("state       done\n") && text.contains("endpoint    crm\n"), "\(text)")
        #expect(try posthorn.run("replay", "list").lines.count == 2)
    }

    @Test func whatFailedIsTriedAgainByAJobThatSurvivesARestart() throws {
        let receiver = try MisbehavingReceiver { _ in .status(503) }
        try apply(receiver.url)
        let lines = (0..<4).map { #"{"id":"e\#($0)","type":"T","node":"s1","data":{"n":1}}"# }.joined(separator: "\n")
        try #require(try posthorn.run("emit", input: lines).status == 0)
        let run = ["run", "--until-settled", "--allow", "127.0.0.0/8"]
        _ = try posthorn.run(run, input: [])
        let chosen = ["--state", "exhausted", "--error", "http_status", "--node", "c1"]
        let dry = try posthorn.run(["retry"] + chosen + ["--rate", "500", "--dry-run"], input: [])
        #expect(dry.output == "4 deliveries would be tried again; this was a dry run\n  crm: 4 exhausted\n", "\(dry.errors)")
        let made = try posthorn.run(["retry"] + chosen + ["--rate", "500"], input: [])
        #expect(made.output.hasPrefix("retry by job 1: 4 deliveries at 500 a second; posthorn replay show 1"), "\(made.errors)")
        #expect(try posthorn.run("retry", "--error", "timeout", "--rate", "5").output.hasPrefix("retry by job 2: 0 deliveries"))
        // No engine ran meanwhile: the next one carries it out.
        _ = try posthorn.run(run, input: [])
        #expect(receiver.requests.count == 8)
        let shown = try JSONValue.parse(Array(try posthorn.run("replay", "show", "1", "--json").output.utf8))
        #expect(shown["action"] == .string("retry") && shown["state"] == .string("done") && shown["done"] == .number("4"))
        #expect(try posthorn.run("replay", "show", "1").output.contains("errors      http_status\n"))
        let cancel = try posthorn.run("cancel", "--endpoint", "crm", "--rate", "1000", "--json")
        #expect(cancel.output.contains(#""action":"cancel","state":"running""#), "\(cancel.errors)")
        #expect(try posthorn.run(run, input: []).output.contains("4 cancelled"))
        let refused = try posthorn.run("retry", "1", "--rate", "5")
        #expect(refused.status == 2 && refused.errors.contains("--rate is for many deliveries; choose by"), "\(refused.errors)")
        let elsewhere = try posthorn.run("retry", "--endpoint", "crm", "--current-url", "--rate", "5")
        #expect(elsewhere.status == 2 && elsewhere.errors.contains("say which ones by --state too"))
        #expect(try posthorn.run("deliveries", "--error", "timeuot").errors.contains("did you mean \"timeout\""))
    }

    @Test func whatHasLostItsDataIsLeftOutAndSaid() throws {
        let receiver = try MisbehavingReceiver { $0.body.contains(UInt8(ascii: "!")) ? .status(503) : .ok }
        try apply(receiver.url)
        func emit(_ lines: [String]) throws {
            try #require(try posthorn.run("emit", input: lines.joined(separator: "\n")).status == 0)
            _ = try posthorn.run("run", "--until-settled", "--allow", "127.0.0.0/8")
        }
        let mark = #"{"type":"T","node":"s1","data":{"id":"!"}}"#
        try emit([SampleTopology.event(), SampleTopology.event(), mark])
        // Whatever ended before this moment.
        #expect(try posthorn.run("prune", "--keep-payloads", "1ms").output.hasSuffix("dropped the data of 3 other events\n"))
        try emit([SampleTopology.event()])
        let lost = "cannot be sent again, since --keep-payloads has dropped the data\n"
        let states = ["--state", "exhausted", "--state", "delivered"]
        let dry = try posthorn.run(["replay", "create"] + states + ["--dry-run"])
        #expect(
            dry.output == "1 delivery of 1 event would be sent; this was a dry run\n3 deliveries \(lost)"
                + "  crm: 1, 3 not, since the data was dropped\n"
        )
        let json = try posthorn.run(["replay", "create"] + states + ["--dry-run", "--json"])
        #expect(json.output.contains(#"{"endpoint":"crm","deliveries":1,"held":0,"refused":3,"data_dropped":3}"#))
        let retry = try posthorn.run("retry", "--endpoint", "crm", "--dry-run")
        #expect(
            retry.output == "0 deliveries would be tried again; this was a dry run\n1 delivery \(lost)"
                + "  crm: 1 not, since the data was dropped\n"
        )
        let resend = try posthorn.run("resend", "--endpoint", "crm", "--dry-run", "--json")
        #expect(resend.output == #"{"endpoint":"crm","deliveries":1,"delivered":1,"data_dropped":2}"# + "\n")
        let made = try posthorn.run(["replay", "create", "--rate", "500"] + states)
        #expect(made.lines[0].hasPrefix("replay 1: 1 delivery at 500 a second") && made.output.hasSuffix("3 deliveries \(lost)"))
        _ = try posthorn.run("run", "--until-settled", "--allow", "127.0.0.0/8")
        let shown = try posthorn.run("replay", "show", "1").output
        #expect(shown.contains("done        1 delivery\n") && shown.contains("refused     3 deliveries\n"), "\(shown)")
    }

    @Test func aReplayIsEndedAndWhatIsWrongIsSaid() throws {
        try apply("https://crm.example/")
        #expect(try posthorn.run("replay", "create").status == 0)
        #expect(try posthorn.run("replay", "cancel", "1").output == "replay 1 is cancelled; it had made 0 deliveries due\n")
        let again = try posthorn.run("replay", "cancel", "1")
        #expect(again.status == 1 && again.errors.contains("is cancelled; only a running one can be cancelled"))
        #expect(try posthorn.run("replay", "show", "9").errors == "posthorn: replay 9 is not known; posthorn replay list shows them\n")
        #expect(try posthorn.run("replay", "show", "x").status == 2)
        let endpoint = try posthorn.run("replay", "create", "--endpoint", "cmr")
        #expect(endpoint.status == 1 && endpoint.errors.contains("\"cmr\" names no endpoint"))
        #expect(try posthorn.run("replay", "create", "--state", "pending").errors.contains("what waits goes out by itself"))
    }
}
