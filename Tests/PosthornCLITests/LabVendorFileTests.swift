import Glibc
import PosthornModel
import PosthornText
import PosthornTestSupport
import Testing

/// Vendors of files, series of loads and scorecards, as processes.
@Suite struct LabVendorFileTests {
    private static let vendors: String = {
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/") + "/Examples/vendors"
    }()

    /// Starts a receiver of a vendor's file.
    private func receiver(_ posthorn: PosthornProcess, _ file: String, _ more: [String]) throws -> (PosthornProcess.Running, String) {
        let words = ["receive", "--port", "0", "--json", "--vendor-file", "\(Self.vendors)/\(file).json"] + more
        let (running, _) = try posthorn.startLogging(words)
        return (
            running, "http://127.0.0.1:\(try LabReceiveEndToEndTests.listeningPort(posthorn.directory.file("run-stdout"), posthorn))/hook"
        )
    }

    @Test(
        .limited(),
        arguments: [
            ("stripe", ["secret=whsec_agreed"]), ("twilio", ["auth_token=12345"]), ("github", ["secret=It's"]),
            ("adyen", ["hmac_key=44782DEF547AAA06", "basic_auth=u:p"]), ("weseedo", []),
        ] as [(String, [String])]
    )
    func aLoadASimulationAndAReceiverOfOneFileUnderstandEachOther(file: String, credentials: [String]) throws {
        let posthorn = try PosthornProcess()
        let keys = credentials.flatMap { ["--credential", $0] }
        let (running, url) = try receiver(posthorn, file, keys)
        let format = ["--vendor-file", "\(Self.vendors)/\(file).json"] + keys
        let shares = credentials.isEmpty ? [] : ["--wrong-signature", "0.2"]
        let load = try posthorn.run(["load", url, "--count", "100", "--json", "--expect", "errors<1"] + format + shares, input: [])
        #expect(load.status == 0, "\(load.errors)\(load.output)")
        let json = try JSONValue.parse(Array(load.output.utf8))
        #expect(json["findings"] == .array([]) && json["errors"] == .number("0"), "\(load.output)")
        if !credentials.isEmpty { #expect(json["statuses"]?["401"] != nil) }
        let simulated = try posthorn.run(["simulate", url, "--count", "6", "--rate", "1000", "--json"] + format, input: [])
        #expect(simulated.status == 0, "\(simulated.errors)")
        #expect(try JSONValue.parse(Array(simulated.output.utf8))["deliveries"]?["delivered"] == .number("6"))
        running.send(SIGTERM)
        #expect(running.wait() == 0)
    }

    @Test(.limited()) func aScorecardSaysWhatIsKeptAndWhatIsNotKnown() throws {
        let posthorn = try PosthornProcess()
        let ledger = posthorn.directory.file("ledger")
        let (running, url) = try receiver(posthorn, "stripe", ["--credential", "secret=whsec_agreed", "--ledger", ledger])
        let words = [
            "check", url, "--vendor-file", "\(Self.vendors)/stripe.json", "--credential", "secret=whsec_agreed", "--duration", "4s",
        ]
        let page = posthorn.directory.file("card.html")
        let card = try posthorn.run(words + ["--ledger", ledger, "--report", page, "--json"], input: [])
        let rows = try card.output.split(separator: "\n").map { try JSONValue.parse(Array($0.utf8)) }
        for row in rows where row["area"] != .string("rotation") && row["area"] != .string("load") && row["area"] != .string("handshake") {
            #expect(row["outcome"] == .string("kept"), "\(row.text)")
        }
        #expect(card.status == 3, "without --rotate-to a second secret is not known: \(card.errors)")
        #expect(posthorn.contents(page).contains("Scorecard of \(url)"))
        #expect(!posthorn.contents(page).contains("whsec_agreed"))
        let wrong = try posthorn.run(Array(words.dropLast(4)) + ["--credential", "secret=another", "--no-load"], input: [])
        #expect(wrong.status == 1 && wrong.output.contains("missed"), "\(wrong.output)")
        running.send(SIGTERM)
        #expect(running.wait() == 0)
    }

    @Test(.limited()) func twoSeriesOfOneReceiverAreNoDifference() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        var reports = ""
        for seed in 1...8 {
            reports += try posthorn.run("load", receiver.url, "--count", "50", "--seed", "\(seed)", "--json").output
        }
        let lines = reports.split(separator: "\n", omittingEmptySubsequences: true)
        let (first, second) = (
            posthorn.write(lines[..<4].joined(separator: "\n"), to: "a"), posthorn.write(lines[4...].joined(separator: "\n"), to: "b")
        )
        let result = try posthorn.run("load", "compare", first, "vs", second, "--json")
        let json = try JSONValue.parse(Array(result.output.utf8))
        #expect(json["runs"]?["a"] == .number("4") && json["outcome"] != .string("not_known"), "\(result.output)\(result.errors)")
        // Three runs on a side say nothing.
        let few = try posthorn.run("load", "compare", posthorn.write(String(lines[0]), to: "c"), "vs", second)
        #expect(few.status == 3 && few.output.contains("Nothing can be known"), "\(few.output)\(few.errors)")
    }

