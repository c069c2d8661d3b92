import Glibc
import PosthornModel
import PosthornText
import PosthornTestSupport
import Synchronization
import Testing

/// Verdicts of `posthorn load` against what the receiver itself has seen: one that hangs, refuses, is slow or is far too fast for
/// the generator.
@Suite struct LabLoadTruthTests {
    private struct Report {
        let status: Int32
        let json: JSONValue

        init(_ result: PosthornProcess.Result) throws {
            status = result.status
            json = try JSONValue.parse(Array(result.output.utf8))
        }

        func number(_ path: String...) -> Double? {
            var value: JSONValue? = json
            for name in path { value = value?[name] }
            guard case .number(let text)? = value else { return nil }
            return Double(text)
        }

        /// How an expectation came out.
        func outcome(_ expectation: String) -> String? {
            guard case .array(let all)? = json["expectations"] else { return nil }
            guard case .string(let text)? = all.first(where: { $0["expectation"] == .string(expectation) })?["outcome"] else { return nil }
            return text
        }
    }

    private func load(_ url: String, _ words: [String], expect: [String] = []) throws -> Report {
        let flags = expect.flatMap { ["--expect", $0] }
        return try Report(try PosthornProcess().run(["load", url, "--json"] + words + flags, input: []))
    }

    @Test func everyTenthHangs() throws {
        let count = Mutex(0)
        let hung = Mutex(0)
        let receiver = try MisbehavingReceiver { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            if number % 10 != 0 { return .ok }
            hung.withLock { $0 += 1 }
            return .silence
        }
        let report = try load(
            receiver.url,
            ["--count", "300", "--connections", "8", "--timeout", "300"],
            expect: ["p99<200ms", "max<200ms", "p50<60s"]
        )
        #expect(report.number("unanswered") == Double(hung.withLock { $0 }) && report.number("requests") == 300)
        #expect(report.outcome("p99<200ms") == "missed" && report.outcome("max<200ms") == "missed" && report.outcome("p50<60s") == "kept")
        #expect(report.status == 1 && (report.number("latency_ms", "p99") ?? 0) >= 300)
    }

    @Test func fiveOfSixtyAreAnsweredAndThenItHangs() throws {
        let count = Mutex(0)
        let receiver = try MisbehavingReceiver { _ in
            count.withLock { count in
                count += 1
                return count <= 5 ? .ok : .silence
            }
        }
        let bounds = ["p50<200ms", "p99<200ms", "max<200ms", "mean<200ms"]
        let report = try load(receiver.url, ["--rate", "200", "--count", "60", "--timeout", "1000"], expect: bounds)
        #expect(bounds.map { report.outcome($0) } == Array(repeating: "missed", count: 4) && report.status == 1)
        #expect(report.number("unanswered") == 55 && report.number("statuses", "200") == 5)
    }

    @Test func aReceiverThatIsGoneKeepsNoBound() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        receiver.stop()
        let report = try load(receiver.url, ["--count", "40", "--connections", "2"], expect: ["p90<10s", "errors<1%"])
        #expect(report.outcome("p90<10s") == "missed" && report.outcome("errors<1%") == "missed" && report.status == 1)
        #expect(report.number("unanswered") == 40)
    }

    /// What is refused within a millisecond does not make up for what takes long.
    @Test func halfIsRefusedAtOnce() throws {
        let count = Mutex(0)
        let receiver = try MisbehavingReceiver { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number % 2 == 0 ? .status(503) : .ok.delayed(milliseconds: 400)
        }
        let report = try load(receiver.url, ["--count", "80", "--connections", "4"], expect: ["p50<200ms", "errors<1%"])
        #expect(report.outcome("p50<200ms") == "missed" && report.outcome("errors<1%") == "missed")
        #expect((report.number("latency_ms", "min") ?? 0) >= 400)
        let refused = receiver.requests.count / 2
        #expect(report.number("statuses", "503") == Double(refused) && report.number("failure_latency_ms", "min") != nil)
    }

    @Test func tooFewSayNothing() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        let words = ["load", receiver.url, "--count", "100", "--connections", "2"]
        let result = try posthorn.run(words + ["--expect", "p99<60s", "--expect", "p90<60s"], input: [])
        #expect(result.status == 3, "\(result.output)")
        #expect(result.output.contains("but 100 requests are too few for p99, which needs 299\n"), "\(result.output)")
        #expect(result.output.contains("expected p90<60s: kept, "))
        // One that is missed decides.
        let missed = try posthorn.run(words + ["--expect", "p99<60s", "--expect", "errors>0"], input: [])
        #expect(missed.status == 1)
    }

    /// The generator is stopped for a second: the receiver has answered at once, and nobody can say that it was slow.
    @Test(.limited()) func aGeneratorThatWasStoppedIsNoSlowReceiver() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        let words = ["--rate", "200", "--count", "600", "--json", "--expect", "p99<500ms", "--expect", "p99<60s"]
        let load = try posthorn.start(["load", receiver.url] + words)
        #expect(receiver.waitForRequests(100).count >= 100)
        load.send(SIGSTOP)
        // Nothing comes meanwhile but what was on its way.
        #expect(receiver.waitForRequests(600, seconds: 1).count < 600)
        load.send(SIGCONT)
        #expect(load.wait() == 3)
        let json = try JSONValue.parse(Array(posthorn.contents(posthorn.directory.file("run-stdout")).utf8))
        guard case .array(let expectations)? = json["expectations"] else {
            Issue.record("no expectations")
            return
        }
        #expect(expectations.map { $0["outcome"] } == [.string("not_known"), .string("kept")], "\(expectations)")
        #expect(receiver.requests.count == 600)
    }

    /// Stopped by hand, a load tells of the time that it took, and what it has sent is what the receiver has seen.
    @Test(.limited(), arguments: [SIGINT, SIGTERM])
    func aLoadThatIsStoppedHasTheTimeThatItTook(signal: Int32) throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        let load = try posthorn.start(["load", receiver.url, "--rate", "100", "--duration", "1h", "--json"])
        #expect(receiver.waitForRequests(20).count >= 20)
        load.send(signal)
        #expect(load.wait() == 0)
        let json = try JSONValue.parse(Array(posthorn.contents(posthorn.directory.file("run-stdout")).utf8))
        #expect(json["stopped_early"] == .bool(true) && json["planned_s"] == .number("3600.000"))
        #expect(json["requests"] == .number(String(receiver.requests.count)))
        guard case .number(let duration)? = json["duration_s"], case .number(let rate)? = json["scheduled_per_second"] else {
            Issue.record("no duration")
            return
        }
        #expect(try #require(Double(duration)) < 120)
        #expect(try #require(Double(rate)) > 50)
    }
}
