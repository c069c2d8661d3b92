import Glibc
import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

/// Vendors' files in a topology, as processes: applied, kept, delivered by the engine.
@Suite(.limited()) struct VendorTopologyTests {
    private static let stripe: String = {
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
            + "/Examples/vendors/stripe.json"
    }()

    private static let secret = "whsec_agreed_on"

    private static func topology(_ url: String, vendor: String = "file:vendors/stripe.json") -> String {
        """
        {"nodes": [{"id": "c1", "level": "company"}], "endpoints": [
          {"id": "shop", "node": "c1", "url": "\(url)", "vendor": "\(vendor)", "credentials": {"secret": "\(secret)"}}]}
        """
    }

    /// An outbox to which a topology beside its vendor's file was applied; then the file is gone.
    private func applied(_ url: String) throws -> PosthornProcess {
        let posthorn = try PosthornProcess()
        let folder = posthorn.directory.file("vendors")
        try #require(mkdir(folder, 0o700) == 0)
        let file = posthorn.write(posthorn.contents(Self.stripe), to: "vendors/stripe.json")
        let result = try posthorn.run("apply", posthorn.write(Self.topology(url), to: "topology.json"))
        try #require(result.status == 0, "\(result.errors)")
        unlink(file)
        return posthorn
    }

    private static let event = #"{"type":"invoice.paid","node":"c1","id":"evt-1","data":{"id":"evt_1","object":"event","created":1}}"#

    @Test func theEngineDeliversInAFilesFormatAlsoWhenTheFileIsGone() throws {
        let posthorn = try PosthornProcess()
        let words = ["receive", "--port", "0", "--json", "--vendor-file", Self.stripe, "--credential", "secret=\(Self.secret)"]
        let (receiver, _) = try posthorn.startLogging(words)
        let port = try LabReceiveEndToEndTests.listeningPort(posthorn.directory.file("run-stdout"), posthorn)
        let platform = try applied("http://127.0.0.1:\(port)/hook")
        #expect(try platform.run("emit", "-", input: Self.event).status == 0)
        let run = try platform.run("run", "--until-settled", "--allow", "127.0.0.0/8")
        #expect(run.output.hasPrefix("0 pending, 0 held, 1 delivered, 0 exhausted, 0 cancelled"), "\(run.output)\(run.errors)")
        receiver.send(SIGTERM)
        #expect(receiver.wait() == 0)
        let requests = posthorn.contents(posthorn.directory.file("run-stdout")).split(separator: "\n").filter { $0.contains("evt-1") }
        #expect(requests.count == 1 && requests.first?.contains(#""signature":"valid""#) == true, "\(requests)")
    }

    /// Stripe takes any 2XX for a success; another endpoint's 204 is a failure as ever.
    @Test func whatTheFileTakesForASuccessIsDelivered() throws {
        let receiver = try MisbehavingReceiver { _ in .status(204) }
        let platform = try applied(receiver.url)
        #expect(try platform.run("emit", "-", input: Self.event).status == 0)
        let run = try platform.run("run", "--until-settled", "--allow", "127.0.0.0/8")
        #expect(run.output.contains("1 delivered") && run.output.contains("1 attempt "), "\(run.output)\(run.errors)")
        let test = try platform.run("endpoint", "test", "shop", "--allow", "127.0.0.0/8")
        #expect(test.status == 0 && test.output.contains("< 204") && test.output.contains("Stripe-Signature: "), "\(test.output)")
        #expect(!test.output.contains(Self.secret))
    }

    /// A rotation: the receiver with the replaced key takes requests for as long as both sign.
    @Test func aRotationOverlapsWhereTheFileCarriesSeveral() throws {
        let posthorn = try PosthornProcess()
        let words = ["receive", "--port", "0", "--json", "--vendor-file", Self.stripe, "--credential", "secret=\(Self.secret)"]
        let (receiver, _) = try posthorn.startLogging(words)
        let port = try LabReceiveEndToEndTests.listeningPort(posthorn.directory.file("run-stdout"), posthorn)
        let platform = try applied("http://127.0.0.1:\(port)/hook")
        let rotated = try platform.run("endpoint", "rotate", "shop", "--grace", "2h")
        #expect(rotated.status == 0 && rotated.output.contains("The replaced one signs too until "), "\(rotated.output)\(rotated.errors)")
        #expect(try platform.run("endpoint", "show", "shop").output.contains("signs too, until"))
        #expect(try platform.run("emit", "-", input: Self.event).status == 0)
        let run = try platform.run("run", "--until-settled", "--allow", "127.0.0.0/8")
        #expect(run.output.hasPrefix("0 pending, 0 held, 1 delivered"), "\(run.output)\(run.errors)")
        let named = try platform.run("endpoint", "rotate", "shop", "--name", "sekret")
        #expect(named.status != 0 && named.errors.contains("secret") && named.errorLines.count == 1, "\(named.errors)")
        receiver.send(SIGTERM)
        #expect(receiver.wait() == 0)
    }

    @Test func peopleSeeTheVendorsNameAndProgramsTheDocument() throws {
        let platform = try applied("https://shop.example/hook")
        let shown = try platform.run("endpoint", "show", "shop")
        #expect(shown.output.contains("of a vendor's file: Stripe") && shown.output.contains("secret = ***"), "\(shown.output)")
        #expect(!shown.output.contains("x-webhook-sender"))
        let json = try JSONValue.parse(Array(try platform.run("endpoint", "show", "shop", "--json").output.utf8))
        #expect(json["vendor"] == .string("Stripe") && json["credentials"]?.text == #"{"secret":"***"}"#, "\(json.text)")
        #expect(json["timeout_ms"] == .number("10000") || json["timeout_ms"] == .number("15000"), "\(json.text)")
        #expect(try platform.run("endpoint", "list").output.contains("vendor-file"))
        // What an outbox writes can be applied to it again, and with its secrets to another one, without the file.
        for secrets in [[], ["--with-secrets"]] {
            let exported = try platform.run(["topology"] + secrets, input: [])
            let path = platform.write(exported.output, to: "exported.json")
            let again = try platform.run("apply", path)
            #expect(again.status == 0 && again.output == "nothing to change\n", "\(exported.errors)\(again.output)\(again.errors)")
            if secrets.isEmpty { continue }
            let other = try PosthornProcess()
            let moved = try other.run("apply", other.write(exported.output, to: "exported.json"))
            #expect(moved.status == 0 && moved.output.contains("added endpoint shop"), "\(moved.errors)")
        }
    }

    @Test func whatIsWrongIsOneLineThatNamesThePlace() throws {
        let posthorn = try PosthornProcess()
        let broken = posthorn.contents(Self.stripe).replacing("hmac-sha256", with: "hmac-sha265")
        _ = posthorn.write(broken, to: "broken.json")
        for (vendor, words) in [
            ("file:broken.json", "endpoints[0].vendor/x-webhook-sender/signatures/0/algorithm"),
            ("file:nowhere.json", "endpoints[0].vendor: \"file:nowhere.json\" cannot be read"),
            ("file:\(Self.stripe)", "added endpoint shop"),
        ] {
            let result = try posthorn.run("apply", posthorn.write(Self.topology("https://a.example/", vendor: vendor), to: "t.json"))
            let told = result.output + result.errors
            #expect(told.contains(words), "\(told)")
            #expect(result.errorLines.count <= 1, "\(told)")
        }
    }

    /// `load` and `check` take the format of an endpoint of a topology, a file's too.
    @Test func aLoadTakesTheFileOfAnEndpoint() throws {
        let posthorn = try PosthornProcess()
        let words = ["receive", "--port", "0", "--json", "--vendor-file", Self.stripe, "--credential", "secret=\(Self.secret)"]
        let (receiver, _) = try posthorn.startLogging(words)
        let port = try LabReceiveEndToEndTests.listeningPort(posthorn.directory.file("run-stdout"), posthorn)
        let url = "http://127.0.0.1:\(port)/hook"
        let topology = posthorn.write(Self.topology(url, vendor: "file:\(Self.stripe)"), to: "topology.json")
        let load = try posthorn.run("load", url, "--count", "50", "--topology", topology, "--expect", "errors<1", "--json")
        #expect(load.status == 0, "\(load.output)\(load.errors)")
        receiver.send(SIGTERM)
        #expect(receiver.wait() == 0)
    }
}