    @Test(.limited()) func partsOfALoadAreMerged() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        let parts = try (1...2).map { number in
            let words = ["load", receiver.url, "--rate", "400", "--duration", "1s", "--seed", "5", "--part", "\(number)/2", "--json"]
            return posthorn.write(try posthorn.run(words, input: []).output, to: "part-\(number)")
        }
        let merged = try posthorn.run(["load", "merge"] + parts + ["--expect", "errors<1", "--json"], input: [])
        #expect(merged.status == 0, "\(merged.errors)")
        let json = try JSONValue.parse(Array(merged.output.utf8))
        #expect(json["requests"] == .number("400") && json["expectations"]?.text.contains("kept") == true, "\(merged.output)")
        let lacking = try posthorn.run("load", "merge", parts[0])
        #expect(lacking.status == 1 && lacking.errors.contains("lacks part 2 of 2"), "\(lacking.errors)")
    }

    @Test func problemsAreOneLineWithTheirPlace() throws {
        let posthorn = try PosthornProcess()
        let stripe = "\(Self.vendors)/stripe.json"
        let broken = posthorn.write(
            #"{"openapi":"3.1.0","x-webhook-sender":{"signatures":[{"algoritm":"x"}]},"webhooks":{}}"#,
            to: "broken.json"
        )
        for (words, message) in [
            (
                ["load", "http://127.0.0.1:9/", "--vendor-file", stripe],
                "--credential secret=…: is missing; the vendor file names it as the key"
            ),
            (["load", "http://127.0.0.1:9/", "--vendor-file", stripe, "--credential", "sekret=x"], "did you mean \"secret\""),
            (
                ["load", "http://127.0.0.1:9/", "--vendor-file", stripe, "--vendor", "diio"],
                "--vendor and --vendor-file exclude each other"
            ),
            (["receive", "--vendor-file", broken], "/x-webhook-sender/signatures/0/algoritm"),
            (["check", "http://127.0.0.1:9/"], "a format is missing: add --vendor, --vendor-file or --topology"),
            (["load", "compare", "a"], "name the files of two sides"),
            (["load", "http://127.0.0.1:9/", "--part", "5/4", "--seed", "1"], "--part: \"5/4\" is no part"),
            (["load", "http://127.0.0.1:9/", "--part", "1/4"], "--part needs --seed"),
            (
                ["simulate", "http://127.0.0.1:9/", "--vendor-file", stripe, "--credential", "secret=x", "--check"],
                "use posthorn check URL"
            ),
        ] {
            let result = try posthorn.run(words, input: [])
            #expect(result.status != 0 && result.errors.contains(message), "\(words): \(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        }
    }
    @Test func aWrongKeyOfAVendorsFileIsSaidToBeThat() throws {
        let posthorn = try PosthornProcess()
        let (running, url) = try receiver(posthorn, "stripe", ["--credential", "secret=whsec_agreed"])
        let words = ["load", url, "--count", "5", "--vendor-file", "\(Self.vendors)/stripe.json", "--credential", "secret=whsec_other"]
        let result = try posthorn.run(words, input: [])
        let remedy = "the receiver does not take the signature of the vendor's file; give its own keys with --credential"
        #expect(result.status == 1 && result.errors.hasSuffix("status 401: \(remedy)\n"), "\(result.errors)")
        running.send(SIGTERM)
        #expect(running.wait() == 0)
    }
}
