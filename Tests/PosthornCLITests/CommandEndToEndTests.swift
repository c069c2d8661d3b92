import Glibc
import PosthornTestSupport
import Testing

/// The other commands as processes.
@Suite(.limited()) struct CommandEndToEndTests {
    private func prepared(_ topology: String = SampleTopology.json()) throws -> PosthornProcess {
        let posthorn = try PosthornProcess()
        let applied = try posthorn.run("apply", posthorn.write(topology, to: "topology.json"))
        try #require(applied.status == 0, "\(applied.errors)")
        return posthorn
    }

    @Test func posthornAloneExplainsItself() throws {
        let posthorn = try PosthornProcess()
        for words in [[], ["--help"], ["help"]] {
            let result = try posthorn.run(words, input: [])
            #expect(result.status == 0 && result.output.contains("Usage: posthorn COMMAND"))
        }
        #expect(try posthorn.run("--version").output.hasPrefix("posthorn "))
        #expect(try posthorn.run("emit", "--help").output.contains("Example"))
    }

    @Test(arguments: [
        ["nonsense"], ["--nonsense"], ["emit", "--nonsense"], ["apply"], ["attempts", "abc"], ["deliveries", "--state", "gone"],
        ["deliveries", "--limit", "0"], ["deliveries", "--since", "soon"], ["run", "--allow", "10.0.0.1/8"], ["run", "--speed", "0"],
        ["run", "--speed", "1e-300"], ["simulate", "weseedo", "http://127.0.0.1:1/", "--rate", "1e-300"],
        ["run", "--threads", "many"], ["retry"], ["retry", "1", "--endpoint", "e"], ["retry", "--dry-run", "1"],
        ["retry", "--state", "held"], ["resend"], ["cancel", "x"], ["prune"], ["endpoint"], ["endpoint", "remove"],
        ["emit", "a", "b"], ["--db"],
    ])
    func wrongUsageIsOneLineAndStatusTwo(words: [String]) throws {
        let posthorn = try PosthornProcess()
        let result = try posthorn.run(words, input: [])
        #expect(result.status == 2)
        #expect(result.output.isEmpty)
        #expect(result.errorLines.count == 1 && result.errors.hasPrefix("posthorn: "), "\(result.errors)")
        #expect(result.errors.contains("--help"))
    }

    @Test func applyTellsWhatChangedAndThenNothing() throws {
        let posthorn = try PosthornProcess()
        let file = posthorn.write(SampleTopology.json(), to: "topology.json")
        let first = try posthorn.run("apply", file)
        #expect(first.lines.contains("added endpoint crm (c1, active)") && first.lines.contains("added node s1 (site)"))
        #expect(try posthorn.run("apply", file).output == "nothing to change\n")
        let other = posthorn.write(SampleTopology.json(url: "http://127.0.0.1:2/hook"), to: "other.json")
        #expect(
            try posthorn.run("apply", other, "--json").output == #"{"kind":"changed","what":"endpoint","id":"crm","detail":"url"}"# + "\n"
        )
    }

    @Test func anEmptyTopologyRemovesEverythingOnlyWhenThatIsSaid() throws {
        let posthorn = try PosthornProcess()
        let full = posthorn.write(SampleTopology.json(), to: "topology.json")
        let empty = posthorn.write("{}", to: "empty.json")
        #expect(try posthorn.run("apply", "--prune", empty).status == 0)
        #expect(try posthorn.run("apply", full).status == 0)
        let nodes = try posthorn.run("apply", full, "--json").lines.count
        #expect(nodes == 0)
        let refused = try posthorn.run("apply", "--prune", empty)
        #expect(refused.status == 1 && refused.output.isEmpty && refused.errorLines.count == 1)
        #expect(refused.errors.contains("empty.json") && refused.errors.contains("1 endpoint") && refused.errors.contains("--prune-all"))
        #expect(try posthorn.run("apply", full).output == "nothing to change\n")
        #expect(try posthorn.run("apply", "--prune-all", empty).output.contains("removed endpoint crm"))
        #expect(try posthorn.run("endpoint", "list", "--json").output.isEmpty)
    }

    @Test func aListThatAsksForSomethingUnknownSaysSo() throws {
        let posthorn = try PosthornProcess()
        let full = posthorn.write(SampleTopology.json(), to: "topology.json")
        #expect(try posthorn.run("apply", full).status == 0)
        for (flag, word) in [("--node", "node"), ("--endpoint", "endpoint"), ("--event", "event")] {
            let result = try posthorn.run("deliveries", flag, "nobody")
            #expect(result.status == 1 && result.output.isEmpty)
            #expect(
                result.errors.hasPrefix("posthorn: \(word): \"nobody\" is not known") && result.errorLines.count == 1,
                "\(result.errors)"
            )
        }
        let event = #"{"id":"e1","type":"MEETING_STARTED","node":"s1","data":{}}"#
        #expect(try posthorn.run("emit", input: event).status == 0)
        // Removed since, and still named by what was recorded.
        let empty = posthorn.write("{}", to: "empty.json")
        #expect(try posthorn.run("apply", "--prune-all", empty).status == 0)
        for (flag, id) in [("--node", "s1"), ("--endpoint", "crm"), ("--event", "e1")] {
            #expect(try posthorn.run("deliveries", flag, id, "--json").lines.count == 1)
        }
        #expect(try posthorn.run("deliveries", "--node", "d1", "--json").status == 1)
    }

    @Test(arguments: [
        "", "[]", "{\"nodes\": [", "{\"nodes\": [], \"extra\": 1}", "{\"nodes\": [{\"id\": \"a\", \"level\": \"king\"}]}",
        "{\"nodes\": [{\"id\": \"a\", \"level\": \"site\", \"parent\": \"b\"}]}",
        "{\"nodes\": [{\"id\": \"a\", \"level\": \"site\"}, {\"id\": \"a\", \"level\": \"site\"}]}",
        "{\"nodes\": [], \"endpoints\": [{\"id\": \"e\", \"node\": \"n\", \"url\": \"ftp://x\", \"vendor\": \"weseedo\"}]}",
    ])
    func aBadTopologyIsOneLineThatNamesTheFile(text: String) throws {
        let posthorn = try PosthornProcess()
        let file = posthorn.write(text, to: "bad.json")
        let result = try posthorn.run("apply", file)
        #expect(result.status == 1)
        #expect(result.errorLines.count == 1 && result.errors.hasPrefix("posthorn: \(file): "), "\(result.errors)")
    }

    @Test func filesThatAreNoOutboxAreRefusedAndKept() throws {
        let posthorn = try PosthornProcess()
        let file = posthorn.write(String(repeating: "no database at all ", count: 100), to: "other.db")
        let before = posthorn.contents(file)
        let result = try posthorn.run("status", "--db", file)
        #expect(result.status == 1 && result.errorLines.count == 1 && result.errors.contains("is not a SQLite database"))
        #expect(posthorn.contents(file) == before)
        #expect(try posthorn.run("status", "--db", posthorn.directory.file("no/such/x.db")).status == 1)
        #expect(try posthorn.run("emit", posthorn.directory.file("nothing")).errors.hasSuffix("No such file or directory\n"))
    }

    @Test func listsHaveTheirKeysInOrder() throws {
        let posthorn = try prepared()
        _ = try posthorn.run("emit", input: SampleTopology.event("e1").dropLast() + #","created":"2020-07-15T12:33:14Z"}"#)
        let delivery = try posthorn.run("deliveries", "--json").output
        #expect(
            delivery.hasPrefix(
                #"{"id":1,"event":"e1","type":"MEETING_STARTED","node":"s1","endpoint":"crm","state":"pending","attempts":0,"#
                    + #""created":"2020-07-15T12:33:14.000Z","next_attempt_at":""#
            )
        )
        #expect(try posthorn.run("deliveries", "--state", "delivered", "--json").output.isEmpty)
        #expect(try posthorn.run("deliveries", "--type", "MEETING_*", "--node", "s1", "--event", "e1", "--json").output == delivery)
        #expect(try posthorn.run("deliveries", "--endpoint", "nobody").errors.contains("\"nobody\" is not known"))
        #expect(try posthorn.run("status", "--json").output.contains(#""deliveries":{"pending":1,"held":0,"#))
        #expect(try posthorn.run("attempts", "1", "--json").output.isEmpty)
        #expect(try posthorn.run("attempts", "2").status == 1)
    }

    @Test func runUntilSettledDeliversAndSaysSo() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try prepared(SampleTopology.json(url: receiver.url))
        _ = try posthorn.run("emit", input: SampleTopology.event("e1") + "\n" + SampleTopology.event("e2"))
        let result = try posthorn.run("run", "--until-settled", "--allow", "127.0.0.0/8", "--log", "json")
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("0 pending, 0 held, 2 delivered, 0 exhausted, 0 cancelled; 2 attempts in "))
        #expect(result.errorLines.allSatisfy { $0.hasPrefix(#"{"time":""#) && $0.hasSuffix("}") })
        #expect(receiver.requests.count == 2)
        let attempt = try posthorn.run("attempts", "1", "--json").output
        #expect(attempt.hasPrefix(#"{"delivery":1,"number":1,"started_at":""#))
        #expect(attempt.contains(#""status":200,"error":null,"error_text":null,"response":"ok","address":"127.0.0.1:"#))
    }

    @Test func aRunThatExhaustsSaysSoAndFailsOnlyWhenAsked() throws {
        let receiver = try MisbehavingReceiver { _ in .status(503) }
        let posthorn = try prepared(SampleTopology.json(url: receiver.url, retry: #"["0"]"#))
        let run = ["run", "--until-settled", "--allow", "127.0.0.0/8"]
        _ = try posthorn.run("emit", input: SampleTopology.event("e1"))
        let mild = try posthorn.run(run, input: [])
        #expect(mild.status == 0)
        let last = try #require(mild.errorLines.last)
        #expect(last.contains("attempts of 1 delivery were used up in this run") && last.contains("exhausted=1 held=0"), "\(mild.errors)")
        _ = try posthorn.run("emit", input: SampleTopology.event("e2"))
        let strict = try posthorn.run(run + ["--fail-on-exhausted", "--log", "json"], input: [])
        #expect(strict.status == 1 && strict.output.contains("2 exhausted"))
        #expect(strict.errorLines.last?.contains(#""event":"not_all_delivered""#) == true)
        // What earlier runs exhausted is not this one's.
        let nothing = try posthorn.run(run + ["--fail-on-exhausted"], input: [])
        #expect(nothing.status == 0 && !nothing.errors.contains("not everything"))
        let usage = try posthorn.run("run", "--fail-on-exhausted")
        #expect(usage.status == 2 && usage.errors.contains("--until-settled"))
    }

    /// What waits in order behind an exhausted delivery does not go on by running again, so it is not said that it does.
    @Test func aRunWhoseLanesAreStoppedNamesWhatLetsThemGoOn() throws {
        let receiver = try MisbehavingReceiver { _ in .status(503) }
        let posthorn = try prepared(SampleTopology.json(url: receiver.url, retry: #"["0"]"#, more: #","order":"endpoint""#))
        let run = ["run", "--until-settled", "--allow", "127.0.0.0/8"]
        _ = try posthorn.run("emit", input: ["e1", "e2", "e3"].map { SampleTopology.event($0) }.joined(separator: "\n"))
        let result = try posthorn.run(run + ["--json"], input: [])
        #expect(result.status == 0 && result.output.contains(#""exhausted":1,"behind_exhausted":2,"#), "\(result.output)")
        let last = try #require(result.errorLines.last)
        #expect(last.contains("2 deliveries wait in order behind an exhausted one") && last.contains("posthorn lanes"), "\(last)")
        #expect(!last.contains("stopped before") && !last.contains("goes on with what is pending"), "\(last)")
        // Nothing is used up in the next run, and all the same nothing goes on.
        let again = try posthorn.run(run + ["--fail-on-exhausted"], input: [])
        #expect(again.status == 1 && again.errorLines.last?.contains("behind_exhausted=2") == true, "\(again.errors)")
        #expect(receiver.requests.count == 1)
        let lanes = try posthorn.run("lanes")
        #expect(lanes.lines.last?.split(separator: " ").suffix(4) == ["1", "2", "1", "2"], "\(lanes.output)")
        #expect(try posthorn.run("doctor").output.contains("an exhausted delivery stops 1 lane of"))
        #expect(try posthorn.run("skip", "1").output == "1 delivery skipped\n")
        #expect(try posthorn.run(run, input: []).status == 0 && receiver.waitForRequests(2).count == 2)
    }

    @Test func aRunThatIsStoppedBeforeAllIsSettledSaysWhatIsLeft() throws {
        let receiver = try MisbehavingReceiver { _ in .status(503) }
        let posthorn = try prepared(SampleTopology.json(url: receiver.url))
        _ = try posthorn.run("emit", input: SampleTopology.event("e1"))
        for (flags, status) in [([], 0), (["--fail-on-exhausted"], 1)] as [([String], Int32)] {
            // An attempt of the first run's leaves a minute's wait; the second is stopped as soon as it has started.
            let (running, log) = try posthorn.startLogging(["run", "--until-settled", "--allow", "127.0.0.0/8"] + flags)
            #expect(log.wait(for: "started"))
            running.send(SIGTERM)
            #expect(running.wait() == status)
            #expect(log.wait(for: "1 delivery is still pending, as it was stopped before"))
        }
    }

    @Test func withoutAllowAPrivateAddressIsRefusedAndRetryMakesItDue() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try prepared(SampleTopology.json(url: receiver.url, retry: #"["0"]"#))
        _ = try posthorn.run("emit", input: SampleTopology.event("e1"))
        let refused = try posthorn.run("run", "--until-settled", "--json")
        #expect(refused.output.contains(#""deliveries":{"pending":0,"held":0,"delivered":0,"exhausted":1,"cancelled":0}"#))
        #expect(refused.errors.contains("error=refused_address"))
        #expect(receiver.connectionCount == 0)
        let retried = try posthorn.run("retry", "1", "9", "--json")
        #expect(retried.status == 1 && retried.output == #"{"retried":1,"moved":0,"unknown":[9],"refused":[],"waiting":[]}"# + "\n")
        #expect(try posthorn.run("run", "--until-settled", "--allow", "127.0.0.1").output.contains("1 delivered"))
        // The newest event always stays, so another one comes after it.
        _ = try posthorn.run("emit", input: SampleTopology.event("e2"))
        #expect(try posthorn.run("prune", "--older-than", "0").output == "deleted 1 event, 1 delivery, 2 attempts, 0 removed endpoints\n")
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func aSignalLetsWhatIsOnTheWireEnd(signal: Int32) throws {
        let receiver = try MisbehavingReceiver { _ in Reply.ok.held }
        let posthorn = try prepared(SampleTopology.json(url: receiver.url))
        _ = try posthorn.run("emit", input: SampleTopology.event("e1"))
        let engine = try posthorn.start("run", "--allow", "127.0.0.0/8")
        #expect(receiver.waitForRequests(1).count == 1)
        // Twice at once, as timeout(1) does: the process and its group.
        engine.send(signal)
        engine.send(signal)
        receiver.release()
        #expect(engine.wait() == 0)
        #expect(try posthorn.run("deliveries", "--json").output.contains(#""state":"delivered","attempts":1"#))
    }

    @Test func aSecondSignalEndsAtOnce() throws {
        let receiver = try MisbehavingReceiver { _ in Reply.ok.held }
        let posthorn = try prepared(SampleTopology.json(url: receiver.url))
        _ = try posthorn.run("emit", input: SampleTopology.event("e1"))
        let engine = try posthorn.start("run", "--allow", "127.0.0.0/8")
        #expect(receiver.waitForRequests(1).count == 1)
        engine.send(SIGTERM)
        engine.send(SIGINT)
        #expect([128 + SIGINT, 128 + SIGTERM].contains(engine.wait()))
        #expect(try posthorn.run("deliveries", "--json").output.contains(#""state":"pending","attempts":0"#))
    }

    @Test func aDisabledEndpointHoldsItsDeliveries() throws {
        let posthorn = try prepared()
        #expect(try posthorn.run("endpoint", "disable", "crm", "--reason", "for a while").output == "endpoint crm is disabled\n")
        _ = try posthorn.run("emit", input: SampleTopology.event("e1"))
        #expect(try posthorn.run("deliveries", "--state", "held", "--json").lines.count == 1)
        #expect(
            try posthorn.run("endpoint", "list", "--json").output.contains(#""state":"disabled","reason":"for a while","broken":null"#)
        )
        #expect(try posthorn.run("endpoint", "enable", "crm", "--json").output == #"{"id":"crm","state":"active"}"# + "\n")
        #expect(try posthorn.run("endpoint", "enable", "nobody").status == 1)
    }

    @Test func secretsAreNeverPrinted() throws {
        let secret = "canary-7f3a9c-canary"
        let topology = SampleTopology.json()
            .replacing(
                #""vendor": "weseedo""#,
                #""vendor": "conference", "credentials": {"token": "\#(secret)"}, "headers": {"x-key": "\#(secret)"}"#
            )
        let posthorn = try prepared(topology)
        _ = try posthorn.run("emit", input: SampleTopology.event("e1"))
        for words in [
            ["endpoint", "list"], ["endpoint", "list", "--json"], ["status"], ["deliveries"], ["doctor"],
            ["run", "--until-settled", "--speed", "1000000"],
            ["attempts", "1", "--json"],
        ] {
            let result = try posthorn.run(words, input: [])
            #expect(!result.output.contains(secret) && !result.errors.contains(secret), "\(words)")
        }
    }

    @Test func aPipeThatNobodyReadsEndsQuietly() throws {
        let result = try prepared().runIntoClosedPipe("status")
        #expect(result.status == 141)
        #expect(result.errors.isEmpty)
    }

    @Test func anOutputThatCannotBeWrittenIsSaid() throws {
        let posthorn = try prepared()
        let result = try posthorn.run("status", outputPath: "/dev/full")
        #expect(result.status == 1)
        #expect(result.errors == "posthorn: cannot write to the standard output: No space left on device\n")
    }

    @Test func theDoctorChecksAnOutboxAndRefusesADamagedOne() throws {
        let posthorn = try prepared()
        let well = try posthorn.run("doctor", "--json")
        #expect(well.output.contains(#"{"severity":"ok","check":"integrity""#))
        #expect(well.output.contains(#"{"severity":"warn","check":"http""#))
        let missing = try posthorn.run("doctor", "--db", posthorn.directory.file("none.db"))
        #expect(missing.output.contains("does not exist yet"))
        #expect(access(posthorn.directory.file("none.db"), F_OK) != 0)
        let bad = try posthorn.run("doctor", "--db", posthorn.write(String(repeating: "x", count: 4096), to: "bad.db"))
        #expect(bad.status == 1 && bad.output.contains("problem"))
    }
}

extension String {
    /// The text with one piece of it replaced.
    fileprivate func replacing(_ piece: String, _ other: String) -> String {
        guard let start = utf8.indices.first(where: { self[$0...].hasPrefix(piece) }) else { return self }
        return self[..<start] + other + self[start...].dropFirst(piece.count)
    }

    @Test(arguments: [
        ["status"], ["deliveries"], ["prune", "--older-than", "1d"], ["endpoint", "list"], ["run", "--until-settled"], ["run"],
    ])
    func aMistypedOutboxIsNotMade(_ words: [String]) throws {
        let posthorn = try PosthornProcess()
        let result = try posthorn.run(words, input: [])
        #expect(result.status == 1)
        #expect(result.errors.contains("there is no outbox \(posthorn.database); name it with --db"), "\(result.errors)")
        #expect(posthorn.contents(posthorn.database).isEmpty)
    }
}
