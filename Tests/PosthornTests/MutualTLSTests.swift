import Glibc
import PosthornModel
import PosthornSending
import PosthornSystem
import PosthornTestSupport
import Testing

@testable import Posthorn

/// Endpoints with a client certificate: checked when they are applied, kept like every secret, used for every request.
@Suite(.enabled(if: OpenSSLServer.isAvailable), .limited()) struct MutualTLSTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Certificate and key as PEM.
    private func client(_ name: String = "posthorn") throws -> (certificate: String, key: String) {
        let file = directory.file("\(name).pem")
        try OpenSSLServer.makeCertificate(file, name: name, alternative: nil, days: 2)
        return (try OpenSSLServer.contents(of: file + ".crt"), try OpenSSLServer.contents(of: file + ".key"))
    }

    private func problem(_ certificate: String?, _ key: String?, url: String = "https://c.example/") throws -> InputProblem? {
        var credentials: [String: String] = [:]
        credentials["client_certificate"] = certificate
        credentials["client_key"] = key
        let bench = try VendorsBench()
        do {
            try bench.apply(endpoint("c", .weseedo, url: url, credentials))
            return nil
        } catch let problem as InputProblem {
            return problem
        }
    }

    @Test func unusableClientCertificatesAreRefusedByTheirField() throws {
        let (certificate, key) = try client()
        let other = try client("other")
        let field = "endpoints[0].credentials."
        func refuses(_ problem: InputProblem?, _ name: String, _ words: String) {
            #expect(problem?.field == field + name && problem?.reason.contains(words) == true, "\(problem.map { "\($0)" } ?? "accepted")")
            #expect(problem.map { "\($0)".contains("\n") || "\($0)".contains(key.dropFirst(40).prefix(20)) } == false)
        }
        #expect(try problem(certificate, key) == nil)
        #expect(try problem(certificate + other.certificate, key) == nil)
        refuses(try problem(certificate, nil), "client_key", "is missing")
        refuses(try problem(nil, key), "client_certificate", "is missing")
        refuses(try problem("none", key), "client_certificate", "no certificate in PEM")
        refuses(try problem("", key), "client_certificate", "no certificate in PEM")
        refuses(try problem(certificate + key, key), "client_certificate", "holds a private key")
        refuses(
            try problem(certificate + other.certificate.replacing("MII", with: "!!!"), key),
            "client_certificate",
            "further certificate"
        )
        refuses(try problem(certificate, "none"), "client_key", "no private key in PEM")
        refuses(try problem(certificate, other.key), "client_key", "does not belong")
        refuses(try problem(other.certificate + certificate, key), "client_key", "does not belong")
        refuses(try problem(certificate, key, url: "http://c.example/"), "client_certificate", "https")
    }

    /// OpenSSL's own command says the same.
    @Test(.onEachStore) func theEndOfAChainIsThatOfItsFirstToEnd() throws {
        let (certificate, key) = try client()
        let end = directory.file("later.pem")
        try OpenSSLServer.makeCertificate(end, name: "later", alternative: nil, days: 400)
        let bench = try VendorsBench(key: OutboxKey(text: String(repeating: "0f", count: 32)))
        let chain = certificate + (try OpenSSLServer.contents(of: end + ".crt"))
        try bench.apply(
            endpoint("c", .weseedo, url: "https://c.example/", ["client_certificate": chain, "client_key": key]),
            endpoint("bare", .weseedo, url: "https://b.example/", [:])
        )
        let found = try bench.outbox.clientCertificates()
        let validity = try #require(found["c"])
        #expect(found.count == 1)
        #expect(validity.until.milliseconds - validity.from.milliseconds <= 2 * 86_400_000)
        let own = directory.file("posthorn.pem.crt")
        // `-checkend` counts from now; the two readings may be a second or more apart, so half an hour is left to both.
        let left = validity.until.unixSeconds - Int64(time(nil))
        #expect(throws: Never.self) { try OpenSSLServer.run(["x509", "-in", own, "-noout", "-checkend", "\(left - 1800)"]) }
        #expect(throws: SystemProblem.self) { try OpenSSLServer.run(["x509", "-in", own, "-noout", "-checkend", "\(left + 1800)"]) }
        let keyless = try bench.place.open(clock: bench.clock)
        defer { keyless.close() }
        #expect(try keyless.clientCertificates().isEmpty)
    }

    @Test func anEncryptedKeyIsRefusedWithoutAskingForItsPassword() throws {
        let (certificate, _) = try client()
        let sealed = directory.file("sealed.key")
        try OpenSSLServer.run([
            "pkcs8", "-topk8", "-in", directory.file("posthorn.pem.key"), "-out", sealed, "-passout", "pass:word",
        ])
        #expect(try problem(certificate, OpenSSLServer.contents(of: sealed))?.reason.contains("is encrypted") == true)
    }

    @Test(.onEachStore, .enabled(if: PythonTLSServer.isAvailable)) func everyKindOfRequestShowsTheCertificate() throws {
        let server = directory.file("server.pem")
        try OpenSSLServer.makeCertificate(server, name: "server", alternative: "IP:127.0.0.1", days: 2)
        let (certificate, key) = try client()
        let receiver = try PythonTLSServer(
            certificate: server,
            clients: directory.file("posthorn.pem.crt"),
            isDemanding: true
        )
        let pair = ["client_certificate": certificate, "client_key": key]
        let webio = ["api_key": "k-of-webio", "secret": "0123456789abcdef0123456789abcdef", "organisation_id": "1"]
        let bench = try VendorsBench(key: OutboxKey(text: String(repeating: "0f", count: 32)))
        try bench.apply(
            endpoint("coach", .diio, url: receiver.url, pair.merging(["signing_secret": "s3cr3t-of-diio"]) { $1 }),
            endpoint("chat", .webio, url: receiver.url, pair.merging(webio) { $1 }),
            endpoint("bare", .weseedo, url: receiver.url, [:])
        )
        func seen() -> String { receiver.nextRequest().map { "\($0.method) \($0.client)" } ?? "" }

        #expect(try bench.outbox.verify(endpoint: "coach", guard: VendorsBench.loopback, caFile: server).state == .active)
        #expect(seen() == "GET posthorn")
        let test = try bench.outbox.test(endpoint: "chat", guard: VendorsBench.loopback, caFile: server)
        #expect(test.outcome.succeeded, "\(test.outcome)")
        #expect(!"\(test)".contains("PRIVATE KEY"))
        #expect(seen() == "POST posthorn")
        let answer = try bench.outbox.ask(
            endpoint: "chat",
            text: "I am <<client>>",
            channel: "1",
            guard: VendorsBench.loopback,
            caFile: server
        )
        #expect(answer == "I am posthorn")
        #expect(seen() == "GET posthorn")
        let bare = try bench.outbox.test(endpoint: "bare", guard: VendorsBench.loopback, caFile: server).outcome
        #expect(bare.wasRefusedByTLS, "\(bare)")

        _ = try bench.outbox.emit(NewEvent(type: "meeting.finished", node: "n1", data: #"{"id":"m1"}"#))
        var configuration = EngineConfiguration()
        configuration.sender.guard = VendorsBench.loopback
        configuration.sender.caFile = server
        let engine = try Engine(outbox: bench.outbox, configuration: configuration) { [told = bench.told] in told.add($0) }
        try engine.start()
        #expect([seen(), seen()] == ["POST posthorn", "POST posthorn"])
        #expect(bench.told.wait { $0.isFailedAttempt })
        try engine.stop()
        #expect(try bench.deliveries("coach").map(\.state) == [.delivered])
        #expect(try bench.deliveries("chat").map(\.state) == [.delivered])
        #expect(try bench.deliveries("bare").map(\.state) == [.pending])
        let delivery = try #require(try bench.deliveries("bare").first?.id)
        let refused = try #require(try bench.outbox.attempts(of: delivery).first?.outcome)
        #expect(refused.wasRefusedByTLS, "\(refused)")
    }
}

extension AttemptOutcome {
    /// With TLS 1.3 the refusal comes after the client's part of the handshake: as an alert, or as the end of the connection if
    /// the receiver is quick to close it.
    fileprivate var wasRefusedByTLS: Bool { error == .tls || error == .closed }
}
