import Glibc
import PosthornModel
import PosthornText
import PosthornTestSupport
import Synchronization
import Testing

/// `posthorn load` as a process: ledgers, replays, samples, and what it does not do to strangers and to those who ask to wait.
@Suite(.limited()) struct LabLoadEndToEndTests {
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

    /// Duplicates that are answered 200 are well, until the ledger shows that they were processed.
    @Test func lossesInTheLedgerAreFindingsOfTheWholeLoad() throws {
        let receiver = try receiver(losing: 0)
        let words = ["--count", "40", "--duplicates", "50%", "--seed", "1", "--ledger", receiver.url, "--ledger-wait", "1ms"]
        let result = try PosthornProcess().run(["load", receiver.url] + words + ["--expect", "findings<1"], input: [])
        #expect(result.status == 1 && result.output.contains("were processed more than once\n"), "\(result.output)\(result.errors)")
        #expect(result.output.contains("findings<1: missed, 1\n") && !result.output.contains("no findings"), "\(result.output)")
    }

    /// What stood in the file before the load is of another run.
    @Test func aLedgerByFileBeginsWhereTheLoadBegins() throws {
        let posthorn = try PosthornProcess()
        let file = posthorn.write("of-an-older-run\nand-another\n", to: "ledger")
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

    /// A wrong name costs one line and no run: nothing is sent to the receiver.
    @Test func aLedgerThatCannotBeReadIsToldOfBeforeTheFirstRequest() throws {
        let receiver = try MisbehavingReceiver { request in
            switch request.target {
            case "/missing": return .status(404)
            case "/greeting": return .status(200, body: "This receiver is up.\n")
            case "/page": return .status(200, body: "<!doctype\nhtml>\n")
            case "/json": return .status(200, body: #"{"status":"fine"}"#)
            default: return .ok
            }
        }
        let base = receiver.url.dropLast("/hook".count)
        let posthorn = try PosthornProcess()
        let notes = posthorn.write("# Notes\n\nNot a ledger.\n", to: "notes.md")
        for (ledger, message) in [
            ("\(base)/missing", "was answered 404, not 200"),
            ("\(base)/greeting", "is no ledger: \"This receiver is up.\" (line 1) is no event's name"),
            ("\(base)/page", "is no ledger: \"<!doctype\" (line 1)"),
            ("\(base)/json", "(line 1) is no JSON object with an \"id\""),
            ("http://127.0.0.1:9/", "cannot be read: No connection came about"), (notes, "is no ledger: \"# Notes\" (line 1)"),
            (posthorn.directory.path, "is no file"), (posthorn.directory.file("none/ledger"), "cannot be read: No such file or directory"),
            ("http://192.0.2.1/", "if it is yours, add --i-own-this-host 192.0.2.1"),
        ] {
            let result = try posthorn.run("load", "\(base)/hook", "--count", "5", "--ledger", ledger)
            #expect(result.status == 1 && result.errorLines.count == 1 && result.output.isEmpty, "\(ledger): \(result.output)")
            #expect(result.errors.contains(message), "\(result.errors)")
        }
        #expect(!receiver.requests.contains { $0.method == "POST" })
    }

    /// What goes wrong with the ledger during the load does not cost the results.
    @Test func aLedgerThatNamesNothingIsAnErrorAndNotCounted() throws {
        let receiver = try MisbehavingReceiver { $0.method == "GET" ? .status(200, body: "pong\n") : .ok }
        let posthorn = try PosthornProcess()
        let words = ["load", receiver.url, "--count", "5", "--ledger-wait", "1ms", "--ledger"]
        let byURL = try posthorn.run(words + [receiver.url, "--json"], input: [])
        #expect(
            byURL.status == 1 && byURL.errors.contains("names none of the 5 events that were answered 200, in 1 line"),
            "\(byURL.errors)"
        )
        let json = try JSONValue.parse(Array(byURL.output.utf8))
        #expect(json["statuses"]?["200"] == .number("5") && (json["ledger"] ?? .null) == .null)
        let file = posthorn.directory.file("never-made")
        let byFile = try posthorn.run(words + [file], input: [])
        #expect(byFile.status == 1 && byFile.output.contains("200: 5") && byFile.errorLines.count == 2, "\(byFile.errors)")
        #expect(byFile.errorLines.first?.contains("is not there yet; the receiver is expected to make it") == true)
        #expect(byFile.errorLines.last?.contains("is not there: the receiver has not made it") == true)
    }

    /// The duration or the count, whichever comes first; the rates are those of the time that it took.
    @Test(arguments: [
        (["--rate", "50", "--count", "10", "--duration", "1h"], 10), (["--rate", "50", "--count", "100000", "--duration", "200ms"], 10),
        (["--rate", "50:200ms", "--duration", "1h"], 10), (["--connections", "1", "--count", "10", "--duration", "1h"], 10),
    ])
    func durationAndCountBothBoundALoad(words: [String], requests: Int) throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let result = try PosthornProcess().run(["load", receiver.url, "--json"] + words, input: [])
        #expect(result.status == 0 && receiver.requests.count == requests, "\(result.errors)")
        guard case .number(let text)? = try JSONValue.parse(Array(result.output.utf8))["duration_s"] else {
            Issue.record("no duration: \(result.output)")
            return
        }
        #expect(try #require(Double(text)) < 600)
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
        let rows = posthorn.contents(samples).split(separator: "\n").filter { !$0.hasPrefix("#") }.dropFirst()
        let moments = rows.compactMap { Int($0.prefix { $0 != "," }) }
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
        let exact = posthorn.contents(samples).split(separator: "\n").filter { !$0.hasPrefix("#") }.dropFirst()
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
        #expect(result.status == 1 && (errors?["connect"] != nil || errors?["timeout"] != nil), "\(result.output)\(result.errors)")
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
