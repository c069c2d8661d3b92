import CPosthornTestSockets
import Glibc
import PosthornModel
import PosthornText
import PosthornTestSupport
import Testing

/// `posthorn receive` as a process, towards those who read nothing and those who write blanks.
@Suite struct LabReceiveEndToEndTests {
    /// The port that a receiver says it listens on.
    private static func port(of posthorn: PosthornProcess) throws -> Int {
        try #require(posthorn.waitForError("; Ctrl-C ends"))
        let text = posthorn.contents(posthorn.directory.file("run-stderr"))
        let address = try #require(text.split(separator: " ").first { $0.hasPrefix("http://127.0.0.1:") })
        return try #require(Int(address.split(separator: ":").last?.prefix { $0.isNumber } ?? ""))
    }

    /// A pipe takes some 64 KiB; the output of these requests is ten times that.
    @Test(.limited()) func aReaderThatDoesNotReadHoldsUpNeitherAnswersNorTheEnd() throws {
        let posthorn = try PosthornProcess()
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let files = [posthorn.write("", to: "stdin"), "/dev/null", posthorn.write("", to: "run-stderr")]
        let receiver = try posthorn.start(["receive", "--port", "0"], files, output: ends[1])
        let port = try Self.port(of: posthorn)
        let words = ["load", "http://127.0.0.1:\(port)/", "--count", "2000", "--json"]
        let load = try posthorn.run(words, input: [])
        #expect(try JSONValue.parse(Array(load.output.utf8))["statuses"] == .object([.init("200", .number("2000"))]), "\(load.output)")
        receiver.send(SIGTERM)
        #expect(receiver.wait() == 0)
    }

