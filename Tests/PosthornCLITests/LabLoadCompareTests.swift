import Glibc
import PosthornModel
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

/// `posthorn load compare` with receivers that fail, refuse or are not there.
@Suite struct LabLoadCompareTests {
    private static let load = ["--count", "40", "--connections", "4", "--runs", "6"]

    private func row(_ figure: String, _ result: PosthornProcess.Result) throws -> JSONValue? {
        guard case .array(let rows)? = try JSONValue.parse(Array(result.output.utf8))["figures"] else { return nil }
        return rows.first { $0["figure"] == .string(figure) }
    }

    /// Half of its answers are 503, as fast as the others.
    @Test func aReceiverThatFailsIsWorse() throws {
        let good = try MisbehavingReceiver { _ in .ok }
        let count = Mutex(0)
        let bad = try MisbehavingReceiver { _ in
            count.withLock { count in
                count += 1
                return count.isMultiple(of: 2)
            } ? .ok : .status(503)
        }
        let posthorn = try PosthornProcess()
        let result = try posthorn.run(["load", "compare", good.url, bad.url, "--json"] + Self.load, input: [])
        #expect(result.status == 1, "\(result.output)\(result.errors)")
        let errors = try row("errors", result)
        #expect(errors?["outcome"] == .string("worse") && errors?["b"] == .number("50.0") && errors?["change"] == .number("0.5"))
        let text = try posthorn.run(["load", "compare", good.url, bad.url] + Self.load, input: [])
        #expect(text.output.contains("errors in % +50.0 points"), "\(text.output)")
    }

    /// No other run is made then.
    @Test(arguments: [0, 1]) func aReceiverThatIsNotThereIsRefusedAtOnce(_ dead: Int) throws {
        let receivers = try (0..<2).map { _ in try MisbehavingReceiver { _ in .ok } }
        receivers[dead].stop()
        let posthorn = try PosthornProcess()
        let result = try posthorn.run(["load", "compare"] + receivers.map(\.url) + Self.load, input: [])
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(
            result.errors.contains("cannot be compared: run 1 of \(receivers[dead].url) has no answer that was as it should be"),
            "\(result.errors)"
        )
        #expect(receivers[1 - dead].requests.count == (dead == 0 ? 0 : 40))
    }

    /// What is read from files has its flags already.
    @Test func flagsOfRunsAreRefusedWithFiles() throws {
        let posthorn = try PosthornProcess()
        let files = ["a", "b"].map { posthorn.write("{}", to: $0) }
        for words in [["--runs", "3"], ["--rate", "banana"], ["--insecure"], ["--vendor-file", "x"], ["--timeout", "5"]] {
            let result = try posthorn.run(["load", "compare", files[0], "vs", files[1], "--noise", "2%"] + words, input: [])
            #expect(result.status == 2 && result.errors.contains("\(words[0]) is a flag of runs that are made"), "\(result.errors)")
        }
        // Those that are not on the command line are meant for other commands.
        let result = try posthorn.run(
            ["load", "compare", files[0], "vs", files[1]],
            input: [],
            environment: ["POSTHORN_I_OWN_THIS_HOST": "example.org"]
        )
        #expect(result.status == 1 && result.errors.contains("is no report of posthorn load --json"), "\(result.errors)")
    }

    /// The first run would take an hour.
    @Test(arguments: [false, true]) func aSignalEndsTheRunAndSaysSo(_ isJSON: Bool) throws {
        let arrived = try Waker()
        let receiver = try MisbehavingReceiver { _ in
            arrived.signal()
            return .ok
        }
        let posthorn = try PosthornProcess()
        let words = ["load", "compare", receiver.url, receiver.url + "b", "--rate", "5", "--duration", "1h"]
        let running = try posthorn.start(words + (isJSON ? ["--json"] : []))
        arrived.wait(milliseconds: 60_000)
        running.send(SIGINT)
        #expect(running.wait() == 3)
        let output = posthorn.contents(posthorn.directory.file("run-stdout"))
        #expect(
            output.contains(isJSON ? #""stopped":true"# : "Stopped before all runs were made. Nothing can be known of 0 runs against 0"),
            "\(output)"
        )
    }

    /// Of each run's five requests the second gets no answer; without the vendor's deadline it would be waited for beyond the duration.
    @Test func theVendorsDeadlineIsThatOfEachRun() throws {
        let count = Mutex(0)
        let receiver = try MisbehavingReceiver { _ in
            count.withLock { count in
                count += 1
                return count
            } % 5 == 2 ? .silence : .ok
        }
        let posthorn = try PosthornProcess()
        let file = posthorn.write(Self.vendor, to: "vendor.json")
        let words = ["load", "compare", receiver.url, receiver.url, "--vendor-file", file, "--runs", "1", "--json"]
        let result = try posthorn.run(words + ["--count", "5", "--duration", "10s", "--connections", "1"], input: [])
        #expect(result.status == 3, "\(result.errors)")
        #expect(receiver.requests.count == 10)
        #expect(try row("errors", result)?["b"] == .number("20.0"))
    }

    private static let vendor = """
        {"openapi":"3.1.0","info":{"title":"V","version":"1"},"x-webhook-sender":{"timeout_ms":100},
        "webhooks":{"a.b":{"post":{"requestBody":{"content":{"application/json":{"example":{"id":1}}}}}}}}
        """
}
