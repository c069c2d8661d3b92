import Glibc
import PosthornModel
import PosthornTestSupport
import Synchronization
import Testing

/// `posthorn load` as a process: ledgers, replays, samples, and what it does not do to strangers and to those who ask to wait.
@Suite struct LabLoadEndToEndTests {
    private static func id(_ request: ReceivedRequest) -> String? {
        guard case .string(let id) = try? JSONValue.parse(request.body)["id"] else { return nil }
        return id
    }

    /// A receiver that answers 200 to all, processes none of the first so many and the others once, and tells so at /ledger.
    private func receiver(losing lost: Int) throws -> MisbehavingReceiver {
        let ledger = Mutex<(seen: Int, text: String)>((0, ""))
        return try MisbehavingReceiver { request in
            if request.method == "GET" { return .status(200, body: ledger.withLock { $0.text }) }
            ledger.withLock { ledger in
                ledger.seen += 1
                if ledger.seen > lost { ledger.text += (Self.id(request) ?? "?") + "\n" }
            }
            return .ok
        }
    }

    @Test func aLedgerByURLShowsWhatWasLost() throws {
        let receiver = try receiver(losing: 3)
        let words = ["--count", "40", "--ledger", receiver.url, "--ledger-wait", "1ms", "--json"]
        let result = try PosthornProcess().run(["load", receiver.url] + words + ["--expect", "lost<1", "--expect", "twice<1"], input: [])
        #expect(result.status == 1, "\(result.errors)")
        let ledger = try JSONValue.parse(Array(result.output.utf8))["ledger"]
        #expect(ledger?["events"] == .number("40") && ledger?["processed"] == .number("37") && ledger?["lost"] == .number("3"))
        #expect(ledger?["twice"] == .number("0") && ledger?["unknown"] == .number("0"))
        #expect(result.output.contains("lost<1: missed, 3") && result.output.contains("twice<1: kept, 0"))
    }

