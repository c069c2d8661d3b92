import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornCLI
@testable import PosthornLab

/// Loads from a file, and flags that show on the wire alone.
@Suite struct LabLoadFileTests {
    private static func file(_ text: String, _ posthorn: PosthornProcess) throws -> String {
        let path = posthorn.directory.file("load.json")
        try OpenSSLServer.write(text, to: path)
        return path
    }

    private static func arguments(_ words: [String]) throws -> ParsedArguments {
        try ParsedArguments(words, for: LoadCommand.specification)
    }

    @Test func aFileSaysWhatTheFlagsSay() throws {
        let posthorn = try PosthornProcess()
        let path = try Self.file(
            """
            {"urls": {"http://127.0.0.1:8/": 3, "http://127.0.0.1:9/": 1}, "rate": ["50..500:30s", "500:2m"], "mix": {"a.*": 3, "b": 1},
             "expect": ["p99<1s"], "stop_if": "errors>5%", "close_connections": true, "insecure": false, "seed": 7, "data": {"a": 1}}
            """,
            posthorn
        )
        let merged = try LoadFile(path).adding(to: Self.arguments(["--plan", path, "--seed", "8", "--expect", "p50<1s"]))
        #expect(merged.positionals == ["http://127.0.0.1:8/", "http://127.0.0.1:9/"] && merged.text("weights") == "3,1")
        #expect(merged.text("rate") == "50..500:30s,500:2m" && merged.all("mix") == ["a.*=3", "b=1"])
        #expect(merged.all("stop-if") == ["errors>5%"] && merged.has("close-connections") && !merged.has("insecure"))
        #expect(merged.text("data") == #"{"a":1}"#)
        // What is on the command line goes first.
        #expect(merged.text("seed") == "8" && merged.all("expect") == ["p50<1s"])
        let other = try LoadFile(path).adding(to: Self.arguments(["http://127.0.0.1:7/", "--plan", path]))
        #expect(other.positionals == ["http://127.0.0.1:7/"] && !other.has("weights"))
        // A report's line needs no file.
        let line = RepeatableCommand.line(other, LoadCommand.specification, adding: [])
        #expect(line.contains("--rate '50..500:30s,500:2m'") && !line.contains("--plan"), "\(line)")
    }

    @Test(
        arguments: [
            ("[]", "load.json: must be an object with the flags of posthorn load, not an array"),
            ("{", "load.json: "),
            (#"{"url": "http://127.0.0.1:9/", "urls": {}}"#, "url: is there beside urls; leave one of them out"),
            (#"{"url": 5}"#, "url: must be the receiver's URL, not a number"),
            (#"{"urls": ["x"]}"#, "urls: must be an object of URLs with their shares"),
            (#"{"urls": {"http://127.0.0.1:9/": "3"}}"#, "must be its share of the load, a number such as 3, not a string"),
            (#"{"ratee": 5}"#, "ratee: is not known here; did you mean \"rate\"?"),
            (#"{"weights": "3,1"}"#, "weights: is not known here"), (#"{"plan": "x"}"#, "plan: is not known here"),
            (#"{"rate": [true]}"#, "rate: must be a rate or an array of rates"),
            (#"{"mix": {"a": true}}"#, "mix.a: must be a string or a number, not a boolean"),
            (#"{"insecure": "yes"}"#, "insecure: must be true or false, not a string"),
            (#"{"url": "http://127.0.0.1:9/", "rate": "fast"}"#, "rate in load.json: \"fast\" is not a rate; write 200"),
            (
                #"{"url": "http://127.0.0.1:9/", "stop_if": "errors<5%"}"#,
                "stop_if in load.json: \"errors<5%\" would stop a load that goes well"
            ),
            (#"{"url": "http://127.0.0.1:9/", "rate": 5, "connections": 6}"#, "connections in load.json and rate in load.json exclude"),
            (#"{"rate": 5}"#, "URL is missing: the receiver"),
        ]
    )
    func aBadFileIsRefusedInOneLine(text: String, message: String) throws {
        let posthorn = try PosthornProcess()
        let path = try Self.file(text, posthorn)
        let result = try posthorn.run(["load", "--plan", path], input: [])
        let errors = result.errors.replacing(path, with: "load.json")
        #expect(result.status != 0 && result.errorLines.count == 1 && errors.contains(message), "\(errors)")
    }

    @Test(
        arguments: [
            (["--think-time", "2s", "--rate", "5"], "--think-time is that of connections"),
            (["--think-time", "2"], "--think-time: \"2\" is no length of time; write 2s, or 500ms..2s"),
            (["--mix", "a=1", "--event", "a"], "--event and --mix exclude each other"),
            (["--mix", "a"], "--mix: \"a\" is no type with its share; write order.paid=3"),
            (["--mix", "nothing.like.it=1"], "fits none of weseedo's types"),
            (["--stop-if", "rate<5"], "is known only at the end"),
            (["--find-rate", "p99<1s", "--stop-if", "errors>5%"], "--stop-if says nothing with --find-rate"),
        ] as [([String], String)]
    )
    func flagsThatSayNothingAreRefused(words: [String], message: String) throws {
        let result = try PosthornProcess().run(["load", "http://127.0.0.1:9/"] + words, input: [])
        #expect(result.status == 2 && result.errorLines.count == 1 && result.errors.contains(message), "\(result.errors)")
    }

    /// A load of an hour ends with the first hundred refusals.
    @Test(.limited()) func aLoadThatIsStoppedHasMissedItsBound() throws {
        let receiver = try MisbehavingReceiver { _ in .status(503) }
        let posthorn = try PosthornProcess()
        let path = try Self.file(
            #"{"url": "\#(receiver.url)", "connections": 2, "duration": "1h", "stop_if": "errors>50%", "seed": 1}"#,
            posthorn
        )
        let hgrm = posthorn.directory.file("x.hgrm")
        let result = try posthorn.run(["load", "--plan", path, "--hgrm", hgrm], input: [])
        #expect(result.status == 1 && result.output.contains("stopped by --stop-if errors>50%: 100.0 % after "), "\(result.output)")
        #expect(result.output.contains("expected not stopped by errors>50%: missed, 100.0 %"))
        #expect(posthorn.contents(hgrm).contains("# stopped by --stop-if errors>50%"))
    }

    @Test(.enabled(if: OpenSSLServer.isAvailable), .limited()) func sessionsAreTakenUpUnlessThatIsSwitchedOff() throws {
        let posthorn = try PosthornProcess()
        let file = posthorn.directory.file("server.pem")
        try OpenSSLServer.makeCertificate(file, name: "posthorn test", alternative: "DNS:localhost,IP:127.0.0.1", days: 2)
        let server = try OpenSSLServer(certificate: file)
        let words = [
            "load", server.url, "--count", "20", "--connections", "1", "--method", "GET", "--insecure", "--close-connections", "--json",
        ]
        func resumed(_ more: [String]) throws -> JSONValue? {
            try JSONValue.parse(Array(try posthorn.run(words + more, input: []).output.utf8))["tls_resumed"]
        }
        guard case .number(let count) = try resumed([]) else { throw InputProblem(field: "tls_resumed", reason: "is missing") }
        #expect((Int(count) ?? 0) >= 15)
        #expect(try resumed(["--full-handshakes"]) == .number("0"))
    }
}
