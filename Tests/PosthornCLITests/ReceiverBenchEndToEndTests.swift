import Glibc
import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

/// `posthorn receive` as a bench, as a process: several vendors, rules, a recording and its double.
@Suite(.limited()) struct ReceiverBenchEndToEndTests {
    private static let stripe: String = {
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
            + "/Examples/vendors/stripe.json"
    }()

    private func start(_ posthorn: PosthornProcess, _ words: [String]) throws -> (PosthornProcess.Running, port: Int) {
        let (running, _) = try posthorn.startLogging(["receive", "--port", "0", "--json"] + words)
        return (running, try LabReceiveEndToEndTests.listeningPort(posthorn.directory.file("run-stdout"), posthorn))
    }

    @Test func severalVendorsRulesARecordingAndItsDouble() throws {
        let posthorn = try PosthornProcess()
        let topology = posthorn.write(
            """
            {"nodes": [{"id": "c1", "level": "company"}], "endpoints": [
              {"id": "shop", "node": "c1", "url": "http://127.0.0.1:1/shop", "vendor": "file:\(Self.stripe)", "credentials": {"secret": "whsec_agreed"}},
              {"id": "coach", "node": "c1", "url": "http://127.0.0.1:1/coach", "vendor": "diio", "credentials": {"signing_secret": "abc-of-coach"}}]}
            """,
            to: "topology.json"
        )
        let rules = posthorn.write(#"{"rules": [{"path": "/shop", "attempts": "1", "share": "40%", "status": 503}]}"#, to: "rules.json")
        let recording = posthorn.directory.file("recording")
        let (receiver, port) = try start(posthorn, ["--topology", topology, "--rules", rules, "--record", recording])
        func load(_ path: String, port: Int, _ format: [String]) throws -> JSONValue {
            let words = ["load", "http://127.0.0.1:\(port)\(path)", "--count", "60", "--seed", "9", "--json", "--connections", "1"]
            return try JSONValue.parse(Array(try posthorn.run(words + format, input: []).output.utf8))
        }
        let ofShop = ["--vendor-file", Self.stripe, "--credential", "secret=whsec_agreed"]
        let ofCoach = ["--vendor", "diio", "--credential", "signing_secret=abc-of-coach"]
        let shop = try load("/shop", port: port, ofShop)
        #expect(shop["statuses"]?["503"] != nil && shop["statuses"]?["200"] != nil && shop["statuses"]?["401"] == nil, "\(shop.text)")
        #expect(try load("/coach", port: port, ofCoach)["statuses"] == .object([.init("200", .number("60"))]))
        let wrong = try load("/coach", port: port, ["--vendor", "diio", "--credential", "signing_secret=another-secret"])
        #expect(wrong["statuses"] == .object([.init("401", .number("60"))]))
        #expect(try load("/elsewhere", port: port, ofCoach)["statuses"] == .object([.init("404", .number("60"))]))
        // Ids of a simulation follow from its seed, so that the double knows its requests again.
        func attempts(port: Int) throws -> JSONValue? {
            let words = ["simulate", "http://127.0.0.1:\(port)/shop", "--count", "20", "--rate", "1000", "--speed", "1000000", "--json"]
            return try JSONValue.parse(Array(try posthorn.run(words + ofShop, input: []).output.utf8))["attempts"]
        }
        let recorded = try attempts(port: port)
        #expect(recorded != .number("20"), "some were refused at first")
        receiver.send(SIGTERM)
        #expect(receiver.wait() == 0)
        let (double, other) = try start(posthorn, ["--play", recording])
        #expect(try attempts(port: other) == recorded)
        double.send(SIGTERM)
        #expect(double.wait() == 0)
    }

    @Test func whatSaysNothingIsRefused() throws {
        let posthorn = try PosthornProcess()
        let rules = posthorn.write(#"{"rules": [{"sttus": 500}]}"#, to: "rules.json")
        for (words, message) in [
            (["--play", rules, "--status", "500"], "--status says nothing with --play"),
            (["--play", rules], "line 1"), (["--rules", rules], "rules[0].sttus"), (["--rules", "nowhere.json"], "nowhere.json"),
        ] {
            let result = try posthorn.run(["receive", "--port", "0"] + words, input: [])
            #expect(result.status != 0 && result.errors.contains(message), "\(result.errors)")
            #expect(result.errorLines.count == 1, "\(result.errors)")
        }
    }
}
