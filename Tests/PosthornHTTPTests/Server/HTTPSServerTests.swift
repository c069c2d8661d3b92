import CPosthornTLS
import CPosthornTestSockets
import Glibc
import PosthornHTTP
import PosthornSystem
import PosthornTestSupport
import Testing

/// The server behind TLS, with OpenSSL's own client on the other side.
@Suite(.limited(), .enabled(if: OpenSSLServer.isAvailable)) struct HTTPSServerTests {
    private let folder: TemporaryDirectory
    private let pem: [UInt8]

    init() throws {
        folder = try TemporaryDirectory()
        try OpenSSLServer.makeCertificate(folder.file("both.pem"), name: "localhost", alternative: "IP:127.0.0.1", days: 1)
        pem = Array(try OpenSSLServer.contents(of: folder.file("both.pem")).utf8)
    }

    private func server(
        failures: Handover<HTTPHandshakeFailure>? = nil,
        _ change: (inout HTTPServerConfiguration) -> Void = { _ in }
    ) throws -> HTTPServer {
        var configuration = HTTPServerConfiguration()
        configuration.drainLimitMilliseconds = 50
        configuration.tls = try HTTPServerTLS(certificate: pem, key: pem)
        if let failures { configuration.handshakeFailed = { failures.give($0) } }
        change(&configuration)
        return try HTTPServer(configuration: configuration) { request in
            let length = request.queryValue("answer").flatMap { Int($0) }
            return .text(length.map { String(repeating: "x", count: $0 - 4) + "END\n" } ?? "\(request.body.count) bytes\n")
        }
    }

    private func request(_ path: String = "/", body: String = "", _ more: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: h\r\n\(more)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test(arguments: [(TLS1_2_VERSION, "TLSv1.2"), (TLS1_3_VERSION, "TLSv1.3")])
    func requestsAreAnsweredOnOneConnection(_ newest: Int32, _ name: String) throws {
        let server = try server()
        let client = try TLSTestClient(port: server.port, newest: newest)
        #expect(client.version == name)
        for size in [0, 5, 100_000, 3_000_000] {
            client.send(request(body: String(repeating: "b", count: size)))
            #expect(client.read(until: "bytes\n").hasSuffix("\r\n\r\n\(size) bytes\n"))
        }
    }

    /// The answer is longer than the socket holds, so it goes out in parts as the client reads.
    @Test func aLongAnswerArrivesWholeAndItsEndIsSaid() throws {
        let server = try server()
        let client = try TLSTestClient(port: server.port)
        client.send(request("/?answer=9000000"))
        #expect(client.read(until: "END\n").utf8.count > 9_000_000)
        client.send(request("/?answer=9000000", "Connection: close\r\n"))
        let (count, isClean) = client.readToEnd()
        #expect(count > 9_000_000 && isClean)
    }

    @Test func requestsInOneRecordAreAnsweredInOrder() throws {
        let server = try server()
        let client = try TLSTestClient(port: server.port)
        client.send(request(body: "a") + request(body: "bb") + request(body: "ccc"))
        let answers = client.read(until: "3 bytes\n").split(separator: "\r\n\r\n").dropFirst()
        #expect(answers.map { $0.prefix(7) } == ["1 bytes", "2 bytes", "3 bytes"])
    }

    @Test func anOldVersionIsRefusedAndNamed() throws {
        let failures = Handover<HTTPHandshakeFailure>()
        let server = try server(failures: failures)
        #expect(throws: TLSTestClient.Problem.self) { try TLSTestClient(port: server.port, newest: TLS1_1_VERSION, isWeak: true) }
        let failure = failures.next()
        #expect(failure.remoteAddress == "127.0.0.1" && failure.reason == "unsupported protocol")
    }

    @Test func aRequestInTheClearIsToldThatThePortSpeaksTLS() throws {
        let server = try server()
        let client = try TestClient(port: server.port)
        client.send(request(body: "hello"))
        let answer = client.readToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.hasSuffix("this port speaks TLS; write https://\n"))
    }

    @Test func clientsThatStallInTheHandshakeHoldNobodyAndAreClosed() throws {
        let failures = Handover<HTTPHandshakeFailure>()
        let server = try server(failures: failures) {
            $0.threads = 1
            $0.handshakeDeadlineMilliseconds = 200
        }
        let silent = try (0..<5).map { _ in try TestClient(port: server.port) }
        // The start of a record that announces 512 bytes.
        let halfway = try TestClient(port: server.port)
        halfway.send(bytes: [0x16, 0x03, 0x01, 0x02, 0x00, 0x01])
        let client = try TLSTestClient(port: server.port)
        client.send(request(body: "abc"))
        #expect(client.read(until: "bytes\n").hasSuffix("3 bytes\n"))
        for one in silent + [halfway] { #expect(one.readToEnd() == "") }
        for _ in 0..<6 { #expect(failures.next().reason == "the handshake did not end in time") }
        // One whose handshake is over may rest for longer.
        client.send(request(body: "abcd"))
        #expect(client.read(until: "bytes\n").hasSuffix("4 bytes\n"))
    }

    @Test func stalledHandshakesMakeRoomForNewConnections() throws {
        let server = try server {
            $0.threads = 1
            $0.connectionLimit = 3
        }
        let silent = try (0..<10).map { _ in try TestClient(port: server.port) }
        let client = try TLSTestClient(port: server.port)
        client.send(request(body: "abc"))
        #expect(client.read(until: "bytes\n").hasSuffix("3 bytes\n"))
        for one in silent.prefix(7) { #expect(one.readToEnd() == "") }
    }

    @Test func aClientThatOnlyLooksInIsNoFailure() throws {
        let failures = Handover<HTTPHandshakeFailure>()
        let server = try server(failures: failures) { $0.threads = 1 }
        for _ in 0..<3 { try TestClient(port: server.port).endSending() }
        let client = try TLSTestClient(port: server.port)
        client.send(request(body: "abc"))
        #expect(client.read(until: "bytes\n").hasSuffix("3 bytes\n"))
        #expect(failures.count == 0)
    }

    // MARK: Files

    private func bytes(of name: String) -> [UInt8] {
        guard let file = fopen(folder.file(name), "r") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = fgetc(file), byte >= 0 { bytes.append(UInt8(byte)) }
        return bytes
    }

    private func problem(certificate: [UInt8], key: [UInt8]) -> HTTPTLSProblem? {
        do throws(HTTPTLSProblem) {
            _ = try HTTPServerTLS(certificate: certificate, key: key)
            return nil
        } catch {
            return error
        }
    }

    @Test func problemsWithTheFilesAreReportedWithTheRemedy() throws {
        let both = folder.file("both.pem")
        func made(_ name: String, _ arguments: [String]) throws -> [UInt8] {
            try OpenSSLServer.run(arguments + ["-out", folder.file(name)])
            return bytes(of: name)
        }
        let locked = try made("locked.pem", ["pkey", "-in", both, "-aes256", "-passout", "pass:secret"])
        let other = try made("other.pem", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
        let binary = try made("binary.der", ["x509", "-in", both, "-outform", "der"])
        let text = String(decoding: pem, as: UTF8.self)
        let place = try #require(text.firstRange(of: "-----BEGIN CERTIFICATE-----\n"))
        let damaged = Array((text[..<place.upperBound] + "!!!!" + text[place.upperBound...]).utf8)

        let cases: [(HTTPTLSProblem?, HTTPTLSProblem.Part, String)] = [
            (problem(certificate: pem, key: Array("nothing".utf8)), .key, "holds no private key in PEM"),
            (problem(certificate: pem, key: locked), .key, "is encrypted; write it without a passphrase: openssl pkey"),
            (problem(certificate: pem, key: other), .key, "is not the key of this certificate"),
            (problem(certificate: [], key: pem), .certificate, "holds no certificate in PEM"),
            (problem(certificate: other, key: pem), .certificate, "holds no certificate in PEM"),
            (problem(certificate: binary, key: pem), .certificate, "is not in PEM; convert it with openssl x509 -inform der"),
            (problem(certificate: damaged, key: pem), .certificate, "has a damaged certificate, number 1"),
        ]
        for (problem, part, words) in cases {
            #expect(problem?.part == part && problem?.reason.hasPrefix(words) == true, "\(problem?.reason ?? "taken"), not \(words)")
        }
    }

    @Test func anExpiredCertificateIsTakenAndKnown() throws {
        let old = folder.file("old.pem")
        try OpenSSLServer.makeCertificate(old, name: "localhost", alternative: nil, days: -1)
        let bytes = bytes(of: "old.pem")
        #expect(try HTTPServerTLS(certificate: bytes, key: bytes).validity == .expired)
        #expect(try HTTPServerTLS(certificate: pem, key: pem).validity == .valid)
    }
}
