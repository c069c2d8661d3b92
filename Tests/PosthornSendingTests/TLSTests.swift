import PosthornModel
import PosthornSending
import PosthornTestSupport
import Testing

@Suite(.enabled(if: OpenSSLServer.isAvailable)) struct TLSTests {
    private func outcome(
        name: String = "posthorn test",
        alternative: String? = "IP:127.0.0.1",
        days: Int = 2,
        isTrusted: Bool = true,
        options: [String] = []
    ) throws -> AttemptOutcome {
        let directory = try TemporaryDirectory()
        let file = directory.file("server.pem")
        try OpenSSLServer.makeCertificate(file, name: name, alternative: alternative, days: days)
        let server = try OpenSSLServer(certificate: file, options: options)
        let bench = try Bench { if isTrusted { $0.caFile = file } }
        return try #require(try bench.outcome(of: server.url, body: "q=1", method: .get))
    }

    @Test func aTrustedCertificateForTheHostIsAccepted() throws {
        let outcome = try outcome()
        #expect(outcome.succeeded, "\(outcome)")
    }

    @Test func aCertificateNobodyTrustsIsRefused() throws {
        let outcome = try outcome(isTrusted: false)
        #expect(outcome.error == .tls, "\(outcome)")
        #expect(outcome.errorText.contains("certificate"))
    }

    @Test(arguments: ["DNS:other.example", "IP:127.0.0.2"])
    func aCertificateForAnotherHostIsRefused(_ alternative: String) throws {
        #expect(try outcome(alternative: alternative).error == .tls)
    }

    @Test func aCertificateWithoutAnAlternativeNameIsRefused() throws {
        #expect(try outcome(name: "localhost", alternative: nil).error == .tls)
    }

    @Test func anExpiredCertificateIsRefused() throws {
        let outcome = try outcome(days: -1)
        #expect(outcome.error == .tls, "\(outcome)")
        #expect(outcome.errorText.contains("expired"))
    }

    @Test func lessThanTLS12IsRefused() throws {
        #expect(try outcome(options: ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]).error == .tls)
    }

    @Test func aDemandForAClientCertificateFails() throws {
        let outcome = try outcome(options: ["-Verify", "1", "-verify_return_error"])
        #expect(outcome.error == .tls || outcome.error == .closed, "\(outcome)")
    }

    @Test func aReceiverWithoutTLSBehindHTTPSFails() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try Bench()
        let outcome = try #require(try bench.outcome(of: "https://127.0.0.1:\(receiver.port)/", timeout: 1000))
        #expect(outcome.error == .tls || outcome.error == .timeout, "\(outcome)")
        #expect(receiver.requests.isEmpty)
    }
}
