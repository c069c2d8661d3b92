import PosthornModel
import PosthornText
import PosthornTestSupport
import Synchronization
import Testing

@testable import PosthornCLI
@testable import PosthornLab

/// How requests of `posthorn load` go on the wire, and what build servers read of it.
@Suite struct LabLoadFlagTests {
    @Test(arguments: [[], ["--vendor", "weseedo"], ["--data", #"{"a": 1}"#]])
    func headersAndMethodsGoOutAsGiven(format: [String]) throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let words = ["--count", "3", "--method", "PUT", "--header", "X-Tenant: 5", "--header", "Authorization:Bearer xyzzy"]
        let result = try PosthornProcess().run(["load", receiver.url] + words + format, input: [])
        #expect(result.status == 0 && receiver.requests.count == 3, "\(result.errors)")
        for request in receiver.requests {
            #expect(request.method == "PUT" && request.header("x-tenant") == "5" && request.header("authorization") == "Bearer xyzzy")
            #expect(!request.body.isEmpty)
        }
        #expect(result.output.contains("--header 'x-tenant: …'") || result.output.contains("--header 'X-Tenant: …'"), "\(result.output)")
        #expect(!result.output.contains("xyzzy"))
    }

    @Test func everyRequestHasItsConnection() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let words = ["load", receiver.url, "--count", "20", "--connections", "2"]
        #expect(try PosthornProcess().run(words + ["--close-connections"], input: []).output.contains("connections  20 opened"))
        #expect(receiver.connectionCount == 20)
        #expect(try PosthornProcess().run(words, input: []).status == 0)
        #expect(receiver.connectionCount <= 22)
    }

    @Test(.enabled(if: OpenSSLServer.isAvailable)) func anyCertificateWillDoWhereThatIsAskedFor() throws {
        let posthorn = try PosthornProcess()
        let file = posthorn.directory.file("server.pem")
        try OpenSSLServer.makeCertificate(file, name: "posthorn test", alternative: "DNS:other.example", days: 2)
        let server = try OpenSSLServer(certificate: file)
        let words = ["load", server.url, "--count", "2", "--connections", "1", "--method", "GET"]
        #expect(try posthorn.run(words, input: []).errors.contains("most often tls"))
        let result = try posthorn.run(words + ["--insecure"], input: [])
        #expect(result.status == 0 && result.output.contains("200: 2"), "\(result.output)\(result.errors)")
    }

    /// Neither a key that is refused elsewhere nor a machine without authorities keeps such a load from going out.
    @Test(.enabled(if: OpenSSLServer.isAvailable)) func whereAnyCertificateWillDoNoneIsLookedAt() throws {
        let posthorn = try PosthornProcess()
        let file = posthorn.directory.file("server.pem")
        let (key, certificate) = (file + ".key", file + ".crt")
        // 2^65 + 1: an exponent longer than a receiver may have.
        let parameters = ["-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_keygen_pubexp:36893488147419103233"]
        try OpenSSLServer.run(["genpkey", "-algorithm", "RSA"] + parameters + ["-out", key])
        try OpenSSLServer.run(["req", "-new", "-x509", "-key", key, "-subj", "/CN=posthorn test", "-out", certificate])
        try OpenSSLServer.write(try OpenSSLServer.contents(of: key) + OpenSSLServer.contents(of: certificate), to: file)
        let server = try OpenSSLServer(certificate: file)
        let words = ["load", server.url, "--count", "2", "--connections", "1", "--method", "GET", "--insecure"]
        let result = try posthorn.run(words, environment: ["SSL_CERT_FILE": posthorn.directory.file("missing.pem")])
        #expect(result.status == 0 && result.output.contains("200: 2"), "\(result.output)\(result.errors)")
    }

    @Test(
        arguments: [
            (["--method", "get"], "--method: \"get\" is no method; write it in capitals, such as PUT"),
            (["--method", "HEAD"], "--method: HEAD has answers of its own kind"),
            (["--header", "X-Tenant"], "--header: number 1 has no colon; write it as 'Name: value'"),
            (["--header", "Host: other"], "--header: \"host\" is written by Posthorn itself"),
            (["--header", "X: a\r\nY: b"], "holds a control character"),
            (["--insecure", "--ca-file", "/dev/null"], "--insecure and --ca-file exclude each other"),
            (["--sustain", "5s"], "--sustain belongs to --find-rate"),
            (["--find-rate", "p99<200"], "--find-rate: \"p99<200\" is not an expectation"),
            (["--find-rate", "p99{step:1}<200ms"], "take a bound on latency or errors of all requests"),
            (["--find-rate", "rate>5"], "take a bound on latency or errors of all requests"),
            (["--find-rate", "p99<1s", "--expect", "p99<1s"], "--expect says nothing with --find-rate"),
            (["--find-rate", "p99<1s", "--rate", "5:1s"], "it is the first rate to try, one number"),
            (["http://127.0.0.1:9/"], "URL: http://127.0.0.1:9/ is there twice"),
            (["http://127.0.0.1:8/", "--weights", "1"], "--weights: there are 1 for 2 URLs; give one for each"),
            (["--weights", "3,0"], "--weights: \"3,0\" must be numbers above 0 with commas between them, such as 3,1"),
            (["http://127.0.0.1:8/", "--i-own-this-host", "x"], "--i-own-this-host: \"x\" is not the URL's host, 127.0.0.1"),
            (["http://127.0.0.1:8/", "--vendor", "weseedo", "--replay", "/tmp/x"], "--replay sends what happened to one receiver"),
        ] as [([String], String)]
    )
    func flagsThatSayNothingAreRefused(words: [String], message: String) throws {
        let result = try PosthornProcess().run(["load", "http://127.0.0.1:9/"] + words, input: [])
        #expect(result.status == 2 && result.errorLines.count == 1 && result.errors.contains(message), "\(result.errors)")
    }

    @Test func verdictsAreReadByBuildServers() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        let file = posthorn.directory.file("junit.xml")
        let bounds = ["max<10h", "p99<10h", "errors>0"].flatMap { ["--expect", $0] }
        let result = try posthorn.run(["load", receiver.url, "--count", "20", "--junit", file, "--seed", "7"] + bounds, input: [])
        #expect(result.status == 1)
        let xml = posthorn.contents(file)
        #expect(xml.hasPrefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "))
        #expect(xml.contains(#"tests="4" failures="1" errors="0" skipped="1""#), "\(xml)")
        #expect(xml.contains(#"name="max&lt;10h" time="0"></testcase>"#), "\(xml)")
        #expect(xml.contains(#"<skipped message="p99&lt;10h: not known, "#) && xml.contains("20 requests are too few for p99"), "\(xml)")
        #expect(xml.contains(#"<failure type="missed" message="errors&gt;0: missed, 0"/>"#), "\(xml)")
        for name in ["command", "seed", "version", "machine"] { #expect(xml.contains("<property name=\"\(name)\" value=\"")) }
    }

    /// A rate was found whatever is its bound; which one it is stands in the result.
    @Test(arguments: [
        (RateSearch.Outcome.missed, "receiver", Int32(0), "not at "), (.unknown, "generator", 0, "this machine is the bound: from "),
    ])
    func aRateWasFoundWhateverIsItsBound(above: RateSearch.Outcome, bound: String, status: Int32, words: String) throws {
        var search = RateSearch(from: 100)
        while let next = search.next { search.take(next.ratePerSecond > 300 ? above : .kept) }
        #expect(FindRateText.status(search) == status)
        let origin = LoadOrigin(command: "posthorn load", seed: 1, version: "1", vendor: nil, machine: "m")
        let json = try JSONValue.parse(Array(FindRateText.json(search, [], bounds: "p99<1s", origin: origin, target: "x").utf8))
        #expect(json["bounded_by"] == .string(bound) && json["confirmed"] == .bool(true))
        #expect(FindRateText.report(search, [], bounds: "p99<1s", target: "x").contains(words))
        let xml = FindRateText.junit(search, [], bounds: "p99<1s", origin: origin, target: "x")
        #expect(xml.contains(#"tests="1" failures="0" errors="0" skipped="0""#))
        #expect(xml.contains(#"<testcase classname="posthorn.find-rate" name="p99&lt;1s" time="0"></testcase>"#))
        #expect(xml.contains(#"<property name="bounded_by" value="\#(bound)"/>"#) && xml.contains(#"name="last_kept_per_second" value="#))
    }

    @Test func searchReportsNoRateAndUnknownOnes() {
        let origin = LoadOrigin(command: "posthorn load", seed: 1, version: "1", vendor: nil, machine: "m")
        for (outcome, status, word) in [(RateSearch.Outcome.missed, Int32(1), "<failure type=\"missed\""), (.unknown, 3, "<skipped ")] {
            var search = RateSearch(from: 100)
            while search.next != nil { search.take(outcome) }
            #expect(FindRateText.status(search) == status)
            #expect(FindRateText.junit(search, [], bounds: "b", origin: origin, target: "x").contains(word))
        }
    }

    /// The receiver takes any rate; a bound that nothing keeps and one that all keep end the search as they should.
    @Test(.limited()) func aSearchSaysWhatItFound() throws {
        let receiver = try MisbehavingReceiver { _ in .status(503) }
        let posthorn = try PosthornProcess()
        let words = ["load", receiver.url, "--find-rate", "max<10h", "--rate", "4", "--duration", "250ms"]
        let refused = try posthorn.run(words, input: [])
        #expect(refused.status == 1 && refused.output.contains("does not hold at "), "\(refused.output)\(refused.errors)")
        #expect(refused.errorLines.allSatisfy { $0.contains("missed") && $0.contains("errors<1%: missed, 100.0 %") }, "\(refused.errors)")
        let file = posthorn.directory.file("junit.xml")
        let json = try JSONValue.parse(Array(try posthorn.run(words + ["--json", "--junit", file], input: []).output.utf8))
        #expect(posthorn.contents(file).contains(#"tests="1" failures="1""#))
        #expect(json["end"] == .string("nothingHolds") && json["confirmed"] == .bool(false))
    }

    /// A receiver that knows an event again has nothing to do, and would look fast from the second trial or run on.
    @Test(.limited(), arguments: [true, false]) func noTwoTrialsOrRunsSendTheSameEvent(isSearch: Bool) throws {
        let asked = Atomic(0)
        let receiver = try MisbehavingReceiver { _ in
            // The second trial of the search misses its bound, so that there are a few more.
            asked.add(1, ordering: .relaxed).oldValue < 30 || !isSearch ? .ok : .status(503)
        }
        let posthorn = try PosthornProcess()
        let search = ["load", receiver.url, "--find-rate", "errors<1%", "--rate", "100", "--duration", "200ms", "--sustain", "200ms"]
        let runs = ["load", "compare", receiver.url + "a", receiver.url + "b", "--runs", "2", "--count", "30", "--connections", "2"]
        let result = try posthorn.run((isSearch ? search : runs) + ["--seed", "5"], input: [])
        #expect(result.errorLines.count >= 4, "\(result.output)\(result.errors)")
        let data = receiver.requests.compactMap { (try? JSONValue.parse($0.body))?["data"]?.text }
        #expect(data.count >= 60 && Set(data).count == data.count)
    }
}