    @Test(.limited()) func whatArrivesIsShownOnAPageOfThisMachine() throws {
        let posthorn = try PosthornProcess()
        let refused = try posthorn.run(["receive", "--port", "0", "--ui", "0.0.0.0:0"], input: [])
        #expect(refused.status != 0 && refused.errors.contains("other machines could read what arrives"))
        let credential = ["--vendor", "diio", "--credential", "signing_secret=whatever-was-agreed"]
        let files = [posthorn.write("", to: "stdin"), "/dev/null", posthorn.write("", to: "run-stderr")]
        let receiver = try posthorn.start(["receive", "--port", "0", "--ui", "127.0.0.1:0"] + credential, files)
        try #require(posthorn.waitForError("; Ctrl-C ends"))
        let text = posthorn.contents(posthorn.directory.file("run-stderr"))
        func port(behind words: String) throws -> Int {
            let rest = try #require(text.components(behind: words))
            return try #require(Int(rest.prefix { $0.isNumber }))
        }
        let place = try port(behind: "receiving on http://127.0.0.1:")
        let load = [
            "load", "http://127.0.0.1:\(place)/hook", "--count", "1", "--vendor", "diio", "--credential", "signing_secret=another-one",
        ]
        _ = try posthorn.run(load, input: [])
        let client = try TestClient(port: try port(behind: "what arrives is shown at http://127.0.0.1:"))
        client.send("GET /requests HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        let answer = client.readToEnd()
        for part in [
            #""receiver":"http://127.0.0.1:\#(place)/""#, #""target":"/hook""#, #""signature":"invalid""#, #""status":401"#,
            #""headers":[{"name":"#,
            #""body_left_out":0"#, #""newest":1"#,
        ] { #expect(answer.contains(part), "\(answer)") }
        receiver.send(SIGTERM)
        #expect(receiver.wait() == 0)
    }

    /// Against libcurl's TLS, and OpenSSL's own client.
    @Test(.limited(), .enabled(if: OpenSSLServer.isAvailable)) func httpsIsSpokenWithSendersThatTrustTheCertificate() throws {
        let posthorn = try PosthornProcess()
        let file = posthorn.directory.file("server.pem")
        try OpenSSLServer.makeCertificate(file, name: "localhost", alternative: "IP:127.0.0.1", days: 2)
        let words = ["receive", "--port", "0", "--json", "--tls-cert", file + ".crt", "--tls-key", file + ".key"]
        let (receiver, log) = try posthorn.startLogging(words)
        let port = try Self.listeningPort(posthorn.directory.file("run-stdout"), posthorn)
        let load = ["load", "https://127.0.0.1:\(port)/", "--count", "60", "--json"]
        let trusting = try posthorn.run(load + ["--ca-file", file], input: [])
        #expect(
            try JSONValue.parse(Array(trusting.output.utf8))["statuses"] == .object([.init("200", .number("60"))]),
            "\(trusting.errors)"
        )
        let other = try posthorn.run(load, input: [])
        #expect(other.status == 1 && other.errors.contains("name its authority with --ca-file FILE"), "\(other.errors)")
        // A client that closes at once, as a load does, may take its alert away with it where the receiver is slow to read.
        let untrusting = ["s_client", "-connect", "127.0.0.1:\(port)", "-verify_return_error"]
        #expect(throws: (any Error).self) { try OpenSSLServer.run(untrusting) }
        #expect(log.wait(for: "TLS with 127.0.0.1 was not agreed: tlsv1 alert unknown ca (the client does not trust the certificate"))
        let client = ["s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", file, "-verify_return_error", "-verify_ip", "127.0.0.1"]
        for version in ["-tls1_2", "-tls1_3"] { #expect(throws: Never.self) { try OpenSSLServer.run(client + [version]) } }
        receiver.send(SIGTERM)
        #expect(receiver.wait() == 0)
        #expect(posthorn.contents(posthorn.directory.file("run-stdout")).contains(#""tls":true"#))
    }

    @Test(.enabled(if: OpenSSLServer.isAvailable)) func problemsWithCertificateOrKeyAreOneLine() throws {
        let posthorn = try PosthornProcess()
        let file = posthorn.directory.file("server.pem")
        try OpenSSLServer.makeCertificate(file, name: "localhost", alternative: nil, days: 2)
        let (certificate, key, missing) = (file + ".crt", file + ".key", posthorn.directory.file("missing.pem"))
        for (words, message) in [
            (["--tls-key", key], "--tls-key is the key of a certificate; add --tls-cert FILE"),
            (["--tls-cert", missing], "--tls-cert: cannot open \(missing): No such file"),
            (["--tls-cert", certificate], "--tls-cert: \(certificate) holds no private key in PEM"),
            (["--tls-cert", certificate, "--tls-key", missing], "--tls-key: cannot open \(missing): "),
            (["--tls-cert", key, "--tls-key", key], "--tls-cert: \(key) holds no certificate in PEM; name the file"),
        ] {
            let result = try posthorn.run(["receive", "--port", "0"] + words, input: [])
            #expect(result.status == 2 && result.errorLines.count == 1 && result.errors.contains(message), "\(result.errors)")
        }
    }

    /// RFC 9110, section 5.5: blanks around a value are not part of it.
    @Test(.limited(), arguments: ["", " ", "\t ", "    \t"])
    func blanksBehindAHeadersValueAreNotPartOfIt(blanks: String) throws {
        let posthorn = try PosthornProcess()
        let words = ["--vendor", "conference", "--credential", "token=t0ken-of-conference", "--until", "1", "--json"]
        let receiver = try posthorn.start(["receive", "--port", "0"] + words)
        let output = posthorn.directory.file("run-stdout")
        let port = try Self.listeningPort(output, posthorn)
        let body = #"{"event":"conference.started","timestamp":"2025-01-01T00:00:00Z","payload":"{}"}"#
        let client = try TestClient(port: port)
        client.send(
            "POST /hook HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\(blanks)\r\n"
                + "X-Signing-Token:\(blanks) t0ken-of-conference\(blanks)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
        #expect(client.readAnswer().hasPrefix("HTTP/1.1 200"))
        #expect(receiver.wait() == 0)
        #expect(posthorn.contents(output).contains(#""signature":"valid""#), "\(posthorn.contents(output))")
    }

    /// With --json the port stands on the standard output.
    static func listeningPort(_ path: String, _ posthorn: PosthornProcess) throws -> Int {
        let watch = inotify_init1(Int32(IN_CLOEXEC))
        defer { close(watch) }
        inotify_add_watch(watch, path, UInt32(IN_MODIFY))
        var ready = pollfd(fd: watch, events: Int16(POLLIN), revents: 0)
        for _ in 0..<600 {
            if let line = posthorn.contents(path).split(separator: "\n").first,
                case .number(let text)? = try JSONValue.parse(Array(line.utf8))["port"]
            {
                return try #require(Int(text))
            }
            poll(&ready, 1, 50)
        }
        throw InputProblem(field: "port", reason: "was not told")
    }
}

extension String {
    /// What comes behind some words; `nil` without them.
    fileprivate func components(behind words: String) -> Substring? { firstRange(of: words).map { self[$0.upperBound...] } }
}
