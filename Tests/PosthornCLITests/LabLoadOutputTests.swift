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

    /// One of two receivers refuses everything: no output hides it behind the other.
    @Test func severalReceiversHaveTheirOwnResultsInEveryOutput() throws {
        let (good, bad) = (try MisbehavingReceiver { _ in .ok }, try MisbehavingReceiver { _ in .status(503) })
        let posthorn = try PosthornProcess()
        let files = ["csv", "samples", "report", "junit"].map { ($0, posthorn.directory.file($0)) }
        let words = ["load", good.url, bad.url, "--weights", "4,1", "--rate", "100", "--count", "50", "--expect", "errors<50%"]
        let text = try posthorn.run(words + files.flatMap { ["--\($0.0)", $0.1] }, input: [])
        #expect(text.status == 1 && good.requests.count == 40 && bad.requests.count == 10)
        #expect(text.errors.contains("\(bad.url): nothing was answered 200, most often status 503: the receiver fails"), "\(text.errors)")
        #expect(text.output.hasPrefix("2 URLs, 100.0 a second"))
        for line in [
            "errors at \(bad.url): 10 (100.00 %): http_status: 10", "expected errors<50%: kept, 20.0 %",
            "expected errors<50% at \(good.url): kept, 0.0 %", "expected errors<50% at \(bad.url): missed, 100.0 %",
        ] {
            #expect(text.output.contains(line), "\(line): \(text.output)")
        }
        func rows(_ file: String) -> [Substring] { posthorn.contents(file).split(separator: "\n").filter { !$0.hasPrefix("#") } }
        #expect(rows(files[0].1).first?.hasPrefix("url,seconds,") == true)
        let samples = rows(files[1].1)
        #expect(samples.count { $0.hasPrefix("\(good.url),") } == 40 && samples.count { $0.hasPrefix("\(bad.url),") } == 10)
        let page = posthorn.contents(files[2].1)
        #expect(page.contains("<h2>URLs</h2>") && page.contains("<h2>\(bad.url)</h2><p class=\"bad\">Nothing was answered 200.</p>"))
        let junit = posthorn.contents(files[3].1)
        #expect(junit.split(separator: "\n").count { $0.hasPrefix("<testsuite ") } == 3)
        #expect(junit.contains(#"tests="5" failures="2" errors="0" skipped="0""#), "\(junit)")
        let json = try JSONValue.parse(Array(try posthorn.run(words + ["--json"], input: []).output.utf8))
        guard case .array(let targets)? = json["targets"] else {
            Issue.record("no targets: \(json)")
            return
        }
        #expect(targets.map { $0["target"] } == [.string(good.url), .string(bad.url)])
        #expect(targets.map { $0["requests"] } == [.number("40"), .number("10")] && json["requests"] == .number("50"))
        #expect(targets.map { $0["statuses"] } == [.object([.init("200", .number("40"))]), .object([.init("503", .number("10"))])])
        #expect(targets.allSatisfy { $0["run"] == nil && $0["latency_ms"] != nil })
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
