import PosthornModel
import PosthornText
import PosthornTestSupport
import Testing

/// What the outputs of `posthorn load` say of the run and of its parts.
@Suite struct LabLoadOutputTests {
    @Test func everyOutputSaysHowToRunItAgainAndNoneASecret() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        let files = ["csv", "samples", "report"].map { ($0, posthorn.directory.file($0)) }
        let url = receiver.url + "?token=xyzzy"
        let words = ["load", url, "--vendor", "diio", "--credential", "signing_secret=xyzzy-plugh", "--count", "20"]
        let result = try posthorn.run(words + ["--event", "*"] + files.flatMap { ["--\($0.0)", $0.1] }, input: [])
        #expect(result.status == 0, "\(result.errors)")
        let again = try #require(result.lines.first { $0.hasPrefix("to run it again: ") }?.dropFirst(17))
        #expect(again.hasPrefix("posthorn load '\(receiver.url)?token=***' "))
        #expect(again.contains(" --event '*' ") && again.contains(" --seed "))
        #expect(again.contains("--credential 'signing_secret=…' "))
        let json = try posthorn.run(words + ["--json"], input: [])
        for text in [result.output, json.output] + files.map({ posthorn.contents($0.1) }) {
            #expect(!text.contains("xyzzy"))
            for word in ["posthorn load ", "diio", "core", "seed"] { #expect(text.contains(word), "\(word): \(text.prefix(400))") }
        }
    }

    /// The same command line sends the same types in the same order.
    @Test func theCommandLineOfAReportRunsItAgain() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        let first = try posthorn.run("load", receiver.url, "--count", "30", "--connections", "1", "--duplicates", "0.3", "--json")
        guard case .string(let line)? = try JSONValue.parse(Array(first.output.utf8))["run"]?["command"] else {
            Issue.record("no command: \(first.output)")
            return
        }
        // Nothing in it needs quotation marks.
        #expect(try posthorn.run(line.split(separator: " ").dropFirst().map(String.init), input: []).status == 0)
        let types = receiver.requests.map { try? JSONValue.parse($0.body)["type"] }
        #expect(types.count == 60 && Array(types[..<30]) == Array(types[30...]))
    }

    @Test func stepsAndTypesHaveResultsAndVerdicts() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        let bounds = ["--expect", "p50{step:*}<60s", "--expect", "max{type:MEETING_*}<60s"]
        let words = ["load", receiver.url, "--rate", "50:200ms,100:300ms"] + bounds
        let text = try posthorn.run(words + ["--expect", "errors{step:2}<1"], input: [])
        #expect(text.status == 0, "\(text.output)\(text.errors)")
        for line in ["expected p50{step:1}<60s: kept, ", "expected p50{step:2}<60s: kept, ", "expected errors{step:2}<1: kept, 0\n"] {
            #expect(text.output.contains(line), "\(text.output)")
        }
        #expect(text.output.contains("expected max{type:MEETING_CREATED}<60s: kept, "))
        #expect(text.lines.contains { $0.hasPrefix("STEP  PLANNED/S") })
        let json = try JSONValue.parse(Array(try posthorn.run(words + ["--json"], input: []).output.utf8))
        guard case .array(let steps)? = json["steps"], case .array(let types)? = json["types"] else {
            Issue.record("no steps or types: \(json)")
            return
        }
        #expect(steps.map { $0["requests"] } == [.number("10"), .number("30")])
        #expect(steps.map { $0["planned_per_second"] } == [.number("50.000"), .number("100.000")])
        #expect(types.count > 10)
        // A step or type that was not sent.
        let nothing = try posthorn.run(words + ["--expect", "p50{step:9}<60s"], input: [])
        #expect(nothing.status == 3 && nothing.output.contains("p50{step:9}<60s: not known, no such request was sent"))
    }

    /// Late requests that are refused are errors in no output.
    @Test func refusedReplaysAreErrorsInNoOutput() throws {
        let receiver = try MisbehavingReceiver { _ in .status(401) }
        let posthorn = try PosthornProcess()
        let csv = posthorn.directory.file("csv")
        let words = ["--vendor", "diio", "--credential", "signing_secret=agreed", "--late", "100%", "--csv", csv]
        let result = try posthorn.run(["load", receiver.url, "--count", "20"] + words, input: [])
        #expect(result.status == 0 && result.output.contains("errors       none"), "\(result.output)\(result.errors)")
        let rows = posthorn.contents(csv).split(separator: "\n").filter { !$0.hasPrefix("#") }.dropFirst()
        #expect(!rows.isEmpty && rows.allSatisfy { $0.split(separator: ",")[2] == "0" })
    }
}
