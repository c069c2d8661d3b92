import PosthornLab
import PosthornModel
import PosthornText
import PosthornSending
import PosthornTestSupport
import Synchronization
import Testing

@testable import PosthornCLI

/// What the lab's commands say to somebody for whom nothing works yet.
@Suite(.limited()) struct LabHintTests {
    private static let here = "http://127.0.0.1:9/"

    @Test(
        arguments: [
            (["simulate", "dioo", here], #"VENDOR: "dioo" is not known; did you mean "diio"? See posthorn simulate --help"#),
            (["simulate", "weseedo", here, "--scenario", "daay"], #"--scenario: "daay" is not known; did you mean "day"?"#),
            (
                ["simulate", "weseedo", here, "--fault", "dupliates=1%"],
                #"--fault: "dupliates=1%" is not known; did you mean "duplicates"?"#
            ),
            (["receive", "--fault", "hangop=1%"], #"--fault: "hangop=1%" is not known; did you mean "hangup"?"#),
            (["receive", "--fault", "dealy:30=1%"], #"--fault: "dealy:30=1%" is not known; did you mean "delay"?"#),
            (["receive", "--vendor", "Voisso"], #"--vendor: "Voisso" is not known; did you mean "voiso"?"#),
            (["load", here, "--signature", "hmca", "--credential", "a=b"], #"--signature: "hmca" is not known; did you mean "hmac"?"#),
            (["load", here, "--vendor", "raw"], "--vendor: \"raw\" is not known; use one of weseedo, "),
            (["load", here, "--expect", "eror<1%"], #"--expect: "eror<1%" is not known; did you mean "errors"?"#),
            (["load", here, "--event", "MEETIN_*"], #"fits none of weseedo's types; the nearest is "MEETING_CREATED"; see"#),
        ]
    )
    func aWrongWordIsAnsweredWithTheNearest(words: [String], message: String) throws {
        let result = try PosthornProcess().run(words, input: [])
        #expect(result.status == 2 && result.errorLines.count == 1 && result.errors.contains(message), "\(result.errors)")
    }

    private func topology(_ url: String, _ endpoints: [(vendor: String, events: String)]) -> String {
        let credentials = [
            "diio": "\"signing_secret\":\"s-of-diio\"", "voiso": "\"key\":\"k-of-voiso\"",
            "standard": "\"secret\":\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"",
        ]
        let written = endpoints.enumerated().map { number, one in
            let given = credentials[one.vendor] ?? ""
            return
                #"{"id":"e\#(number)","node":"c1","url":"\#(url)","vendor":"\#(one.vendor)","events":\#(one.events),"credentials":{\#(given)}}"#
        }
        return #"{"nodes":[{"id":"c1","level":"company"}],"endpoints":[\#(written.joined(separator: ","))]}"#
    }

    @Test func aPatternThatFitsNoTypeOfItsVendorIsWarnedOfAndApplied() throws {
        let posthorn = try PosthornProcess()
        let endpoints = [
            ("diio", #"["meeting.*", "meeting.finnished", "meting.*"]"#), ("voiso", #"["order.paid"]"#),
            // A platform has its own types in WeSeeDo's envelope; a type of WeSeeDo's but for a letter is a slip.
            ("weseedo", #"["INVOICE_PAID", "MEETING_RATED", "MEETING_CREATD", "user_created"]"#), ("standard", #"["meeting.finnished"]"#),
        ]
        let file = posthorn.write(topology(Self.here, endpoints), to: "t.json")
        let result = try posthorn.run("apply", file)
        #expect(result.status == 0 && result.lines.count == 5, "\(result.output)\(result.errors)")
        let lines = result.errorLines.map { $0.replacing("posthorn: warning: \(file): ", with: "") }
        #expect(
            lines == [
                #"endpoints[0].events[1]: "meeting.finnished" fits none of diio's types; did you mean "meeting.finished"?"#,
                #"endpoints[0].events[2]: "meting.*" fits none of diio's types; the nearest is "meeting.pending""#,
                "endpoints[1].events[0]: \"order.paid\" fits none of voiso's types; use one of inbound.call.answered, inbound.call.hangup, "
                    + "dialer.call.answered, dialer.call.hangup, outbound.call.answered, outbound.call.hangup, or a pattern of them with *",
                #"endpoints[2].events[2]: "MEETING_CREATD" fits none of weseedo's types; did you mean "MEETING_CREATED"?"#,
                #"endpoints[2].events[3]: "user_created" fits none of weseedo's types; did you mean "USER_CREATED"?"#,
            ]
        )
    }

    @Test func simulateAndLoadWarnOfPatternsToo() throws {
        let receiver = try MisbehavingReceiver { request in
            .status(200, body: request.target.split(separator: "=").last.map(String.init) ?? "")
        }
        let posthorn = try PosthornProcess()
        let file = posthorn.write(
            topology(receiver.url, [("diio", #"["meeting.*", "mesage.in"]"#), ("diio", #"["foo.bar"]"#)]),
            to: "t.json"
        )
        let load = try posthorn.run("load", receiver.url, "--topology", file, "--endpoint", "e0", "--count", "2")
        #expect(load.status == 0 && load.errorLines.count == 1 && load.errors.contains("did you mean \"message.in\"?"), "\(load.errors)")
        let simulated = try posthorn.run("simulate", "diio", "--topology", file, "--count", "5", "--speed", "100000")
        #expect(simulated.status == 0 && simulated.errorLines.count == 2, "\(simulated.errors)")
        #expect(simulated.errors.contains("endpoints[1].events[0]: \"foo.bar\" fits none of diio's types; use one of "))
    }

    /// Endpoints whose envelope carries any platform's events get those of every vendor; the help says so too.
    @Test func aStandardEndpointGetsEveryVendorsEvents() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        let file = posthorn.write(topology(receiver.url, [("standard", #"["*"]"#), ("weseedo", #"["*"]"#)]), to: "t.json")
        for (vendor, leftOut) in [("diio", ["e1"]), ("standard", ["e1"]), ("weseedo", [])] {
            let words = ["simulate", vendor, "--topology", file, "--count", "5", "--speed", "100000", "--json"]
            let result = try posthorn.run(words, input: [])
            #expect(result.errorLines == leftOut.map { "posthorn: endpoint \($0) has another vendor's envelope and is left out" })
            #expect(result.status == 0 && result.output.contains(#""events":5,"#), "\(result.output)")
        }
        #expect(try posthorn.run("simulate", "--help").output.contains("envelopes standard and raw carry any VENDOR's events"))
    }

    @Test(
        arguments: [
            (
                401, [],
                "status 401: these requests are not signed; give the signature that the receiver checks with --vendor and --credential"
            ),
            (401, ["--vendor", "weseedo"], "give the signature that the receiver checks with --signature and --credential"),
            (
                403, ["--vendor", "diio", "--credential", "signing_secret=s-of-diio"],
                "does not take the signature diio; give its own secret with --credential"
            ),
            (404, [], "correct the URL's path"), (302, [], "redirects are not followed"), (201, [], "only 200 is a success"),
            (429, ["--ignore-retry-after"], "ask it less often"), (503, [], "the receiver fails; its log says why"),
        ] as [(Int, [String], String)]
    )
    func aLoadOfWhichNothingWasTakenSaysWhatToChange(status: Int, words: [String], message: String) throws {
        let receiver = try MisbehavingReceiver { _ in .status(status) }
        let result = try PosthornProcess().run(["load", receiver.url, "--count", "5"] + words, input: [])
        #expect(result.status == 1 && result.errorLines.count == 1, "\(result.errors)")
        #expect(
            result.errors.hasPrefix("posthorn: nothing was answered 200, most often ") && result.errors.contains(message),
            "\(result.errors)"
        )
    }

    @Test func aLoadOfWhichNothingWasTakenFailsWhateverWasExpected() throws {
        let words = ["load", Self.here, "--count", "2", "--json", "--expect", "errors<=2"]
        let result = try PosthornProcess().run(words, input: [])
        #expect(result.status == 1 && result.lines.count == 1)
        #expect(try JSONValue.parse(Array(result.output.utf8))["requests"] == .number("2"))
        let advice = "connect: no connection to 127.0.0.1:9 came about; is the receiver running at that port?"
        #expect(result.errors == "posthorn: nothing was answered 200, most often \(advice)\n")
    }

    /// What is to be refused was, and one event that is taken is enough to see that the receiver is the right one.
    @Test func refusalsThatWereWantedAreNoFailure() throws {
        let words = ["--count", "20", "--vendor", "diio", "--credential", "signing_secret=s-of-diio"]
        let refusing = try MisbehavingReceiver { _ in .status(401) }
        let refused = try PosthornProcess().run(["load", refusing.url, "--wrong-signature", "100%"] + words, input: [])
        #expect(refused.status == 0 && refused.errors.isEmpty, "\(refused.output)\(refused.errors)")
        let count = Mutex(0)
        let takingOne = try MisbehavingReceiver { _ in
            count.withLock { count in
                count += 1
                return count == 7 ? .ok : .status(503)
            }
        }
        let taken = try PosthornProcess().run(["load", takingOne.url] + words, input: [])
        #expect(taken.status == 0 && taken.errors.isEmpty, "\(taken.output)\(taken.errors)")
    }

    @Test func aReceiverOfItsOwnCertificateIsPointedToItsAuthority() throws {
        let url = try EndpointURL("https://127.0.0.1:9/hook")
        let hint = FailureHint(url: url, signature: .none, hasFile: false)
        let untrusted = "SSL certificate problem: unable to get local issuer certificate"
        #expect(hint.line(ofLoad: .unanswered(.tls), detail: untrusted).contains("name its authority with --ca-file FILE"))
        #expect(hint.line(ofLoad: .unanswered(.timeout)).contains("--timeout MS"))
        #expect(!hint.line(ofLoad: .unanswered(.badResponse)).contains("write https://"))
        let plain = FailureHint(url: try EndpointURL("http://[::1]/hook"), signature: .none, hasFile: true)
        #expect(
            plain.line(ofLoad: .unanswered(.closed)).contains(
                "what listens at [::1]:80 does not answer in HTTP; correct the port, or write https://"
            )
        )
        #expect(plain.line(ofLoad: .status(401)).hasSuffix("checks with the topology file"))
    }

    /// Queries hold secrets, and standard error is often kept.
    @Test func noHintShowsAQuery() throws {
        let url = try EndpointURL("http://127.0.0.1:9/hook?token=s3cret")
        let hint = FailureHint(url: url, signature: .none, hasFile: false)
        for line in [hint.line(ofFirst: .unanswered(.connect)), hint.line(ofLoad: .status(404)), hint.line(ofLoad: .status(405))] {
            #expect(line?.contains("s3cret") == false)
        }
        #expect(hint.line(ofLoad: .status(404)).contains("http://127.0.0.1:9/hook?token=***"))
    }

    /// Real certificates: what has to be changed is said of each, and no file that was just named is asked for.
    @Test(
        .enabled(if: OpenSSLServer.isAvailable),
        arguments: [
            ("IP:127.0.0.1", 2, false, "if it is its own, name its authority with --ca-file FILE"),
            ("DNS:other.example", 2, true, "the receiver's certificate is for other names than 127.0.0.1; "),
            ("IP:127.0.0.1", -1, true, "the receiver's certificate has expired; renew it there"),
        ]
    )
    func aCertificateThatDoesNotDoSaysWhy(names: String, days: Int, isNamed: Bool, message: String) throws {
        let posthorn = try PosthornProcess()
        let file = posthorn.directory.file("server.pem")
        try OpenSSLServer.makeCertificate(file, name: "posthorn test", alternative: names, days: days)
        let server = try OpenSSLServer(certificate: file)
        let words = ["load", server.url, "--count", "2", "--connections", "1"] + (isNamed ? ["--ca-file", file] : [])
        let result = try posthorn.run(words, input: [])
        #expect(result.status == 1 && result.errors.contains("most often tls: ") && result.errors.contains(message), "\(result.errors)")
        #expect(isNamed != result.errors.contains("--ca-file FILE"), "\(result.errors)")
    }

    @Test func anAuthorityThatHasNotSignedItIsNamed() throws {
        guard OpenSSLServer.isAvailable else { return }
        let posthorn = try PosthornProcess()
        let (file, other) = (posthorn.directory.file("server.pem"), posthorn.directory.file("other.pem"))
        for path in [file, other] { try OpenSSLServer.makeCertificate(path, name: "posthorn test", alternative: "IP:127.0.0.1", days: 2) }
        let server = try OpenSSLServer(certificate: file)
        let result = try posthorn.run("load", server.url, "--count", "2", "--connections", "1", "--ca-file", other)
        #expect(result.errors.contains("no authority of --ca-file \(other) has signed the receiver's certificate"), "\(result.errors)")
    }

    @Test(
        arguments: [
            ("TLS connect error: error:0A00010B:SSL routines::wrong version number", TLSFailure.noTLS),
            ("OpenSSL/3.0.17: error:1408F10B:SSL routines:ssl3_get_record:http request", .noTLS),
            ("SSL certificate problem: certificate is not yet valid", .notYetValid),
            ("OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0", .clientCertificate),
            ("SSL: no alternative certificate subject name matches target host name 'h'", .otherName),
            ("SSL certificate problem: self-signed certificate in certificate chain", .untrusted),
            ("something that nobody has heard of", .other),
        ]
    )
    func theTextOfATLSErrorSaysWhichItIs(_ text: String, _ failure: TLSFailure) { #expect(TLSFailure(text) == failure) }

    /// Retries mend what was down for a while, so only what they will not mend is spoken of, and each receiver once.
    @Test func aSimulationSaysAtItsFirstFailureWhatRetriesWillNotMend() throws {
        let refusing = try MisbehavingReceiver { _ in .status(403) }
        let words = ["--count", "10", "--speed", "1000000"]
        let refused = try PosthornProcess().run(["simulate", "weseedo", refusing.url, Self.here] + words, input: [])
        let hints = refused.errorLines.filter { $0.contains("the first request to ") }
        #expect(refused.status == 1 && hints.count == 2, "\(refused.errors)")
        #expect(hints.contains { $0.contains("status 403: these requests are not signed; give the signature") })
        #expect(hints.contains { $0.contains("no connection to 127.0.0.1:9 came about; is the receiver running at that port?") })
        let failing = try MisbehavingReceiver { _ in .status(500) }
        let failed = try PosthornProcess().run(["simulate", "weseedo", failing.url] + words, input: [])
        #expect(failed.status == 1 && !failed.errors.contains("the first request to "), "\(failed.errors)")
    }

    @Test func aSimulationThatTakesLongSaysHowLongAndHowToHaveItSooner() {
        func simulation(_ pace: Simulation.Pace, _ count: Int) -> Simulation {
            Simulation(.webio, count: count, pace: pace, faults: SimulationFaults(), seed: 0, start: Timestamp(milliseconds: 0))
        }
        #expect(SimulationText.outlook(simulation(.stream(perSecond: 100), 100), speed: 1) == nil)
        let stream = SimulationText.outlook(simulation(.stream(perSecond: 1), 100), speed: 1) ?? ""
        #expect(stream.hasPrefix("100 events leave in the course of 1m ") && stream.contains("; with --speed 10, in "), "\(stream)")
        let day = SimulationText.outlook(simulation(.day, 500), speed: 1) ?? ""
        #expect(
            day.hasPrefix("500 events leave in the course of ") && day.contains("h ") && day.contains("; with --speed 1440, in "),
            "\(day)"
        )
        #expect(SimulationText.outlook(simulation(.day, 500), speed: 1440)?.contains("with --speed") != false)
        #expect(SimulationText.outlook(simulation(.day, 500), speed: 100_000) == nil)
    }
}
