import Posthorn
import PosthornLab
import PosthornModel
import PosthornText
import PosthornTestSupport
import Testing

@testable import PosthornCLI

/// What the lab's commands say of a command line that cannot be right: the flag, its value, and what to write instead.
@Suite(.limited()) struct LabMessageTests {
    private static let here = "http://127.0.0.1:9/"

    /// The one line of a command line that is refused, before anything is sent.
    private func refusal(_ words: [String]) throws -> String {
        let result = try PosthornProcess().run(words, input: [])
        #expect(result.status == 2 && result.output.isEmpty, "\(result.output)\(result.errors)")
        #expect(result.errorLines.count == 1)
        let ends = ["; see posthorn \(words[0]) --help\n", "? See posthorn \(words[0]) --help\n"]
        #expect(ends.contains { result.errors.hasSuffix($0) }, "\(result.errors)")
        return result.errors
    }

    @Test(
        arguments: [
            (["simulate", "diio", here], "--credential: signature diio needs signing_secret; add --credential signing_secret=VALUE"),
            (["simulate", "diio", here, "--check"], "--credential: signature diio needs signing_secret; add"),
            (["load", here, "--vendor", "diio"], "add --credential signing_secret=VALUE;"),
            (
                ["simulate", "webio", here, "--credential", "secret=s"],
                "needs api_key, organisation_id; add --credential api_key=VALUE --credential organisation_id=VALUE"
            ),
            (["load", here, "--vendor", "diio", "--credential", "secret=s"], "--credential secret=…: is not known to signature diio"),
            (["load", here, "--vendor", "diio", "--credential", "signing_secrt=s"], "did you mean \"signing_secret\"?"),
            (["receive", "--vendor", "weseedo", "--credential", "token=t"], "--credential token=…: is not known to signature none"),
            (["load", here, "--vendor", "standard", "--credential", "secret=short"], "--credential secret=…: "),
            (["load", here, "--vendor", "diio", "--credential", "signing_secret"], "number 1 has no value; write it as NAME=VALUE"),
            (["load", here, "--vendor", "diio", "--credential", "=s"], "number 1 has no name; write it as NAME=VALUE"),
            (["load", here, "--vendor", "weseedo", "--signature", "voiso-key"], "needs key; add --credential key=VALUE"),
            (
                ["load", here, "--vendor", "weseedo", "--signature", "voiso-key", "--credential", "key=k"],
                "--signature: \"voiso-key\" puts its key into the body of envelope voiso"
            ),
        ]
    )
    func credentialsAreAskedForByTheirFlag(words: [String], message: String) throws {
        let line = try refusal(words)
        #expect(line.contains(message), "\(line)")
    }

    @Test func theSecretOfABadCredentialIsNotRepeated() throws {
        let words = ["load", Self.here, "--vendor", "webio", "--credential", "api_key=k", "--credential", "organisation_id=o"]
        #expect(!(try refusal(words + ["--credential", "secret=hunter2"]).contains("hunter2")))
    }

    @Test(
        arguments: [
            (
                ["load", here, "--event", "NOPE"],
                "--event: \"NOPE\" fits none of weseedo's types; use one of MEETING_CREATED, "
            ),
            (["load", here, "--event", "meeting_start"], "fits none of weseedo's types; did you mean \"MEETING_STARTED\"?"),
            (["load", here, "--event", "NOPE_*"], "or a pattern of them with *"),
            (
                ["load", here, "--vendor", "voiso", "--credential", "key=k", "--event", "MEETING_STARTED"],
                "\"MEETING_STARTED\" fits none of voiso's types; use one of inbound.call.answered, "
            ),
            (["load", here, "--vendor", "weseedo", "--data", "{}"], "--event: must name one type, since the data is given"),
            (["load", here, "--vendor", "weseedo", "--event", "MEETING_STARTED", "--data", "[1]"], "--data: "),
            (["load", here, "--vendor", "weseedo", "--event", "MEETING_STARTED", "--body", "/dev/null"], "--body: "),
        ]
    )
    func anEventThatThereIsNotIsAnsweredWithThoseThatThereAre(words: [String], message: String) throws {
        let line = try refusal(words)
        #expect(line.contains(message), "\(line)")
    }

    @Test(
        arguments: [
            (["load", here, "--late", "150%"], "--late: \"150%\" is more than 100%; write from 0% to 100%"),
            (["load", here, "--duplicates", "2"], "--duplicates: \"2\" is more than 1, which is 100%; write 2% for two in a hundred"),
            (["load", here, "--reorder", "some"], "--reorder: \"some\" is not a share; write 1% or 0.01"),
            (
                ["load", here, "--late", "60%", "--reorder", "0.5"],
                "--late 60%, --reorder 0.5: 110% together; a request is of one kind, so write at most 100% in all"
            ),
            (["simulate", "weseedo", here, "--fault", "late=101%"], "--fault: \"late=101%\" is more than 100%"),
            (["receive", "--fault", "hangup=60%,503=60%"], "--fault: \"hangup=60%,503=60%\" is 120% together"),
        ]
    )
    func sharesAreNoMoreThanAll(words: [String], message: String) throws {
        let line = try refusal(words)
        #expect(line.contains(message), "\(line)")
    }

    @Test(
        arguments: [
            (["receive", "--rotate-to", "x"], "--rotate-to is a second secret beside the first; add --vendor and --credential"),
            (["simulate", "weseedo", here, "--rotate-to", "x"], "--rotate-to: requests without a signature have no secret"),
            (
                ["simulate", "diio", here, "--credential", "signing_secret=a", "--rotate-to", "a"],
                "--rotate-to: the new secret is the secret already in use"
            ),
            (["simulate", "weseedo", here, "--ask", "<<a>>"], "--ask: only webio"),
            (
                [
                    "simulate", "webio", here, "--credential", "api_key=k", "--credential", "organisation_id=o", "--credential",
                    "secret=0123456789abcdef0123456789abcdef", "--ask", "no field",
                ], "--ask: \"no field\" has no <<field>> to ask for"
            ),
            (["load", here, "--ca-file", "/nonexistent"], "--ca-file: /nonexistent can't be read: No such file or directory; name"),
            (["load", here, "--ca-file", "/dev/null"], "--ca-file: /dev/null is not a regular file; name a PEM file"),
            (["simulate", "weseedo", here, "--ca-file", "/nonexistent"], "--ca-file: /nonexistent can't be read"),
        ]
    )
    func impossiblePlansAreRefusedAtOnce(words: [String], message: String) throws {
        let line = try refusal(words)
        #expect(line.contains(message), "\(line)")
    }

    private static let diio = ["simulate", "diio", here, "--credential", "signing_secret=a"]

    @Test(
        arguments: [
            (["simulate", "weseedo", here, "--out", "-"], "\"http://127.0.0.1:9/\" says nothing with --out"),
            (["simulate", "weseedo", "--out", "-", "--speed", "2"], "--speed says nothing with --out"),
            (["simulate", "weseedo", "--out", "-", "--credential", "a=b"], "--credential says nothing with --out"),
            (["simulate", "weseedo", "--out", "-", "--check"], "--out says nothing with --check"),
            (["simulate", "weseedo", "--out", "-", "--out-topology", "-"], "--out and --out-topology: both are the standard output"),
            (["simulate", "weseedo", "--out", "-", "--fault", "slow-200=1%"], "--fault: slow-200 is about answers"),
            (["simulate", "weseedo", here, "--out-topology", "t"], "--out-topology belongs to --out; add it"),
            (diio + ["--check", "--count", "5"], "--count says nothing with --check"),
            (diio + ["--check", "--db", "x.db"], "--db says nothing with --check"),
            (["load", here, "--csv", "-", "--json"], "--csv - and --json exclude each other"),
            (["load", here, "--report", "-"], "--report: the standard output has the results"),
            (["load", here, "--csv", "a", "--samples", "a"], "--csv and --samples: both are a"),
            (["load", here, "--expect", "findings<1"], "--expect findings<1 needs requests that test the receiver; add --wrong-signature"),
            (["load", here, "--ledger", "-"], "--ledger: \"-\" is neither a file nor a URL"),
            (["receive", "--seed", "3"], "--seed is for the dice of --fault"),
            (["receive", "--vendor", "diio", "--value", "a=b"], "--value: only webio asks for values"),
            (["receive", "--until", "3", "--status", "503"], "--until counts events that were answered 200"),
        ]
    )
    func aFlagWithoutEffectIsRefused(words: [String], message: String) throws {
        let line = try refusal(words)
        #expect(line.contains(message), "\(line)")
    }

    /// A flag of the command that no mode knows could only be ignored.
    @Test func everyFlagOfSimulateBelongsToAMode() {
        let known = SimulateMode.allCases.reduce(into: Set<String>()) { $0.formUnion($1.flags) }
        #expect(known == Set(SimulateCommand.specification.allFlags.map(\.name)))
    }

    @Test(arguments: [("ledger", "."), ("/ledger", "/"), ("a/b/ledger", "a/b"), ("./ledger", ".")])
    func aLedgerStandsInAFolder(path: String, folder: String) { #expect(LedgerSource.folder(of: path) == folder) }

    @Test func anOutboxThatCannotBeReplayedIsNamedByItsFlag() throws {
        let posthorn = try PosthornProcess()
        let other = posthorn.write("not a database, not a database, not a database", to: "other")
        for (path, message) in [
            (posthorn.directory.file("none.db"), "is not there; name the file of an outbox"), (other, "name another file with --replay"),
        ] {
            let result = try posthorn.run("load", Self.here, "--vendor", "weseedo", "--replay", path)
            #expect(result.status == 1 && result.errorLines.count == 1)
            #expect(result.errors.hasPrefix("posthorn: --replay: ") && result.errors.contains(message), "\(result.errors)")
        }
    }

    @Test func aMissedExpectationIsNamedBesideATable() throws {
        let words = ["load", Self.here, "--count", "1", "--csv", "-", "--expect", "p99<1ms", "--expect", "errors<=1"]
        let result = try PosthornProcess().run(words, input: [])
        #expect(result.status == 1 && result.output.hasPrefix("# command: posthorn load http") && result.errorLines.count == 2)
        #expect(result.errorLines.first?.hasPrefix("posthorn: expected p99<1ms: missed, at least ") == true)
    }

    @Test func theProgressOfASimulationSaysWhatWasSentAnsweredAndWaits() {
        var engines = EngineStatistics()
        (engines.attempts, engines.delivered) = (1004, 1000)
        engines.nextRetry = Timestamp(milliseconds: 58_000)
        func line(_ deliveries: Int) -> String {
            let progress = SimulationProgress(events: 1003, plannedEvents: 1500, deliveries: deliveries, engines: engines)
            return SimulationText.progress(progress, at: Timestamp(milliseconds: 0))
        }
        let counts = "1,003 of 1,500 sent, 1,000 delivered, 4 failed, "
        #expect(line(1003) == counts + "3 retries waiting, next in 58.0 s", "\(line(1003))")
        #expect(line(1000) == counts + "0 retries waiting")
    }

    /// What a program reads is explained to whoever writes it.
    @Test func theHelpNamesEveryKeyOfItsJSON() throws {
        let posthorn = try PosthornProcess()
        let topology = posthorn.write(#"{"nodes":[{"id":"c1","level":"company"}],"endpoints":[]}"#, to: "topology.json")
        #expect(try posthorn.run("apply", topology).status == 0)
        let receiver = try MisbehavingReceiver { _ in .ok }
        for words in [["status"], ["simulate", "weseedo", receiver.url, "--count", "1", "--speed", "1000"]] {
            let printed = try posthorn.run(words + ["--json"], input: [])
            guard case .object(let members) = try JSONValue.parse(Array(printed.output.utf8)) else {
                Issue.record("no object: \(printed.output)\(printed.errors)")
                continue
            }
            let help = try posthorn.run(words[0], "--help").output
            #expect(members.count > 4)
            for member in members { #expect(help.contains(member.key), "\(words[0]) --help does not explain \(member.key)") }
        }
    }
}