    /// What stood in the file before the load is of another run.
    @Test func aLedgerByFileBeginsWhereTheLoadBegins() throws {
        let posthorn = try PosthornProcess()
        let file = posthorn.write("of an older run\nand another\n", to: "ledger")
        let receiver = try MisbehavingReceiver { request in
            if let stream = fopen(file, "a"), let id = Self.id(request) {
                fputs("{\"id\":\"\(id)\"}\n", stream)
                fclose(stream)
            }
            return .ok
        }
        let result = try posthorn.run(
            "load",
            receiver.url,
            "--count",
            "20",
            "--ledger",
            file,
            "--expect",
            "lost<1",
            "--expect",
            "unknown<1"
        )
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("20 events, 20 processed, 0 lost, 0 twice"))
    }

    @Test func aLedgerThatCannotBeReadDoesNotCostTheResults() throws {
        let receiver = try MisbehavingReceiver { $0.method == "GET" ? .status(404) : .ok }
        let result = try PosthornProcess().run("load", receiver.url, "--count", "5", "--ledger", receiver.url)
        #expect(result.status == 1 && result.output.contains("200: 5"))
        #expect(result.errorLines.count == 1 && result.errors.contains("was answered 404"), "\(result.errors)")
    }

    @Test func anOutboxIsReplayedAtItsPace() throws {
        let posthorn = try PosthornProcess()
        let topology = posthorn.write(#"{"nodes":[{"id":"c1","level":"company"}],"endpoints":[]}"#, to: "topology.json")
        let events = (0..<12).map { i in
            #"{"id":"e\#(i)","type":"MEETING_ENDED","node":"c1","created":"2025-03-03T08:00:0\#(i % 10).000Z","data":{"n":1.\#(i)0}}"#
                + "\n"
        }
        let lines = posthorn.write(events.joined(), to: "events.ndjson")
        #expect(try posthorn.run("apply", topology).status == 0)
        #expect(try posthorn.run("emit", lines).status == 0)
        let receiver = try MisbehavingReceiver { _ in .ok }
        let samples = posthorn.directory.file("samples.csv")
        let words = ["--replay", posthorn.database, "--vendor", "weseedo", "--speed", "100", "--samples", samples]
        let result = try posthorn.run(["load", receiver.url] + words, input: [])
        #expect(result.status == 0 && result.output.contains("replay of 12 events"), "\(result.output)\(result.errors)")
        // Nine seconds of the recorded day in 90 ms; two events of the same second leave at once.
        let moments = posthorn.contents(samples).split(separator: "\n").dropFirst().compactMap { Int($0.prefix { $0 != "," }) }
        #expect(moments == [0, 0, 10_000, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 70_000, 80_000, 90_000])
        #expect(Set(receiver.requests.compactMap { Self.id($0) }) == Set((0..<12).map { "e\($0)" }))
        let bodies = receiver.requests.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(bodies.contains { $0.contains(#""created":"2025-03-03T08:00:03.000Z""#) && $0.contains(#""data":{"n":1.30}"#) })
    }

    /// Percentiles of a real run against those of all values that it recorded, by the binary.
    @Test func percentilesAreWithinOnePercentOfTheSamples() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        let samples = posthorn.directory.file("samples.csv")
        let result = try posthorn.run("load", receiver.url, "--count", "800", "--connections", "4", "--json", "--samples", samples)
        let latency = try #require(try JSONValue.parse(Array(result.output.utf8))["latency_ms"])
        let exact = posthorn.contents(samples).split(separator: "\n").dropFirst()
            .compactMap { Int($0.split(separator: ",", omittingEmptySubsequences: false)[1]) }.sorted()
        try #require(exact.count == 800)
        for (name, percent) in [("p50", 50.0), ("p90", 90), ("p99", 99), ("p999", 99.9), ("max", 100)] {
            guard case .number(let text) = latency[name], let found = Double(text) else {
                Issue.record("\(name) is missing")
                continue
            }
            let right = Double(exact[max(1, Int((percent * 8 - 1e-9).rounded(.up))) - 1])
            // Samples are in whole microseconds.
            #expect(abs(found * 1000 - right) <= right * 0.01 + 1, "\(name): \(found) ms instead of \(right) µs")
        }
    }

    /// An address that leads nowhere (RFC 5737): once its owner has named it, it is tried and not refused.
    @Test func anOwnedHostIsCalled() throws {
        let words = ["load", "http://192.0.2.1/", "--count", "1", "--timeout", "50", "--i-own-this-host", "192.0.2.1", "--json"]
        let result = try PosthornProcess().run(words, input: [])
        let errors = try JSONValue.parse(Array(result.output.utf8))["errors_by_kind"]
        #expect(result.status == 0 && (errors?["connect"] != nil || errors?["timeout"] != nil), "\(result.output)\(result.errors)")
    }

    @Test func whoAsksToWaitIsLeftAloneUnlessToldNotTo() throws {
        let receiver = try MisbehavingReceiver { request in
            request.indexOnConnection == 0 ? .status(503, headers: [("Retry-After", "3600")]) : .ok
        }
        let words = ["load", receiver.url, "--rate", "200:300ms", "--json"]
        let patient = try JSONValue.parse(Array(try PosthornProcess().run(words, input: []).output.utf8))
        guard case .number(let withheld) = patient["withheld"], case .number(let sent) = patient["requests"] else {
            Issue.record("no counts")
            return
        }
        #expect(try #require(Int(withheld)) > 0 && (Int(withheld) ?? 0) + (Int(sent) ?? 0) == 60)
        #expect(receiver.requests.count == Int(sent))
        let rude = try PosthornProcess().run(words + ["--ignore-retry-after"], input: [])
        #expect(try JSONValue.parse(Array(rude.output.utf8))["requests"] == .number("60"))
    }
}
