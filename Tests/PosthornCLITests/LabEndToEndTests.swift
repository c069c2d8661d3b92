import Glibc
import PosthornModel
import PosthornText
import PosthornSystem
import PosthornTestSupport
import Synchronization
import CPosthornTestSockets
import Testing

/// The lab's commands as processes.
@Suite(.limited()) struct LabEndToEndTests {
    private final class Outcome: Sendable {
        let status = Mutex<Int32?>(nil)
    }

    /// Reads lines from a pipe in the file system until its writer has closed it.
    private final class PipeReader {
        private let stream: UnsafeMutablePointer<FILE>

        init(_ path: String) throws { stream = try #require(fopen(path, "r")) }

        deinit { fclose(stream) }

        func line() -> String? {
            var buffer = [CChar](repeating: 0, count: 65_536)
            guard fgets(&buffer, Int32(buffer.count), stream) != nil else { return nil }
            return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    @Test func receiveTellsWhereItListensPrintsWhatComesAndEndsAfterSoMany() throws {
        let directory = try TemporaryDirectory()
        let pipe = directory.file("out")
        try #require(mkfifo(pipe, 0o600) == 0)
        let outcome = Outcome()
        let runner = try WorkerThread(name: "receive") {
            let words = ["receive", "--port", "0", "--json", "--fail-first", "1", "--until", "1", "--vendor", "diio"]
            let credentials = ["--credential", "signing_secret=s3cret-of-diio"]
            let result = try? PosthornProcess().run(words + credentials, input: [], outputPath: pipe)
            outcome.status.withLock { $0 = result?.status }
        }
        let reader = try PipeReader(pipe)
        let first = try JSONValue.parse(Array(try #require(reader.line()).utf8))
        guard first["kind"] == .string("listening"), case .number(let port) = first["port"] else {
            Issue.record("no line that says where it listens")
            return
        }
        let client = try TestClient(port: try #require(Int(port)))
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.readAnswer().contains("receiver is up"))
        #expect(reader.line()?.contains(#""kind":"greeting""#) == true)
        let body = #"{"action":"meeting.finished","id":"m1"}"#
        // openssl's: printf m1-1700000000 | openssl dgst -sha256 -hmac s3cret-of-diio; the time is long past.
        let old = "DO-Timestamp: 1700000000\r\nDO-Signature: \(Self.oldSignature)\r\n"
        client.send("POST /hook HTTP/1.1\r\nHost: h\r\n\(old)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        #expect(client.readAnswer().hasPrefix("HTTP/1.1 401"))
        #expect(reader.line()?.contains("from the receiver's clock") == true)
        let target = "http://127.0.0.1:\(port)/hook"
        let sent = try PosthornProcess().run(
            "simulate",
            "diio",
            target,
            "--credential",
            "signing_secret=s3cret-of-diio",
            "--count",
            "1",
            "--speed",
            "100000"
        )
        #expect(sent.status == 0 && sent.output == "1 event: 1 delivered; 2 attempts\n", "\(sent.output)\(sent.errors)")
        var last = ""
        while let line = reader.line() { last = line }
        #expect(last.hasPrefix(#"{"kind":"total","events":3,"#) && last.contains(#""validations":1"#), "\(last)")
        runner.join()
        #expect(outcome.status.withLock { $0 } == 0)
    }

    private static let oldSignature = "71c2b5d305ac2c14f768d1c36e2f62eee2af165a49b54254811f7815c450ccfb"

    @Test func loadPrintsItsResultsAndKeepsExpectations() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        let page = posthorn.directory.file("page.html")
        let result = try posthorn.run(
            "load",
            receiver.url,
            "--count",
            "50",
            "--connections",
            "2",
            "--json",
            "--report",
            page,
            "--expect",
            "errors<=0"
        )
        #expect(result.status == 0, "\(result.errors)")
        let json = try JSONValue.parse(Array(result.output.utf8))
        #expect(json["requests"] == .number("50") && json["statuses"]?["200"] == .number("50"))
        #expect(json["latency_ms"]?["p99"] != nil)
        #expect(receiver.requests.count == 50)
        #expect(posthorn.contents(page).hasPrefix("<!doctype html>"))
        let missed = try posthorn.run("load", receiver.url, "--count", "5", "--expect", "rate<0.001")
        #expect(missed.status == 1 && missed.output.contains("rate<0.001: missed"))
    }

    @Test func aGivenBodyIsSentAsItIs() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        let file = posthorn.write("{\"any\": \"thing\"}", to: "body.json")
        #expect(try posthorn.run("load", receiver.url, "--count", "3", "--body", file).status == 0)
        #expect(receiver.requests.map { String(decoding: $0.body, as: UTF8.self) } == [String](repeating: "{\"any\": \"thing\"}", count: 3))
    }

    @Test func simulateWritesTheSameLinesForTheSameSeed() throws {
        let posthorn = try PosthornProcess()
        let words = ["simulate", "voiso", "--count", "20", "--seed", "3", "--fault", "duplicates=20%", "--out", "-"]
        let first = try posthorn.run(words, input: [])
        #expect(first.status == 0 && first.lines.count > 20)
        #expect(try posthorn.run(words, input: []).output == first.output)
    }

    @Test(arguments: [
        ["load"], ["load", "ftp://x/"], ["load", "http://127.0.0.1/", "--rate", "fast"], ["load", "http://127.0.0.1/", "--rate", "0"],
        ["load", "http://127.0.0.1/", "--late", "2"], ["load", "http://127.0.0.1/", "--body", "/dev/null", "--duplicates", "1%"],
        ["load", "http://127.0.0.1/", "--rate", "5", "--connections", "2"], ["load", "http://127.0.0.1/", "--expect", "fast"],
        ["load", "http://192.0.2.1/", "--i-own-this-host", "192.0.2.2"], ["simulate"], ["simulate", "acme", "http://127.0.0.1/"],
        ["simulate", "diio"], ["simulate", "diio", "http://127.0.0.1/", "--fault", "rain=1%"], ["receive", "--vendor", "acme"],
        ["receive", "--credential", "a=b"], ["receive", "--fault", "often"], ["receive", "--endpoint", "e"],
    ])
    func wrongUsageIsOneLineAndStatusTwo(words: [String]) throws {
        let result = try PosthornProcess().run(words, input: [])
        #expect(result.status == 2, "\(result.output)")
        #expect(result.errorLines.count == 1 && result.errors.hasPrefix("posthorn: "), "\(result.errors)")
    }

    @Test(arguments: ["load", "simulate"])
    func aStrangersHostIsNotCalled(command: String) throws {
        let words = command == "load" ? ["load", "http://192.0.2.1/"] : ["simulate", "weseedo", "http://192.0.2.1/"]
        let result = try PosthornProcess().run(words, input: [])
        #expect(result.status == 1 && result.errors.contains("--i-own-this-host 192.0.2.1"), "\(result.errors)")
    }
}
