import Glibc
import PosthornModel
import PosthornText
import PosthornTestSupport
import Synchronization
import Testing

/// `posthorn simulate` as a process.
@Suite(.limited()) struct LabSimulateEndToEndTests {
    private static let vendors = ["weseedo", "diio", "conference", "webio", "voiso", "standard"]
    private static let faults =
        "duplicates=5%,reorder=5%,late=5%,burst=2%,gap=2%,unknown-type=5%,unknown-field=5%,outage=1m"

    @Test(arguments: vendors)
    func theSameSeedGivesTheSameBytesInEveryRun(vendor: String) throws {
        let posthorn = try PosthornProcess()
        let words = ["simulate", vendor, "--count", "200", "--seed", "3", "--fault", Self.faults, "--out", "-"]
        let first = try posthorn.run(words, input: [])
        #expect(first.status == 0 && first.lines.count > 200)
        #expect(try posthorn.run(words, input: []).output == first.output)
        #expect(try posthorn.run(words.map { $0 == "3" ? "4" : $0 }, input: []).output != first.output)
    }

    @Test(arguments: vendors)
    func writtenEventsCanBeEmittedLater(vendor: String) throws {
        let posthorn = try PosthornProcess()
        let (events, nodes) = (posthorn.directory.file("events.ndjson"), posthorn.directory.file("nodes.json"))
        let written = try posthorn.run("simulate", vendor, "--count", "50", "--out", events, "--out-topology", nodes)
        #expect(written.status == 0, "\(written.errors)")
        #expect(try posthorn.run("apply", nodes).status == 0)
        #expect(try posthorn.run("emit", events).output.hasPrefix("50 events accepted"))
    }

    @Test func severalURLsAllGetEveryEvent() throws {
        let (one, two) = (try MisbehavingReceiver { _ in .ok }, try MisbehavingReceiver { _ in .ok })
        let result = try PosthornProcess().run("simulate", "weseedo", one.url, two.url, "--count", "20", "--speed", "100000")
        #expect(result.status == 0 && result.output == "20 events: 40 delivered; 40 attempts\n", "\(result.output)\(result.errors)")
        #expect(one.requests.count == 20 && two.requests.count == 20)
    }

    @Test func theSummaryCountsTheFaultsThatWereAskedFor() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let words = [
            "simulate", "weseedo", receiver.url, "--count", "20", "--speed", "1000000", "--fault",
            "unknown-type=100%,duplicates=100%,gap=0%",
        ]
        let told = try PosthornProcess().run(words, input: [])
        #expect(told.output == "40 events: 40 delivered; 40 attempts\nfaults: 20 duplicates, 20 unknown types\n", "\(told.errors)")
        let json = try JSONValue.parse(Array(try PosthornProcess().run(words + ["--json"], input: []).output.utf8))
        #expect(json["faults"] == .object([.init("duplicates", .number("20")), .init("unknown-type", .number("20"))]))
        let written = try PosthornProcess().run("simulate", "weseedo", "--count", "20", "--out", "-", "--fault", "unknown-type=100%")
        #expect(written.errors == "faults: 20 unknown types\n")
        let help = try PosthornProcess().run("simulate", "--help").output
        let names = ["duplicates", "reorder", "late", "burst", "gap", "unknown-type", "unknown-field", "slow-200", "outage"]
        for name in names {
            #expect(help.contains("\n  \(name) "), "\(name)")
        }
    }

    @Test func aTopologyHasItsReceiversAndMails() throws {
        let crm = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        let file = posthorn.write(
            """
            {"nodes": [{"id": "c1", "level": "company"}, {"id": "s1", "level": "site", "parent": "c1"}],
             "endpoints": [
               {"id": "crm", "node": "c1", "url": "\(crm.url)", "vendor": "weseedo", "events": ["MEETING_*"]},
               {"id": "coach", "node": "c1", "url": "\(crm.url)", "vendor": "diio", "credentials": {"signing_secret": "x-of-coach"}}]}
            """,
            to: "topology.json"
        )
        let result = try posthorn.run("simulate", "weseedo", "--topology", file, "--count", "60", "--speed", "100000", "--json")
        #expect(result.status == 0 && result.errors.contains("coach has another vendor's envelope"), "\(result.errors)")
        #expect(!crm.requests.isEmpty)
        #expect(crm.requests.allSatisfy { String(decoding: $0.body, as: UTF8.self).contains(#""type":"MEETING_"#) })
        let json = try JSONValue.parse(Array(result.output.utf8))
        #expect(json["deliveries"]?["delivered"] == .number(String(crm.requests.count)) && json["mails"]?["waiting"] == .number("0"))
    }

    @Test func exhaustedDeliveriesAreToldByMail() throws {
        let refusing = try MisbehavingReceiver { _ in .status(500) }
        let server = try SMTPServer()
        let posthorn = try PosthornProcess()
        let file = posthorn.write(
            """
            {"nodes": [{"id": "c1", "level": "company", "notification_contact": {"email": "ops@example.com"}}],
             "endpoints": [{"id": "crm", "node": "c1", "url": "\(refusing.url)", "vendor": "weseedo", "retry": ["0", "1m"]}]}
            """,
            to: "topology.json"
        )
        let mail = ["--smtp", "smtp://127.0.0.1:\(server.port)", "--mail-from", "posthorn@example.com", "--smtp-allow-plain"]
        let words = ["simulate", "weseedo", "--topology", file, "--count", "30", "--speed", "100000", "--json"]
        let result = try posthorn.run(words + mail, input: [])
        let json = try JSONValue.parse(Array(result.output.utf8))
        guard case .number(let exhausted) = json["deliveries"]?["exhausted"] else {
            Issue.record("no count: \(result.output)\(result.errors)")
            return
        }
        #expect(result.status == 1 && (Int(exhausted) ?? 0) > 5)
        #expect(refusing.requests.count == 2 * (Int(exhausted) ?? 0))
        #expect(
            json["mails"]
                == .object([
                    .init("waiting", .number("0")), .init("sent", .number(String(server.mails.count))), .init("refused", .number("0")),
                ])
        )
        #expect(!server.mails.isEmpty && server.mails.allSatisfy { $0.text.contains("To: <ops@example.com>") })
    }

    @Test(arguments: [
        ["simulate", "diio", "http://127.0.0.1/", "--ask", "<<a>>"], ["simulate", "weseedo", "http://127.0.0.1/", "--topology", "t"],
        ["simulate", "weseedo", "http://127.0.0.1/", "--out-topology", "t"],
        ["simulate", "weseedo", "http://127.0.0.1/", "http://127.0.0.2/", "--check"],
        ["simulate", "weseedo", "http://127.0.0.1/", "--i-own-this-host", "example.com"],
        ["simulate", "weseedo", "http://127.0.0.1/", "--mail-from", "a@b.example"],
        ["load", "http://127.0.0.1/", "--expect", "lost<1"], ["load", "http://127.0.0.1/", "--ledger-wait", "1s"],
        ["load", "http://127.0.0.1/", "--body", "/dev/null", "--ledger", "x"], ["load", "http://127.0.0.1/", "--speed", "2"],
        ["load", "http://127.0.0.1/", "--replay", "x.db"], ["receive", "--fault", "lose"],
    ])
    func wrongUsageIsOneLineAndStatusTwo(words: [String]) throws {
        let result = try PosthornProcess().run(words, input: [])
        #expect(result.status == 2, "\(result.output)\(result.errors)")
        #expect(result.errorLines.count == 1 && result.errors.hasPrefix("posthorn: "), "\(result.errors)")
    }

    /// One public host among several closes the door before anything is sent, also to the others.
    @Test func aStrangersHostAmongOthersIsNotCalled() throws {
        let own = try MisbehavingReceiver { _ in .ok }
        let result = try PosthornProcess().run("simulate", "weseedo", own.url, "http://192.0.2.1/")
        #expect(result.status == 1 && result.errors.contains("--i-own-this-host 192.0.2.1"), "\(result.errors)")
        #expect(own.connectionCount == 0)
    }

    /// The same seed into the same outbox gives the same events, which an outbox takes once.
    @Test func eventsThatTheOutboxHasAreNotSentAgainAndTheRunSaysSo() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        let words = ["simulate", "weseedo", receiver.url, "--count", "5", "--speed", "100000", "--db", posthorn.database]
        let first = try posthorn.run(words, input: [])
        #expect(first.status == 0 && first.errors.isEmpty, "\(first.errors)")
        let second = try posthorn.run(words + ["--json"], input: [])
        #expect(second.output.contains(#""known_events":5"#) && second.errors.contains("5 events were in the outbox of --db before"))
        #expect(receiver.requests.count == 5)
    }

    /// The first run fails, the second one is judged by itself.
    @Test func countsAndStatusAreThoseOfTheRun() throws {
        let isGood = Atomic(false)
        let receiver = try MisbehavingReceiver { _ in isGood.load(ordering: .relaxed) ? .ok : .status(503) }
        let posthorn = try PosthornProcess()
        let words = ["simulate", "weseedo", receiver.url, "--count", "3", "--speed", "1000000", "--db", posthorn.database]
        let first = try posthorn.run(words + ["--seed", "1"], input: [])
        #expect(first.status == 1 && first.output.hasPrefix("3 events: 3 exhausted; "), "\(first.output)\(first.errors)")
        isGood.store(true, ordering: .relaxed)
        let second = try posthorn.run(words + ["--seed", "2"], input: [])
        #expect(second.status == 0 && second.output == "3 events: 3 delivered; 3 attempts\n", "\(second.output)\(second.errors)")
    }

    @Test func deliveriesThatHadWaitedAreNamed() throws {
        let isGood = Atomic(false)
        let receiver = try MisbehavingReceiver { _ in isGood.load(ordering: .relaxed) ? .ok : .status(503) }
        let posthorn = try PosthornProcess()
        let words = ["simulate", "weseedo", receiver.url, "--rate", "50", "--speed", "60", "--db", posthorn.database]
        let first = try posthorn.start(words + ["--count", "3", "--seed", "1"])
        #expect(receiver.waitForRequests(3).count >= 3)
        first.send(SIGINT)
        #expect(first.wait() == 1)
        isGood.store(true, ordering: .relaxed)
        let second = try posthorn.run(words + ["--count", "2", "--seed", "2", "--json"], input: [])
        let json = try JSONValue.parse(Array(second.output.utf8))
        #expect(json["events"] == .number("2") && json["deliveries"]?["delivered"] == .number("5"), "\(second.output)")
        #expect(json["left_over_deliveries"] == .number("3") && second.status == 0)
        #expect(second.errors.contains("3 deliveries had waited in the outbox of --db before and are counted too"), "\(second.errors)")
    }

    @Test func aReceiverThatIsNotThereIsNotChecked() throws {
        let result = try PosthornProcess().run("simulate", "weseedo", "http://127.0.0.1:9/", "--check")
        #expect(result.status == 1 && result.output.isEmpty && result.errorLines.count == 1)
        #expect(result.errors.hasPrefix("posthorn: URL: \"http://127.0.0.1:9/\" cannot be reached: No connection came about"))
    }

    /// An endpoint that wants none of the events is no success.
    @Test func aSimulationThatSendsNothingFails() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        let file = posthorn.write(
            """
            {"nodes": [{"id": "c1", "level": "company"}, {"id": "c2", "level": "company"}],
             "endpoints": [{"id": "crm", "node": "c1", "url": "\(receiver.url)", "vendor": "weseedo", "events": ["NOT_A_TYPE"]}]}
            """,
            to: "topology.json"
        )
        let result = try posthorn.run("simulate", "weseedo", "--topology", file, "--count", "5", "--speed", "100000")
        #expect(result.status == 1 && receiver.requests.isEmpty, "\(result.output)")
        #expect(result.errorLines.last?.hasPrefix("posthorn: no endpoint takes any of these 5 events, so nothing was sent; ") == true)
    }

    /// Ended early, it says what was not sent and what was not finished.
    @Test(.limited(), arguments: [false, true])
    func aSimulationThatIsStoppedSaysWhatIsLeft(keepsOutbox: Bool) throws {
        let receiver = try MisbehavingReceiver { _ in .status(503) }
        let posthorn = try PosthornProcess()
        let words = ["simulate", "weseedo", receiver.url, "--rate", "50", "--count", "3000"]
        let simulation = try posthorn.start(words + (keepsOutbox ? ["--db", posthorn.database] : []))
        #expect(receiver.waitForRequests(5).count >= 5)
        simulation.send(SIGINT)
        #expect(simulation.wait() == 1)
        let last = posthorn.contents(posthorn.directory.file("run-stderr")).split(separator: "\n").last ?? ""
        #expect(last.hasPrefix("posthorn: stopped early: ") && last.contains(" events were not sent, "), "\(last)")
        #expect(last.contains(keepsOutbox ? "posthorn run --db \(posthorn.database) goes on with them" : "they are given up"), "\(last)")
    }

    /// One event of a type, now.
    @Test func anEventIsTriggeredByItsType() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let result = try PosthornProcess().run("simulate", "weseedo", receiver.url, "--event", "MEETING_STARTED")
        #expect(result.status == 0 && result.output == "1 event: 1 delivered; 1 attempt\n", "\(result.output)\(result.errors)")
        let body = try JSONValue.parse(try #require(receiver.requests.first).body)
        #expect(body["type"] == .string("MEETING_STARTED"))
        guard case .string(let created)? = body["created"] else {
            Issue.record("no time")
            return
        }
        #expect(created > "2026" || created.hasPrefix("2025-1"), "\(created) is the scenario's own start, not now")
        let three = try PosthornProcess().run("simulate", "diio", "--event", "phone_call.*", "--count", "3", "--out", "-")
        #expect(
            three.status == 0 && three.lines.count == 3 && three.lines.allSatisfy { $0.contains(#""type":"phone_call."#) },
            "\(three.output)"
        )
        let none = try PosthornProcess().run("simulate", "weseedo", receiver.url, "--event", "MEETING_STRTED")
        #expect(none.status == 2 && none.errors.contains(#"did you mean "MEETING_STARTED"?"#), "\(none.errors)")
    }

    /// What a receiver has missed comes at once, with its own times; what is still to happen comes then.
    @Test(.limited()) func whatHappenedBeforeNowIsMadeUpForAtOnce() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        // An event about every 17 minutes: all of the twelve are of the last twelve hours.
        let words = ["--start", "12h", "--rate", "0.001", "--count", "12", "--backfill"]
        let result = try PosthornProcess().run(["simulate", "weseedo", receiver.url] + words, input: [])
        #expect(result.status == 0 && result.output == "12 events: 12 delivered; 12 attempts\n" && result.errors.isEmpty, "\(result)")
        let moments = try receiver.requests.map { try JSONValue.parse($0.body)["created"]?.text.replacing("\"", with: "") ?? "" }.sorted()
        let first = try #require(moments.first.flatMap { Timestamp(iso8601: $0) })
        let last = try #require(moments.last.flatMap { Timestamp(iso8601: $0) })
        #expect(last.milliseconds - first.milliseconds > 3_600_000, "\(moments)")
        for (words, message) in [
            (["--backfill"], "--backfill needs --start, such as --start 2h; add it"),
            (["--backfill", "--start", "now"], "--backfill: nothing has happened since --start"),
            (["--backfill", "--start", "2h", "--out", "-"], "--backfill says nothing with --out"),
        ] {
            let wrong = try PosthornProcess().run(["simulate", "weseedo", receiver.url] + words, input: [])
            #expect(wrong.status == 2 && wrong.errors.contains(message), "\(wrong.errors)")
        }
    }
}
